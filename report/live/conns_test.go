package live

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"brunt/payloads/needs"
	"brunt/report/live/guard"
)

// Whoever holds 1,000 connections without a request keeps nobody out, nor do
// pages that look; large headers are refused.
func TestThousandConnections(t *testing.T) {
	v := serve(t, nil)
	s := v.stream(t, "")
	s.next()
	address := strings.TrimPrefix(v.at(""), "http://")
	for i := range 1000 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer conn.Close()
		if i%100 == 0 {
			if r := v.get(t, "/healthz"); string(r.body) != "ok\n" {
				t.Fatalf("with %d connections: %s", i, r)
			}
		}
	}
	if r := v.get(t, "/healthz"); string(r.body) != "ok\n" {
		t.Errorf("%s", r)
	}
	v.post(t, "/api/start", "{}")
	s.untilState("done") // its stream was not ended for the others' sake
	req := request("GET", v.at("/healthz"), "")
	req.Header.Set("X-Large", strings.Repeat("x", 64<<10))
	if r := do(t, req); r.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a large header: %s", r)
	}
}

// Nor does whoever begins 1,000 requests and never ends their headers, which the
// server waits for.
func TestSlowHeaders(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	v := serve(t, nil)
	s := v.stream(t, "")
	s.next()
	address := strings.TrimPrefix(v.at(""), "http://")
	var newest net.Conn
	for i := range 1000 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer conn.Close()
		io.WriteString(conn, "GET /api/runs HTTP/1.1\r\nHost: ")
		newest = conn
		if i%100 == 99 {
			if r := v.get(t, "/healthz"); string(r.body) != "ok\n" {
				t.Fatalf("with %d connections: %s", i, r)
			}
		}
	}
	v.post(t, "/api/start", "{}")
	s.untilState("done") // its stream was not ended for the others' sake
	must(newest.SetDeadline(time.Now().Add(2 * time.Minute)))
	if _, err := io.ReadAll(newest); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("a header is waited for without end")
	}
}

// The 101st page is told so, and one that leaves makes room.
func TestHundredPages(t *testing.T) {
	v := serve(t, nil)
	var last *stream
	for range guard.MaxViewers {
		last = v.stream(t, "")
		last.next()
	}
	if r := v.get(t, "/api/events"); r.status != 503 || r.header.Get("Retry-After") == "" {
		t.Errorf("one more: %s", r)
	}
	last.cancel()
	until(t, "room", func() bool {
		resp, err := http.Get(v.at("/api/events"))
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		if resp.StatusCode != 200 {
			io.Copy(io.Discard, resp.Body)
		}
		return resp.StatusCode == 200
	})
}

// An interrupt drains the run under way, whose end then ends the serving; with
// none under way it ends that at once, as does the time after the last run.
func TestObey(t *testing.T) {
	v := serve(t, func(c *Config) { c.Settings = small(time.Hour) })
	interrupts := make(chan os.Signal, 3)
	obeyed := make(chan struct{})
	go func() {
		defer close(obeyed)
		v.Wait(interrupts, -1, func() { t.Error("told to die") })
	}()
	v.post(t, "/api/start", "{}")
	v.untilState(t, "running")
	v.post(t, "/api/stop", "{}")
	v.untilState(t, stateInterrupted)
	select {
	case <-obeyed:
		t.Fatal("the page ended with a run that was stopped on it")
	default:
	}
	v.post(t, "/api/start", "{}")
	v.untilState(t, "running")
	interrupts <- os.Interrupt
	<-obeyed
	if s := v.state(); s != stateInterrupted {
		t.Errorf("obeyed in state %s", s)
	}
	interrupts <- os.Interrupt
	v.Wait(interrupts, -1, nil)
	v.Wait(nil, time.Millisecond, nil) // no run within a millisecond
	v.Attach(mustJob(t, small(100*time.Millisecond)), small(100*time.Millisecond), "from the command line")
	v.Wait(nil, 0, nil) // ends with the run
	if s := v.state(); s != "done" {
		t.Errorf("state %s", s)
	}
}

// Who may not come in is told so before the body that was promised, and let go
// of: however many there are, they keep nobody out for long.
func TestStalledBodies(t *testing.T) {
	t.Parallel()
	v := serve(t, func(c *Config) { c.ServeToken = testToken })
	address := strings.TrimPrefix(v.at(""), "http://")
	var first net.Conn
	for i := range 10 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "POST /api/start HTTP/1.1\r\nHost: "+address+"\r\nContent-Length: 1000\r\n\r\n{")
		if i == 0 {
			first = conn
		}
	}
	must(first.SetDeadline(time.Now().Add(2 * time.Minute)))
	answer, _ := io.ReadAll(first) // to the end: it is closed
	if !strings.HasPrefix(string(answer), "HTTP/1.1 401 ") {
		t.Errorf("answered %.100q", answer)
	}
	until(t, "room after those who stall", func() bool {
		resp, err := http.Get(v.at("/healthz"))
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
}
