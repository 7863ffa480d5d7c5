//go:build !windows

package attack

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/needs"
)

// h2Records makes a run over HTTP/2 to its end and keeps a record of each
// request.
func h2Records(t *testing.T, url string, p plan.Plan) (s *result.Snapshot, records []Record) {
	t.Helper()
	target, err := endpoint.Open(t.Context(), url, endpoint.Options{}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	run, err := Start(p, Request{}, payloads.Single("test", body), target, func(_ time.Time, batch []Record) error {
		records = append(records, batch...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	<-run.Done()
	s = run.Snapshot()
	checkBooks(t, s)
	return s, records
}

// TestHTTP2FirstComeFirstServed has ten times as many requests under way as the
// endpoint takes at once: they are sent in the order in which they began, but for
// those that come free together.
func TestHTTP2FirstComeFirstServed(t *testing.T) {
	t.Parallel()
	const streams = 10
	url, _ := h2Server(t, false, streams, func(_ http.ResponseWriter, r *http.Request) { takes(time.Millisecond, r) })
	p := h2Plan(3000)
	p.Concurrency, p.Connections = 10*streams, 1
	quiet.Repeat(t, func() error {
		s, records := h2Records(t, url, p)
		if s.Counts.Succeeded != p.Requests || len(records) != int(p.Requests) {
			t.Fatalf("%d records, %+v %+v", len(records), s.Counts, s.Failures)
		}
		if s.Counts.Queued < p.Requests/2 || s.Verdict.LimitedBy != result.LimitConnections {
			return fmt.Errorf("%d waited; %+v", s.Counts.Queued, s.Verdict)
		}
		// Who was called and has no core yet is overtaken by those who have.
		if worst := overtaken(records); worst > 3*streams {
			return fmt.Errorf("a request was overtaken by %d that began later", worst)
		}
		return nil
	})
}

// overtaken is by how many that began later a request was overtaken at most.
func overtaken(records []Record) (worst int) {
	slices.SortFunc(records, func(a, b Record) int { return cmp.Or(cmp.Compare(a.Begun, b.Begun), cmp.Compare(a.Sent, b.Sent)) })
	order := make([]int, len(records))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(records[a].Sent, records[b].Sent) })
	for sent, begun := range order {
		worst = max(worst, sent-begun)
	}
	return worst
}

// TestHTTP2NoStream has a queue that is longer than the time-out: who was given
// no stream says so, and was not sent.
func TestHTTP2NoStream(t *testing.T) {
	t.Parallel()
	var arrived atomic.Uint64
	url, _ := h2Server(t, false, 1, func(_ http.ResponseWriter, r *http.Request) {
		arrived.Add(1)
		takes(50*time.Millisecond, r)
	})
	p := h2Plan(100)
	p.Concurrency, p.Connections, p.Timeout = 40, 1, 500*time.Millisecond
	s, records := h2Records(t, url, p)
	// The server may have been told that one is given up before it looked at it.
	if seen := s.Counts.Sent - unsent(s); countOf(s, result.KindNoStream) < 20 || arrived.Load() > seen || arrived.Load()+countOf(s, result.KindTimeoutReply) < seen || s.Verdict.LimitedBy != result.LimitConnections && countOf(s, result.KindTimeoutReply) == 0 {
		t.Errorf("%d arrived; %+v %+v %+v", arrived.Load(), s.Counts, s.Failures, s.Verdict)
	}
	zero := uint64(0)
	for _, r := range records {
		if r.Sent == 0 {
			zero++
		}
	}
	if zero != unsent(s) {
		t.Errorf("%d records of requests that were not sent: %+v", zero, s.Failures)
	}
}

// TestHTTP2WarmupQueue has a queue in the warm-up alone.
func TestHTTP2WarmupQueue(t *testing.T) {
	t.Parallel()
	var warm atomic.Bool
	warm.Store(true)
	url, _ := h2Server(t, false, 1, func(_ http.ResponseWriter, r *http.Request) {
		if warm.Load() {
			takes(20*time.Millisecond, r)
		}
	})
	p := h2Plan(20)
	p.Concurrency, p.Connections, p.Warmup, p.Rate = 8, 1, 200*time.Millisecond, mustRate(t, "20")
	run := start(t, url, p, payloads.Single("test", body), endpoint.Options{})
	run.mux.queued.Store(0)
	await(func() bool { return run.Snapshot().State != result.Warming && run.Snapshot().State != result.Starting })
	warm.Store(false)
	<-run.Done()
	if s := run.Snapshot(); s.Counts.Warmup == 0 || s.Counts.Queued > s.Counts.Sent {
		t.Errorf("%+v", s.Counts)
	}
}

// strictServer takes so many streams on a connection, answers none, and counts
// those that are opened while as many are open. It lowers the limit once the
// first of them are open, if it is to.
func strictServer(t *testing.T, streams, lowered int) (url string, opened, over *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	opened, over = new(atomic.Int64), new(atomic.Int64)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				f := http2.NewFramer(c, c)
				io.ReadFull(c, make([]byte, len(http2.ClientPreface)))
				f.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: uint32(streams)})
				open, limit, acks := map[uint32]bool{}, streams, 0
				for {
					frame, err := f.ReadFrame()
					if err != nil {
						return
					}
					switch frame := frame.(type) {
					case *http2.HeadersFrame:
						opened.Add(1)
						if len(open) >= limit {
							over.Add(1)
						}
						if open[frame.StreamID] = true; lowered > 0 && len(open) == streams && acks == 1 {
							f.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: uint32(lowered)})
						}
					case *http2.RSTStreamFrame:
						delete(open, frame.StreamID)
					case *http2.SettingsFrame:
						if frame.IsAck() {
							if acks++; acks == 2 {
								limit = lowered
							}
						}
					}
					f.WritePing(true, [8]byte{}) // it is alive
				}
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	return "http://" + l.Addr().String(), opened, over
}

// TestHTTP2StreamsAllowed has every request time out: the endpoint learns that a
// stream is given up before it sees the next one.
func TestHTTP2StreamsAllowed(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for _, lowered := range []int{0, 10} {
		url, opened, over := strictServer(t, 50, lowered)
		p := h2Plan(400)
		p.Concurrency, p.Connections, p.Timeout = 50, 1, 200*time.Millisecond
		s := h2Run(t, url, p, payloads.Single("test", body))
		if over.Load() > 0 || s.Counts.Sent-unsent(s) != uint64(opened.Load()) {
			t.Errorf("lowered to %d: %d of %d opened over the limit; %+v %+v", lowered, over.Load(), opened.Load(), s.Counts, s.Failures)
		}
	}
}

// TestHTTP2GoAwaySlow has connections take two of the requests that many send at
// once, say so, and answer them later: no connection is useless for that.
func TestHTTP2GoAwaySlow(t *testing.T) {
	t.Parallel()
	var answered atomic.Int64
	url, _ := h2Raw(t, func(p *h2Peer, id uint32, n int) bool {
		if n == 2 {
			p.WriteGoAway(id, http2.ErrCodeNo, nil)
			time.AfterFunc(10*time.Millisecond, func() {
				answered.Add(2)
				p.reply(1, "200", "hi", true)
				p.reply(3, "200", "hi", true)
			})
		}
		return true
	})
	p := h2Plan(100)
	p.Concurrency, p.Connections = 24, 1
	s := h2Run(t, url, p, payloads.Single("test", body))
	if s.Counts.Succeeded != 100 || answered.Load() != 100 {
		t.Errorf("%d answered; %+v %+v", answered.Load(), s.Counts, s.Failures)
	}
}

// TestHTTP2GoAwayLate has the endpoint take back what it has begun to answer:
// it is not sent again, and counts once the rest comes.
func TestHTTP2GoAwayLate(t *testing.T) {
	t.Parallel()
	for _, rest := range []bool{true, false} {
		url, arrived := h2Raw(t, func(p *h2Peer, id uint32, _ int) bool {
			p.reply(id, "200", "h", false)
			p.WriteGoAway(0, http2.ErrCodeNo, nil)
			if rest {
				p.WriteData(id, true, []byte("i"))
			}
			return rest
		})
		p := h2Plan(5)
		p.Concurrency = 1
		s := h2Run(t, url, p, payloads.Single("test", body))
		if arrived.Load() != 5 || unsent(s) > 0 || (s.Counts.Succeeded == 5) != rest || s.Counts.Connections != 5 {
			t.Errorf("rest %v: %d arrived; %+v %+v", rest, arrived.Load(), s.Counts, s.Failures)
		}
	}
}

// TestHTTP2GreetedAndLeft has connections ended right after the greeting, while
// many wait for them: they go on to the next one.
func TestHTTP2GreetedAndLeft(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(f *http2.Framer){
		"goaway": func(f *http2.Framer) { f.WriteGoAway(0, http2.ErrCodeNo, nil) },
		"closed": func(*http2.Framer) {},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := h2Server(t, false, 0, func(http.ResponseWriter, *http.Request) {})
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for n := 0; ; n++ {
					c, err := l.Accept()
					if err != nil {
						return
					}
					if n%3 < 2 {
						f := http2.NewFramer(c, c)
						f.WriteSettings()
						leave(f)
						c.(*net.TCPConn).CloseWrite()
						go func() { // what comes is not answered
							io.Copy(io.Discard, c)
							c.Close()
						}()
						continue
					}
					go relay(c, url)
				}
			}()
			p := h2Plan(200)
			p.Concurrency, p.Connections = 20, 1
			// What is sent before the end has come is lost with the connection; a
			// server that is held up between its greeting and the end makes that so.
			quiet.Repeat(t, func() error {
				s := h2Run(t, "http://"+l.Addr().String(), p, payloads.Single("test", body))
				if s.Counts.Succeeded != p.Requests {
					return fmt.Errorf("%+v %+v", s.Counts, s.Failures)
				}
				return nil
			})
			l.Close()
			<-ended
		})
	}
}

// relay has a server answer on a connection that was made elsewhere.
func relay(c net.Conn, url string) {
	defer c.Close()
	s, err := net.Dial("tcp", url[len("http://"):])
	if err != nil {
		return
	}
	defer s.Close()
	go func() {
		io.Copy(s, c)
		s.Close()
	}()
	io.Copy(c, s)
}
