package live_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"brunt/report"
	"brunt/report/job"
	"brunt/report/live"
)

// endpoint answers after a few milliseconds; each tenth request fails.
func endpoint(t testing.TB) string {
	t.Helper()
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-time.After(2 * time.Millisecond) // what it takes to answer
		if n.Add(1)%10 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprint(w, `{"message":"<b>said</b> the server"}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// bodies is a file of two kinds of requests.
func bodies(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bodies.jsonl")
	must(os.WriteFile(path, []byte(`{"name":"short","body":{"n":1}}`+"\n"+`{"name":"<i>long","body":{"n":2}}`+"\n"), 0o600))
	return path
}

// session is brunt's own, as its command line makes it, without the process.
type session struct {
	*job.Session
	flags     live.Flags
	interrupt chan os.Signal
	said      *said
	published []*report.Report
	ended     chan struct{}
}

func newSession(t testing.TB, args ...string) *session {
	t.Helper()
	var c struct {
		URL  string     `arg:""`
		Job  job.Flags  `embed:""`
		Live live.Flags `embed:""`
	}
	if _, err := kong.Must(&c).Parse(args); err != nil {
		t.Fatal(err)
	}
	source, err := job.Open(c.Job, c.URL, job.Allow{Load: c.Live.Wait, End: true}, job.Streams{In: strings.NewReader(""), Out: io.Discard, Args: append([]string{"attack"}, args...)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(source.Close)
	s := &session{flags: c.Live, interrupt: make(chan os.Signal, 3), said: &said{first: make(chan string, 1)}, ended: make(chan struct{})}
	s.Session = &job.Session{
		Source: source, Interrupts: s.interrupt, Die: func() { t.Error("told to die") }, In: strings.NewReader(""), Err: s.said,
		Publish: func(rep *report.Report, unwritten error) error {
			s.published = append(s.published, rep)
			return unwritten
		},
	}
	return s
}

// serve begins to serve the page and gives its address.
func (s *session) serve(t testing.TB) string {
	t.Helper()
	go func() {
		defer close(s.ended)
		if err := s.Serve(s.flags); err != nil {
			t.Error(err)
		}
	}()
	select {
	case line := <-s.said.first:
		url, found := strings.CutPrefix(strings.TrimSpace(line), "live view: ")
		if !found {
			t.Fatalf("the first line said is %q", line)
		}
		return url
	case <-s.ended:
		t.Fatal("it ended at once")
	}
	return ""
}

// said is standard error, of which the first line matters.
type said struct {
	first chan string
	lines atomic.Int64
}

func (s *said) Write(b []byte) (int, error) {
	if s.lines.Add(1) == 1 {
		s.first <- string(b)
	}
	return len(b), nil
}
