package attack

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
	"brunt/payloads/compose"
)

// linesSet is a set of request lines, beside which files stand.
func linesSet(t testing.TB, o payloads.Options, files map[string]string, lines ...string) *payloads.Set {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "lines.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Format = payloads.RequestFormat
	set, err := payloads.Open([]payloads.Spec{{Path: path, Weight: 1}}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

// TestRequestLines: method, path, type and body of each request are those of its line.
func TestRequestLines(t *testing.T) {
	bothProtocols(t, func(t *testing.T, http2 bool) {
		set := linesSet(t, payloads.Options{}, map[string]string{"a.png": "\x89PNG"},
			`{"path":"/plain"}`,
			`{"method":"DELETE","path":"/items/%2F7 é?q=a+b"}`,
			`{"method":"HEAD","path":"/head"}`,
			`{"body":{"a":1}}`,
			`{"method":"PUT","text":"héllo","path":"\/put"}`,
			`{"base64":"AP/+","headers":{"Content-Type":"application/x-own","Accept":null}}`,
			`{"file":"a.png"}`,
			`{"form":{"model":"m"}}`,
			`{"text":""}`,
			`{"method":"POST","path":"/empty"}`,
		)
		run, got := newEchoServer(t).one(t, "/target?x=1", 10, Request{UserAgent: "test"}, set, func(p *plan.Plan) { p.HTTP2 = http2 })
		want := []struct{ method, uri, kind, body string }{
			{"GET", "/plain", "", ""},
			{"DELETE", "/items/%2F7%20%C3%A9?q=a+b", "", ""},
			{"HEAD", "/head", "", ""},
			{"POST", "/target?x=1", "application/json", `{"a":1}`},
			{"PUT", "/put", "text/plain; charset=utf-8", "héllo"},
			{"POST", "/target?x=1", "application/x-own", "\x00\xff\xfe"},
			{"POST", "/target?x=1", "image/png", "\x89PNG"},
			{"POST", "/target?x=1", compose.FormType, ""},
			{"POST", "/target?x=1", "text/plain; charset=utf-8", ""},
			{"POST", "/empty", "", ""},
		}
		if len(got) != len(want) || run.Snapshot().Counts.Succeeded != uint64(len(want)) {
			t.Fatalf("%d requests, %+v", len(got), run.Snapshot().Counts)
		}
		for i, w := range want {
			g := got[i]
			if g.method != w.method || g.uri != w.uri || g.header.Get("Content-Type") != w.kind || g.body != w.body && w.kind != compose.FormType {
				t.Errorf("%d: %s %s %q %q, want %+v", i, g.method, g.uri, g.header.Get("Content-Type"), g.body, w)
			}
			if g.length != int64(len(g.body)) {
				t.Errorf("%d: content-length %d for %d bytes", i, g.length, len(g.body))
			}
		}
		if got[5].header["Accept"] != nil || got[4].header.Get("Accept") != "application/json" {
			t.Errorf("accept %q, %q", got[5].header["Accept"], got[4].header["Accept"])
		}
	})
}

// TestChunked: bodies of any size are sent without a length, and arrive whole.
func TestChunked(t *testing.T) {
	bothProtocols(t, func(t *testing.T, http2 bool) {
		big := strings.Repeat("0123456789abcdef", 40_000)
		for name, o := range map[string]payloads.Options{"plain": {}, "stamped": {ClientRequestID: true}} {
			set := linesSet(t, o, nil, `{"body":{"a":1}}`, `{"text":""}`, `{"body":{"b":"`+big+`"}}`, `{"path":"/x"}`, `{"body":{"a":2}}`)
			run, got := newEchoServer(t).one(t, "/", 5, Request{UserAgent: "test", Chunked: true}, set, func(p *plan.Plan) { p.HTTP2 = http2 })
			if s := run.Snapshot(); len(got) != 5 || s.Counts.Succeeded != 5 || s.Counts.Connections != 1 {
				t.Fatalf("%s: %d requests, %+v", name, len(got), s.Counts)
			}
			for i, length := range []int{7, 0, len(big) + 8, 0, 7} {
				body := got[i].body
				if name == "stamped" && strings.HasPrefix(body, "{") {
					before, rest, _ := strings.Cut(body, ",")
					if !strings.HasPrefix(before, `{"client_request_id":"`) {
						t.Errorf("%.60s", body)
					}
					body = "{" + rest
				}
				if len(body) != length {
					t.Errorf("%s %d: %d bytes", name, i, len(body))
				}
				chunked := slices.Equal(got[i].coding, []string{"chunked"})
				if bodiless := i == 3; !http2 && chunked == bodiless || !bodiless && length > 0 && got[i].length != -1 {
					t.Errorf("%s %d: %v, length %d", name, i, got[i].coding, got[i].length)
				}
			}
		}
	})
}

// TestCompressed: what goes out under Content-Encoding is what it says.
func TestCompressed(t *testing.T) {
	bothProtocols(t, func(t *testing.T, http2 bool) {
		set := linesSet(t, payloads.Options{Coding: compose.Gzip}, nil, `{"body":{"a":1}}`, `{"path":"/none"}`, `{"body":2,"headers":{"Content-Encoding":"identity"}}`)
		_, got := newEchoServer(t).one(t, "/", 3, Request{UserAgent: "test", Coding: compose.Gzip}, set, func(p *plan.Plan) { p.HTTP2 = http2 })
		if len(got) != 3 {
			t.Fatalf("%d requests", len(got))
		}
		r, err := gzip.NewReader(strings.NewReader(got[0].body))
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := io.ReadAll(r); string(text) != `{"a":1}` || got[0].header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%q, %v", text, got[0].header)
		}
		if got[1].header["Content-Encoding"] != nil || got[2].body != "2" || got[2].header.Get("Content-Encoding") != "identity" {
			t.Errorf("%+v", got[1:])
		}
	})
}

// TestSeveralHosts: each request goes to the host of its line, over connections that are
// kept, and credentials of the target's own go to no other.
func TestSeveralHosts(t *testing.T) {
	bothProtocols(t, func(t *testing.T, http2 bool) {
		const hosts, n = 3, 300
		var servers [hosts]*echoServer
		var lines []string
		for i := range servers {
			servers[i] = newEchoServer(t)
			lines = append(lines, fmt.Sprintf(`{"url":"%s/of/%d"}`, servers[i].url, i))
		}
		lines = append(lines, `{"path":"/own"}`)
		set := linesSet(t, payloads.Options{Order: payloads.Random}, nil, lines...)
		target, err := endpoint.Open(t.Context(), servers[0].url, endpoint.Options{}, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(target.Close)
		p := testPlan(n)
		p.HTTP2 = http2
		if _, err := Start(p, Request{}, set, target, nil); err == nil || !strings.Contains(err.Error(), "has not been opened") {
			t.Fatal(err)
		}
		if err := target.OpenOthers(t.Context(), []string{servers[1].url, servers[2].url, servers[2].url + ":"}, endpoint.Options{}, time.Second); err == nil {
			t.Error("a host with two ports is none")
		}
		if err := target.OpenOthers(t.Context(), []string{servers[1].url, servers[2].url}, endpoint.Options{}, time.Second); err != nil {
			t.Fatal(err)
		}
		run, err := Start(p, Request{UserAgent: "test"}, set, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		run.buildHeads([]payloads.Header{{Name: "Authorization", Value: "Bearer own"}})
		<-run.Done()
		s := run.Snapshot()
		checkBooks(t, s)
		total := 0
		for i, server := range servers {
			for _, r := range server.take() {
				total++
				if r.uri != fmt.Sprintf("/of/%d", i) && (i > 0 || r.uri != "/own") || "http://"+r.host != server.url {
					t.Errorf("host %d got %s of %s", i, r.uri, r.host)
				}
				if auth := r.header.Get("Authorization"); auth != "" && i > 0 {
					t.Errorf("host %d got the credentials of another", i)
				}
			}
		}
		if total != n || s.Counts.Succeeded != n || s.Counts.Connections > hosts*4 || len(s.Addresses) != hosts {
			t.Errorf("%d arrived, %+v, %v", total, s.Counts, s.Addresses)
		}
	})
}

// TestParkedConnectionsClosed: a host that closes its idle connections while a slot is
// at another costs no request.
func TestParkedConnectionsClosed(t *testing.T) {
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { takes(3*time.Millisecond, r) }))
	t.Cleanup(slow.Close)
	closing := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	closing.Config.IdleTimeout = time.Millisecond
	closing.Start()
	t.Cleanup(closing.Close)
	set := linesSet(t, payloads.Options{}, nil, `{"url":"`+closing.URL+`/"}`, `{"url":"`+slow.URL+`/"}`)
	target, err := endpoint.Open(t.Context(), closing.URL, endpoint.Options{}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	if err := target.OpenOthers(t.Context(), []string{slow.URL}, endpoint.Options{}, time.Second); err != nil {
		t.Fatal(err)
	}
	run, err := Start(testPlan(40), Request{}, set, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	if s.Counts.Succeeded < 36 {
		t.Errorf("%+v, %+v", s.Counts, s.Failures)
	}
}

// TestManyPaths: a path of each request's own costs no allocation per request.
func TestManyPaths(t *testing.T) {
	w := &slot{run: &Run{pathed: true, payloads: linesSet(t, payloads.Options{}, nil, `{"path":"/a"}`, `{"path":"/\u0062"}`)}}
	h := head{bytes: []byte("GET /target HTTP/1.1\r\n"), pathAt: 4, pathEnd: 11}
	for i, want := range []string{"GET /a HTTP/1.1\r\n", "GET /b HTTP/1.1\r\n"} {
		w.ex.index = uint64(i)
		if got := string(h.append(nil, w.pathOf())); got != want {
			t.Errorf("%q", got)
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		w.ex.index = rand.Uint64N(100)
		w.buf = h.append(w.buf[:0], w.pathOf())
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
