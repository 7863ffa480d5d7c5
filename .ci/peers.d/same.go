package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// witness is a server that looks at what a client really sends.
type witness struct {
	body []byte // what each request should carry

	mu         sync.Mutex
	used       map[net.Conn]bool // open connections that have carried a request
	peak       int               // of those, at most
	right      int
	wrong      int
	firstWrong string
}

// state counts a connection from its first request on: wrk opens one more to
// see whether it can, and closes it unused.
func (w *witness) state(c net.Conn, s http.ConnState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch s {
	case http.StateActive:
		w.used[c] = true
		w.peak = max(w.peak, len(w.used))
	case http.StateClosed, http.StateHijacked:
		delete(w.used, c)
	}
}

// ServeHTTP takes its time, so that a client needs all its connections.
func (w *witness) ServeHTTP(reply http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	time.Sleep(20 * time.Millisecond)
	w.mu.Lock()
	switch {
	case err != nil: // cut off at the end of the run
	case r.Method != http.MethodPost || !bytes.Equal(body, w.body) || r.Header.Get("Content-Type") != "application/json":
		w.wrong++
		if w.firstWrong == "" {
			w.firstWrong = fmt.Sprintf("%s of %d bytes as %q", r.Method, len(body), r.Header.Get("Content-Type"))
		}
	default:
		w.right++
	}
	w.mu.Unlock()
	reply.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(reply, `{"predictions":[0.25]}`)
}

// same runs a client for a moment against a witness, and says what is unlike
// the load that was asked for; nothing if it is the same.
func (b *bench) same(ctx context.Context, r row, p runner) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	l, err := b.load(r, p, func(path string, _ bool) string {
		return fmt.Sprintf("http://%s%s", listener.Addr(), path)
	})
	if err != nil {
		return "", errors.Join(err, listener.Close())
	}
	defer os.RemoveAll(l.dir)
	body, err := os.ReadFile(l.body)
	if err != nil {
		return "", errors.Join(err, listener.Close())
	}
	w := &witness{body: body, used: map[net.Conn]bool{}}
	server := &http.Server{Handler: w, ConnState: w.state}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	l.seconds = 1
	if r.connections > 64 {
		l.seconds = 2 // Locust opens them slowly
	}
	if _, _, err := p.client.run(ctx, l); err != nil {
		return "", err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.wrong > 0:
		return fmt.Sprintf("sends something else: %s in %d of %d requests", w.firstWrong, w.wrong, w.wrong+w.right), nil
	case w.right == 0:
		return "sent nothing", nil
	case w.peak != r.connections:
		return fmt.Sprintf("opens %d connections instead of %d", w.peak, r.connections), nil
	}
	return "", nil
}

// checkSame looks at every client for each closed row that differs in what is
// sent, and marks the row's lines by name.
func (b *bench) checkSame(ctx context.Context, chosen []row) map[string]map[string]string {
	type sent struct{ bytes, connections int }
	seen := map[sent]map[string]string{}
	marks := map[string]map[string]string{}
	for _, r := range chosen {
		if !r.closed() {
			continue
		}
		runners, err := r.compared(b.chosen)
		if err != nil {
			continue // said when it is measured
		}
		key := sent{r.bytes, r.connections}
		if seen[key] == nil {
			seen[key] = map[string]string{}
			for _, p := range runners {
				mark, err := b.same(ctx, r, p)
				if err != nil {
					mark = "could not be checked: " + err.Error()
				}
				if ctx.Err() != nil {
					return marks
				}
				fmt.Fprintf(
					os.Stderr,
					"check %s  %s: %s\n",
					r.name,
					p.label,
					cmp.Or(mark, "same body, same connections"),
				)
				seen[key][p.label] = mark
			}
		}
		marks[r.name] = seen[key]
	}
	return marks
}
