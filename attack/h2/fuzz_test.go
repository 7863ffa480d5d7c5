//go:build !windows

package h2

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// frames is what a server might send.
func frames(write func(f *http2.Framer)) []byte {
	var b bytes.Buffer
	write(http2.NewFramer(&b, nil))
	return b.Bytes()
}

// FuzzConn has the server say anything after its settings: two requests come to
// an end all the same, and no more than was sent is counted.
func FuzzConn(f *testing.F) {
	header := func(id uint32, end bool) http2.HeadersFrameParam {
		return http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0x88}, EndHeaders: true, EndStream: end}
	}
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	f.Add(frames(func(f *http2.Framer) {
		f.WriteHeaders(header(1, true))
		f.WriteGoAway(1, http2.ErrCodeNo, []byte("bye"))
	}))
	f.Add(frames(func(f *http2.Framer) {
		f.WriteHeaders(header(1, false))
		f.WriteData(1, true, []byte("hello"))
		f.WriteHeaders(header(3, true))
	}))
	f.Add(frames(func(f *http2.Framer) {
		f.WritePing(false, [8]byte{1})
		f.WriteWindowUpdate(0, 1)
		f.WriteWindowUpdate(1, 1<<31-1)
		f.WriteRSTStream(1, http2.ErrCodeRefusedStream)
		f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1}, http2.Setting{ID: http2.SettingMaxConcurrentStreams})
		f.WriteGoAway(0, http2.ErrCodeInternal, nil)
	}))
	f.Add(frames(func(f *http2.Framer) {
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x88, 0x5c, 0x01}, EndStream: true})
		f.WriteContinuation(1, true, []byte{'0'})
	}))
	f.Fuzz(func(t *testing.T, said []byte) {
		near, far := net.Pipe()
		ended := make(chan struct{}, 2)
		go func() {
			io.Copy(io.Discard, far)
			ended <- struct{}{}
		}()
		go func() {
			http2.NewFramer(far, nil).WriteSettings()
			far.Write(said)
			far.Close()
			ended <- struct{}{}
		}()
		c, err := Open(context.Background(), near, testConfig())
		if err == nil {
			in := int64(0)
			for range 2 {
				s := NewStream(100)
				if ok, _ := c.Reserve(s); !ok {
					break
				}
				err := s.Do(get, c.config.Now().Add(5*time.Second))
				if err == ErrTimeout {
					t.Error("it waits for a connection that is closed")
				}
				if err == nil && (s.Status < 200 || s.Status > 999) {
					t.Errorf("status %d", s.Status)
				}
				in += s.In
			}
			if in > int64(len(said)) {
				t.Errorf("%d bytes counted of %d", in, len(said))
			}
		}
		c.Close(errClosed)
		c.Wait()
		<-ended
		<-ended
	})
}
