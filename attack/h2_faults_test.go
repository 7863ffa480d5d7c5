package attack

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
)

// h2Peer is the server's end of a raw HTTP/2 connection.
type h2Peer struct {
	*http2.Framer
	conn   net.Conn
	number int // of the connection
	fields bytes.Buffer
	encode *hpack.Encoder
}

// reply sends a header and a body, which ends the stream if it is to.
func (p *h2Peer) reply(id uint32, status, body string, end bool) {
	p.fields.Reset()
	p.encode.WriteField(hpack.HeaderField{Name: ":status", Value: status})
	p.encode.WriteField(hpack.HeaderField{Name: "x-request-id", Value: fmt.Sprint("r", id)})
	p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.fields.Bytes(), EndHeaders: true, EndStream: body == "" && end})
	if body != "" {
		p.WriteData(id, end, []byte(body))
	}
}

// head sends a header whose body is to come.
func (p *h2Peer) head(id uint32, contentType string) {
	p.fields.Reset()
	p.encode.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
	p.encode.WriteField(hpack.HeaderField{Name: "content-type", Value: contentType})
	p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.fields.Bytes(), EndHeaders: true})
}

// h2Raw speaks for itself: serve is called with each complete request, counted
// from 1 on its connection, until it says false.
func h2Raw(t *testing.T, serve func(p *h2Peer, id uint32, n int) bool) (url string, requests *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	requests = new(atomic.Int64)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for number := 0; ; number++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				p := &h2Peer{Framer: http2.NewFramer(c, c), conn: c, number: number}
				p.encode = hpack.NewEncoder(&p.fields)
				if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
					return
				}
				p.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 100})
				for n := 0; ; {
					f, err := p.ReadFrame()
					if err != nil {
						return
					}
					id := f.Header().StreamID
					if data, ok := f.(*http2.DataFrame); ok && data.StreamEnded() {
						n++
						requests.Add(1)
						if !serve(p, id, n) {
							return
						}
					}
				}
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	return "http://" + l.Addr().String() + "/", requests
}

// TestHTTP2Faults has the server do what it should not. Every request arrives
// at most once, whatever becomes of it.
func TestHTTP2Faults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		serve func(p *h2Peer, id uint32) bool
		kinds []string // of all failures; empty for success
	}{
		{"fine", func(p *h2Peer, id uint32) bool { p.reply(id, "200", "hi", true); return true }, nil},
		{"hints", func(p *h2Peer, id uint32) bool {
			p.reply(id, "103", "", false)
			p.reply(id, "200", "hi", true)
			return true
		}, nil},
		{"no body", func(p *h2Peer, id uint32) bool { p.reply(id, "204", "", true); return true }, nil},
		{"trailer", func(p *h2Peer, id uint32) bool {
			p.reply(id, "200", "hi", false)
			p.fields.Reset()
			p.encode.WriteField(hpack.HeaderField{Name: "grpc-status", Value: "0"})
			p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.fields.Bytes(), EndHeaders: true, EndStream: true})
			return true
		}, nil},
		{"continuation", func(p *h2Peer, id uint32) bool {
			p.fields.Reset()
			p.encode.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
			p.encode.WriteField(hpack.HeaderField{Name: "x", Value: "0123456789"})
			b := p.fields.Bytes()
			p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: b[:1], EndStream: true})
			p.WriteContinuation(id, true, b[1:])
			return true
		}, nil},
		{"status", func(p *h2Peer, id uint32) bool { p.reply(id, "429", "slow down", true); return true }, []string{"status_429"}},
		{"reset", func(p *h2Peer, id uint32) bool { p.WriteRSTStream(id, http2.ErrCodeInternal); return true }, []string{result.KindResetStream}},
		{"reset in the body", func(p *h2Peer, id uint32) bool {
			p.reply(id, "200", "h", false)
			p.WriteRSTStream(id, http2.ErrCodeCancel)
			return true
		}, []string{result.KindResetStream}},
		{"refused", func(p *h2Peer, id uint32) bool { p.WriteRSTStream(id, http2.ErrCodeRefusedStream); return true }, []string{result.KindRefusedStream}},
		{"goaway with an error", func(p *h2Peer, id uint32) bool {
			p.WriteGoAway(id, http2.ErrCodeEnhanceYourCalm, []byte("calm"))
			return false
		}, []string{result.KindGoAway}},
		{"closed", func(*h2Peer, uint32) bool { return false }, []string{result.KindClosedEarly, result.KindReset}},
		{"closed in the body", func(p *h2Peer, id uint32) bool { p.reply(id, "200", "h", false); return false }, []string{result.KindClosedEarly, result.KindReset}},
		{"reset connection", func(p *h2Peer, id uint32) bool { p.conn.(*net.TCPConn).SetLinger(0); return false }, []string{result.KindReset, result.KindClosedEarly}},
		{"garbage", func(p *h2Peer, _ uint32) bool {
			io.WriteString(p.conn, "what is this supposed to be?")
			return false
		}, []string{result.KindBadReply, result.KindReset, result.KindClosedEarly}}, // a reset on the way, or no connection lived long enough
		{"unknown stream", func(p *h2Peer, id uint32) bool { p.reply(id+1000, "200", "hi", true); return true }, []string{result.KindBadReply}},
		{"body first", func(p *h2Peer, id uint32) bool { p.WriteData(id, true, []byte("hi")); return true }, []string{result.KindBadReply}},
		{"no status", func(p *h2Peer, id uint32) bool {
			p.fields.Reset()
			p.encode.WriteField(hpack.HeaderField{Name: "a", Value: "b"})
			p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.fields.Bytes(), EndHeaders: true, EndStream: true})
			return true
		}, []string{result.KindBadReply}},
		{"wrong length", func(p *h2Peer, id uint32) bool {
			p.fields.Reset()
			p.encode.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
			p.encode.WriteField(hpack.HeaderField{Name: "content-length", Value: "9"})
			p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.fields.Bytes(), EndHeaders: true})
			p.WriteData(id, true, []byte("hi"))
			return true
		}, []string{result.KindBadReply}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, arrived := h2Raw(t, func(p *h2Peer, id uint32, _ int) bool { return c.serve(p, id) })
			s := h2Run(t, url, h2Plan(40), payloads.Single("test", body))
			if uint64(arrived.Load()) > s.Counts.Sent || len(c.kinds) == 0 && s.Counts.Succeeded != 40 || len(c.kinds) > 0 && s.Counts.Failed != 40 {
				t.Errorf("%d arrived; %+v %+v", arrived.Load(), s.Counts, s.Failures)
			}
			for _, f := range s.Failures {
				if !slices.Contains(c.kinds, f.Kind) {
					t.Errorf("%s (%s), want one of %v", f.Kind, f.Message.String(), c.kinds)
				}
				if c.name == "status" && (f.Message.String() != "slow down" || f.RequestID != "r1" && f.RequestID != "r3" && f.RequestID != "r5" && f.RequestID != "r7") {
					t.Errorf("example %q, id %q", f.Message.String(), f.RequestID)
				}
			}
		})
	}
}

func TestHTTP2Timeout(t *testing.T) {
	url, arrived := h2Raw(t, func(p *h2Peer, id uint32, n int) bool {
		if n%2 == 1 {
			p.reply(id, "200", "h", false) // and never the rest
		}
		return true
	})
	p := h2Plan(16)
	p.Timeout = 250 * time.Millisecond
	s := h2Run(t, url, p, payloads.Single("test", body))
	if s.Counts.Failed != 16 || arrived.Load() != 16 || s.Failures[0].Kind != result.KindTimeoutReply || s.Latencies[figure.Failed].Min() < int64(p.Timeout)*99/100 {
		t.Errorf("%d arrived; %+v after %v", arrived.Load(), s.Failures, time.Duration(s.Latencies[figure.Failed].Min()))
	}
	// A server that reads nothing: a body larger than all buffers is given up in
	// time, and so are those behind it.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			fr := http2.NewFramer(c, nil)
			fr.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1})
			fr.WriteWindowUpdate(0, 1<<31-1-65535)
		}
	}()
	p.Requests = 8
	p.Timeout = 200 * time.Millisecond
	s = h2Run(t, "http://"+l.Addr().String(), p, payloads.Single("test", make([]byte, 16<<20)))
	for _, f := range s.Failures {
		// Those that never had their turn at the connection sent nothing.
		if f.Kind != result.KindTimeoutReply && f.Kind != endpoint.TimeoutConnect {
			t.Errorf("%+v", f)
		}
	}
	if s.Counts.Failed != 8 {
		t.Errorf("%+v", s.Counts)
	}
}

func TestHTTP2Cut(t *testing.T) {
	url, _ := h2Raw(t, func(*h2Peer, uint32, int) bool { return true })
	p := h2Plan(0)
	p.Duration, p.AtEnd = 100*time.Millisecond, plan.Cut
	if s := h2Run(t, url, p, payloads.Single("test", body)); s.Counts.CutOff != 4 || s.Counts.Sent != 4 {
		t.Errorf("%+v", s.Counts)
	}
}

// TestHTTP2CutRetired cuts streams of a connection that takes no more.
func TestHTTP2CutRetired(t *testing.T) {
	url, _ := h2Raw(t, func(p *h2Peer, id uint32, n int) bool {
		if n == 4 {
			p.WriteGoAway(id, http2.ErrCodeNo, nil)
			p.reply(id, "200", "", true) // its worker opens another connection
		}
		return true
	})
	p := h2Plan(0)
	p.Duration, p.AtEnd = 200*time.Millisecond, plan.Cut
	if s := h2Run(t, url, p, payloads.Single("test", body)); s.Counts.CutOff != 4 || s.Counts.Succeeded != 1 || s.Counts.Connections != 2 {
		t.Errorf("%+v %+v", s.Counts, s.Failures)
	}
}

// TestHTTP2GoAway has the server end each connection after some requests, as
// nginx does: it answers those it names and ignores the others, which are sent
// elsewhere. Nothing fails, and nothing is answered twice.
func TestHTTP2GoAway(t *testing.T) {
	var answered, ignored atomic.Int64
	url, _ := h2Raw(t, func(p *h2Peer, id uint32, n int) bool {
		switch {
		case n < 50:
		case n == 50:
			p.WriteGoAway(id, http2.ErrCodeNo, nil)
		default:
			ignored.Add(1)
			return true
		}
		answered.Add(1)
		p.reply(id, "200", "hi", true)
		return true
	})
	p := h2Plan(5000)
	p.Concurrency = 40
	s := h2Run(t, url, p, payloads.Single("test", body))
	if s.Counts.Succeeded != 5000 || answered.Load() != 5000 || s.Counts.Connections < 100 || s.Counts.Reconnected < 99 {
		t.Errorf("%d answered, %d ignored; %+v %+v", answered.Load(), ignored.Load(), s.Counts, s.Failures)
	}
	t.Logf("%d ignored after GOAWAY, %d connections", ignored.Load(), s.Counts.Connections)
}

// TestHTTP2GoAwayEarly has each connection take two requests of the many that
// share it: most move on several times, and none fails while others are answered.
func TestHTTP2GoAwayEarly(t *testing.T) {
	var answered atomic.Int64
	url, _ := h2Raw(t, func(p *h2Peer, id uint32, n int) bool {
		if n > 2 {
			return true
		}
		if n == 2 {
			p.WriteGoAway(id, http2.ErrCodeNo, nil)
		}
		answered.Add(1)
		p.reply(id, "200", "hi", true)
		return true
	})
	p := h2Plan(300)
	p.Concurrency, p.Connections = 24, 1
	s := h2Run(t, url, p, payloads.Single("test", body))
	if s.Counts.Succeeded != 300 || answered.Load() != 300 {
		t.Errorf("%d answered; %+v %+v", answered.Load(), s.Counts, s.Failures)
	}
}

// TestHTTP2MovedTwice has the first two connections take nothing: one request
// opens three, and all of them are counted.
func TestHTTP2MovedTwice(t *testing.T) {
	url, _ := h2Raw(t, func(p *h2Peer, id uint32, _ int) bool {
		if p.number < 2 {
			p.WriteGoAway(0, http2.ErrCodeNo, nil)
			return true
		}
		p.reply(id, "200", "hi", true)
		return true
	})
	p := h2Plan(5)
	p.Concurrency = 1
	s := h2Run(t, url, p, payloads.Single("test", body))
	if s.Counts.Succeeded != 5 || s.Counts.Connections != 3 || s.Latencies[figure.Connect].TotalCount() != 3 {
		t.Errorf("%d connect times: %+v %+v", s.Latencies[figure.Connect].TotalCount(), s.Counts, s.Failures)
	}
}

// TestHTTP2IdleClosed has the server close idle connections: no failure, but for
// those that are sent while the close is on its way, which a busy machine makes.
func TestHTTP2IdleClosed(t *testing.T) {
	url, _ := h2Raw(t, func(p *h2Peer, id uint32, _ int) bool {
		p.reply(id, "200", "hi", true)
		return false
	})
	p := h2Plan(20)
	p.Rate = mustRate(t, "50")
	s := h2Run(t, url, p, payloads.Single("test", body))
	if s.Counts.Succeeded+s.Counts.Failed != 20 || s.Counts.Succeeded < 10 || s.Counts.Reconnected == 0 {
		t.Errorf("%+v %+v", s.Counts, s.Failures)
	}
}

// TestHTTP2EarlyReply answers before the body is in, as a server that refuses
// it does: the reply counts.
func TestHTTP2EarlyReply(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var resets atomic.Int64 // of bodies that nobody wants to the end
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		p := &h2Peer{Framer: http2.NewFramer(c, c), conn: c}
		p.encode = hpack.NewEncoder(&p.fields)
		io.ReadFull(c, make([]byte, len(http2.ClientPreface)))
		p.WriteSettings()
		for {
			f, err := p.ReadFrame()
			if err != nil {
				return
			}
			switch f.(type) {
			case *http2.HeadersFrame:
				p.reply(f.Header().StreamID, "413", "too large", true)
			case *http2.RSTStreamFrame:
				resets.Add(1)
			}
		}
	}()
	s := h2Run(t, "http://"+l.Addr().String(), h2Plan(8), payloads.Single("test", make([]byte, 1<<20)))
	<-ended
	// The last ones may be overtaken by the run's end.
	if s.Status[413] != 8 || s.Failures[0].Message.String() != "too large" || s.Counts.Connections != 1 || resets.Load() < 4 || resets.Load() > 8 {
		t.Errorf("%d resets: %+v %+v", resets.Load(), s.Counts, s.Failures)
	}
}
