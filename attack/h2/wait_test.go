package h2

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"

	"brunt/attack/clock"
)

// slowly is a connection whose writes, but for the first, wait for the gate.
type slowly struct {
	net.Conn
	writes atomic.Int64
	gate   chan struct{}
}

func (s *slowly) Write(p []byte) (int, error) {
	if s.writes.Add(1) > 1 {
		<-s.gate
	}
	return s.Conn.Write(p)
}

// Wait returns when every goroutine of the connection has ended, those that
// write control frames included.
func TestWaitForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		conn := &slowly{Conn: near, gate: make(chan struct{})}
		go func() {
			io.ReadFull(far, make([]byte, len(http2.ClientPreface)))
			f := http2.NewFramer(far, far)
			for range 2 {
				f.ReadFrame()
			}
			f.WriteSettings()
			io.Copy(io.Discard, far)
		}()
		begun := time.Now()
		c, err := Open(context.Background(), conn, &Config{
			Now: func() clock.Instant { return clock.Instant(time.Since(begun)) }, Time: func(at clock.Instant) time.Time { return begun.Add(time.Duration(at)) },
			Timeout: time.Second, Success: new([1000]bool),
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the answer to the settings waits at the gate
		c.Close(errors.New("over"))
		var waited atomic.Bool
		go func() {
			c.Wait()
			waited.Store(true)
		}()
		synctest.Wait()
		if conn.writes.Load() != 2 || waited.Load() || c.Closed() {
			t.Errorf("%d writes, waited %v, closed %v", conn.writes.Load(), waited.Load(), c.Closed())
		}
		close(conn.gate)
		synctest.Wait()
		if !waited.Load() || !c.Closed() {
			t.Errorf("waited %v, closed %v", waited.Load(), c.Closed())
		}
	})
}
