package attack

import (
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/clock"
)

// A thread that loses its core while two clocks are compared must not make
// alarms strike early: each wait would then spin until its time has come.
func TestAlarmsAreNeverEarly(t *testing.T) {
	const apart, pause = 1000, 50 * time.Millisecond
	c := clock.From(time.Now())
	for _, held := range []string{"before", "after", "both"} {
		looks := 0
		hold := func() {
			over := c.Now().Add(pause)
			await(func() bool { return c.Now() >= over })
		}
		offset, err := originOf(c, func() (time.Duration, error) {
			looks++
			if held != "after" && looks < 3 {
				hold()
			}
			at := time.Duration(c.Now() + apart)
			if held != "before" && looks < 3 {
				hold()
			}
			return at, nil
		})
		if err != nil || offset < apart || offset > apart+pause {
			t.Errorf("held up %s the reading: the origin is %d off, %v", held, offset-apart, err)
		}
	}
}

// TestLook has a reply come in before the look for one: who waited for it has it
// by the end of the look.
func TestLook(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	here, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	there, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	var read atomic.Int64
	go func() {
		for b := make([]byte, 1); ; read.Add(1) {
			if _, err := here.Read(b); err != nil {
				return
			}
		}
	}()
	scout, err := newPreciseTimer(clock.From(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	defer scout.close()
	missed := 0
	for i := range int64(1000) {
		scout.poll() // the reader waits for the next byte
		if _, err := there.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		if scout.poll(); read.Load() != i+1 {
			missed++
			await(func() bool { return read.Load() == i+1 })
		}
	}
	if missed > 100 { // the scheduler now and then takes another's turn first
		t.Errorf("of 1000 bytes %d were not read by the end of the look", missed)
	}
}
