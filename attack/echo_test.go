package attack

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
)

// echoed is a request as a server of another library has understood it.
type echoed struct {
	method, uri, host string
	header            http.Header
	body              string
	length            int64 // -1 where it is not declared
	coding            []string
}

// echoServer keeps the requests that it got, over HTTP/1.1 or HTTP/2.
type echoServer struct {
	url   string
	mu    sync.Mutex
	reply http.HandlerFunc // nil for 200 and {}
	list  []echoed
}

func newEchoServer(t *testing.T) *echoServer {
	a := &echoServer{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		a.list = append(a.list, echoed{r.Method, r.RequestURI, r.Host, r.Header, string(body), r.ContentLength, r.TransferEncoding})
		reply := a.reply
		a.mu.Unlock()
		if reply != nil {
			reply(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	}))
	s.Config.Protocols = &http.Protocols{}
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	a.url = s.URL
	return a
}

// answer has the server answer so from now on.
func (a *echoServer) answer(reply http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reply = reply
}

// take returns what has arrived, and forgets it.
func (a *echoServer) take() []echoed {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := a.list
	a.list = nil
	return list
}

// bothProtocols calls f for HTTP/1.1 and for HTTP/2.
func bothProtocols(t *testing.T, f func(t *testing.T, http2 bool)) {
	t.Helper()
	t.Run("HTTP/1.1", func(t *testing.T) { f(t, false) })
	t.Run("HTTP/2", func(t *testing.T) { f(t, true) })
}

// one sends n requests one after the other, checks the run's books and returns what
// has arrived.
func (a *echoServer) one(t *testing.T, path string, n uint64, request Request, set *payloads.Set, change func(*plan.Plan)) (*Run, []echoed) {
	t.Helper()
	target, err := endpoint.Open(t.Context(), a.url+path, endpoint.Options{}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	p := testPlan(n)
	p.Concurrency = 1
	if change != nil {
		change(&p)
	}
	run, err := Start(p, request, set, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	<-run.Done()
	checkBooks(t, run.Snapshot())
	return run, a.take()
}

// TestRemovedHeaders: a header that is removed is not sent, whoever has it sent.
func TestRemovedHeaders(t *testing.T) {
	bothProtocols(t, func(t *testing.T, http2 bool) {
		request := Request{UserAgent: "test", Headers: []payloads.Header{
			{Name: "accept", Remove: true}, {Name: "User-Agent", Remove: true}, {Name: "Content-Type", Remove: true}, {Name: "X-Empty"},
		}}
		_, got := newEchoServer(t).one(t, "/", 1, request, payloads.Single("test", body), func(p *plan.Plan) { p.HTTP2 = http2 })
		if len(got) != 1 {
			t.Fatalf("%d requests", len(got))
		}
		for _, name := range []string{"Accept", "User-Agent", "Content-Type"} {
			if values := got[0].header[name]; values != nil {
				t.Errorf("%s: %q", name, values)
			}
		}
		if empty := got[0].header["X-Empty"]; !slices.Equal(empty, []string{""}) {
			t.Errorf("X-Empty: %q", empty)
		}
	})
	remove := Request{Headers: []payloads.Header{{Name: "host", Remove: true}}}
	if err := remove.Validate(); err == nil {
		t.Error("HTTP/1.1 needs a Host")
	}
}
