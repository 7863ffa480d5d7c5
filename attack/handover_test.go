package attack

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/payloads"
	"brunt/payloads/needs"
)

// secured is a rawServer that speaks TLS: over is each connection's own layer
// beneath it, nil for none.
func secured(t *testing.T, over func(net.Conn) net.Conn, serve func(raw net.Conn, c *tls.Conn, in *bufio.Reader)) string {
	t.Helper()
	certified := httptest.NewTLSServer(nil)
	t.Cleanup(certified.Close)
	url := rawServer(t, func(raw net.Conn, _ *bufio.Reader, _ int) {
		layer := raw
		if over != nil {
			layer = over(raw)
		}
		c := tls.Server(layer, certified.TLS.Clone())
		serve(raw, c, bufio.NewReader(c))
	})
	return strings.Replace(url, "http:", "https:", 1)
}

// firstBytes are the instants at which a server had the first bytes of requests.
type firstBytes struct {
	mu sync.Mutex
	at []time.Time
}

func (a *firstBytes) note() {
	a.mu.Lock()
	a.at = append(a.at, time.Now())
	a.mu.Unlock()
}

// taken are those noted since the last time.
func (a *firstBytes) taken() []time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.at
	a.at = nil
	return at
}

// TestServiceBeginsAtTheFirstByte compares what each request's record says with
// what the server saw: service time begins after the ticket was taken and the
// request made ready, and before its first byte is at the server. That is so of
// both protocols, and however the body is written.
func TestServiceBeginsAtTheFirstByte(t *testing.T) {
	var seen firstBytes
	serve := func(c io.Writer, in *bufio.Reader) {
		for {
			if _, err := in.Peek(1); err != nil {
				return
			}
			seen.note()
			if !request(in) {
				return
			}
			if _, err := io.WriteString(c, aReply); err != nil {
				return
			}
		}
	}
	plain := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) { serve(c, in) })
	secure := secured(t, nil, func(_ net.Conn, c *tls.Conn, in *bufio.Reader) { serve(c, in) })
	handler := func(w http.ResponseWriter, r *http.Request) {
		seen.note()
		io.Copy(io.Discard, r.Body)
	}
	two, _ := h2Server(t, false, 0, handler)
	secureTwo, _ := h2Server(t, true, 0, handler)
	for _, c := range []struct {
		name, url string
		http2     bool
	}{{"plain", plain, false}, {"tls", secure, false}, {"http2", two, true}, {"http2 over tls", secureTwo, true}} {
		for _, size := range []int{100, 3 * maxCopied} {
			for _, rate := range []string{"", "400"} {
				p := testPlan(60)
				if p.Concurrency, p.HTTP2 = 1, c.http2; rate != "" {
					p.Rate = mustRate(t, rate)
				}
				seen.taken()
				target, err := endpoint.Open(t.Context(), c.url, endpoint.Options{Insecure: true}, time.Second)
				if err != nil {
					t.Fatal(err)
				}
				var records []Record
				var from time.Time
				set := payloads.Single("test", bytes.Repeat([]byte(" "), size))
				run, err := Start(p, Request{UserAgent: "test"}, set, target, func(start time.Time, batch []Record) error {
					from, records = start, append(records, batch...)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				<-run.Done()
				target.Close()
				checkBooks(t, run.Snapshot())
				at := seen.taken()
				if len(records) != 60 || len(at) != 60 {
					t.Fatalf("%s, %d bytes, rate %q: %d records, %d arrived: %+v", c.name, size, rate, len(records), len(at), run.Snapshot().Failures)
				}
				for i, r := range records {
					if r.Planned > r.Begun || r.Begun >= r.Sent || r.Sent > r.End || from.Add(r.Sent).After(at[i]) {
						t.Errorf("%s, %d bytes, rate %q, request %d: planned %v, begun %v, sent %v, at the server %v, end %v", c.name, size, rate, i, r.Planned, r.Begun, r.Sent, at[i].Sub(from), r.End)
						break
					}
				}
			}
		}
	}
}

// TestUploadOverSlowNetwork has endpoints that begin to read a large body only
// after a while: the request has its whole time-out.
func TestUploadOverSlowNetwork(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	const readDelay = 400 * time.Millisecond
	large := []byte(strings.Repeat("x", 32<<20))
	serve := func(c io.Writer, in *bufio.Reader) {
		for {
			if _, err := in.Peek(1); err != nil {
				return
			}
			<-time.After(readDelay)
			if !request(in) {
				return
			}
			io.WriteString(c, aReply)
		}
	}
	plain := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) { serve(c, in) })
	secure := secured(t, nil, func(_ net.Conn, c *tls.Conn, in *bufio.Reader) { serve(c, in) })
	two := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-time.After(readDelay)
		io.Copy(io.Discard, r.Body)
	}))
	two.EnableHTTP2 = true
	two.StartTLS()
	t.Cleanup(two.Close)
	for name, url := range map[string]string{"plain": plain, "tls": secure, "http2": two.URL} {
		p := testPlan(2)
		p.Concurrency, p.Timeout, p.HTTP2 = 1, time.Minute, name == "http2"
		run := start(t, url, p, payloads.Single("large", large), endpoint.Options{Insecure: true})
		<-run.Done()
		s := run.Snapshot()
		checkBooks(t, s)
		if s.Counts.Succeeded != 2 {
			t.Errorf("%s: %+v", name, s.Failures)
		}
	}
}
