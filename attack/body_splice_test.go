package attack

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/payloads"
)

// uniqueSet is a file of bodies with --unique, small ones and some whose head
// or tail is too large for one buffer.
func uniqueSet(t *testing.T, n int) *payloads.Set {
	t.Helper()
	var file strings.Builder
	for i := range n {
		system, user := "s", "u"
		switch i % 4 {
		case 1:
			user = strings.Repeat("u", 3*maxCopied)
		case 2:
			system = strings.Repeat("s", 2*maxCopied)
		}
		fmt.Fprintf(&file, `{"messages":[{"role":"system","content":%q},{"role":"user","content":"%d%s"}]}`+"\n", system, i, user)
	}
	path := filepath.Join(t.TempDir(), "unique.jsonl")
	if err := os.WriteFile(path, []byte(file.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := payloads.Open([]payloads.Spec{{Path: path, Weight: 1}}, payloads.Options{Unique: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

// uniqueServer takes the nonces out of what arrives, and counts both them and
// the bodies that are left.
type uniqueServer struct {
	mu     sync.Mutex
	nonces map[string]int
	bodies map[string]int
	runs   map[string]bool
	warm   int
	wrong  int
}

var nonce = regexp.MustCompile(`"role":"user","content":"(([0-9a-z]+)-(w?)[0-9]+) `)

func (s *uniqueServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	m := nonce.FindSubmatchIndex(b)
	if m == nil || r.ContentLength != int64(len(b)) {
		s.wrong++
		return
	}
	s.nonces[string(b[m[2]:m[3]])]++
	s.runs[string(b[m[4]:m[5]])] = true
	if m[6] < m[7] {
		s.warm++
	}
	s.bodies[string(b[:m[2]])+string(b[m[3]+1:])]++
}

// TestUniqueBodies sends each body with a nonce of its own, over all
// transports: the rest of it is what stands in the file, and its length what
// the head says.
func TestUniqueBodies(t *testing.T) {
	for name, secure := range map[string]bool{"plain": false, "tls": true, "h2": true, "h2c": false} {
		t.Run(name, func(t *testing.T) {
			seen := &uniqueServer{nonces: map[string]int{}, bodies: map[string]int{}, runs: map[string]bool{}}
			p := testPlan(200)
			var url string
			switch {
			case strings.HasPrefix(name, "h2"):
				url, _ = h2Server(t, secure, 0, seen.ServeHTTP)
				p.HTTP2 = true
			case secure:
				server := httptest.NewTLSServer(seen)
				t.Cleanup(server.Close)
				url = server.URL
			default:
				server := httptest.NewServer(seen)
				t.Cleanup(server.Close)
				url = server.URL
			}
			set := uniqueSet(t, 20)
			for range 2 {
				run := start(t, url, p, set, endpoint.Options{Insecure: true})
				<-run.Done()
				s := run.Snapshot()
				checkBooks(t, s)
				if s.Counts.Succeeded != 200 {
					t.Errorf("%d succeeded: %+v", s.Counts.Succeeded, s.Failures)
				}
			}
			if seen.wrong > 0 || len(seen.nonces) != 400 || len(seen.bodies) != 20 || len(seen.runs) != 2 {
				t.Errorf("%d wrong, %d nonces, %d bodies, %d runs", seen.wrong, len(seen.nonces), len(seen.bodies), len(seen.runs))
			}
			for i := range uint64(20) {
				if n := seen.bodies[string(set.At(i).Body)]; n != 20 {
					t.Errorf("body %d came %d times", i, n)
				}
			}
		})
	}
}

// TestUniqueWarmup: the warm-up's requests begin their indexes anew, and yet
// no nonce comes twice.
func TestUniqueWarmup(t *testing.T) {
	seen := &uniqueServer{nonces: map[string]int{}, bodies: map[string]int{}, runs: map[string]bool{}}
	server := httptest.NewServer(seen)
	defer server.Close()
	p := testPlan(0)
	p.Rate, p.Duration, p.Warmup = mustRate(t, "400"), 500*time.Millisecond, 250*time.Millisecond
	run := start(t, server.URL, p, uniqueSet(t, 8), endpoint.Options{})
	<-run.Done()
	if s := run.Snapshot(); s.Counts.Sent != 200 || s.Counts.Warmup != 100 {
		t.Errorf("%d sent, %d in the warm-up", s.Counts.Sent, s.Counts.Warmup)
	}
	if len(seen.nonces) != 300 || seen.warm != 100 || seen.wrong > 0 {
		t.Errorf("%d nonces, %d of the warm-up, %d wrong", len(seen.nonces), seen.warm, seen.wrong)
	}
}

// TestSplicesDoNotAllocate: a nonce costs its bytes and no memory.
func TestSplicesDoNotAllocate(t *testing.T) {
	set := uniqueSet(t, 8)
	w := &slot{run: &Run{id: newRunID(), payloads: set}}
	once := func() {
		for i := range uint64(8) {
			w.ex.index = i
			item := set.At(i)
			w.buf, _, _ = w.startBody(w.buf[:0], &item, &requestKind{lengths: true})
			if _, err := w.wholeBody(&item); err != nil {
				t.Fatal(err)
			}
		}
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
