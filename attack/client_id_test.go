package attack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"brunt/attack/endpoint"
	"brunt/payloads"
)

// TestClientRequestIDs: each request carries an id of its own, its length is
// right, and the report knows what the ids begin with. Bodies that have an id
// keep it.
func TestClientRequestIDs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bodies.jsonl")
	long := `{"inputs":"` + strings.Repeat("x", 100<<10) + `"}`
	if err := os.WriteFile(file, []byte(`{"inputs":[1]}`+"\n{ }\n"+`{"client_request_id":"mine"}`+"\n"+long+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, secure := range map[string]bool{"HTTP/1.1": false, "TLS": true, "HTTP/2": false} {
		t.Run(name, func(t *testing.T) {
			set, err := payloads.Open([]payloads.Spec{{Path: file, Weight: 1}}, payloads.Options{ClientRequestID: true})
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			var mu sync.Mutex
			ids := map[string]int{}
			answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, err := io.ReadAll(r.Body)
				var got struct {
					ID string `json:"client_request_id"`
				}
				if err == nil {
					err = json.Unmarshal(b, &got)
				}
				if err != nil || r.ContentLength != int64(len(b)) {
					t.Errorf("%d of %d bytes, %v: %.80s", len(b), r.ContentLength, err, b)
				}
				mu.Lock()
				defer mu.Unlock()
				ids[got.ID]++
			})
			p := testPlan(400)
			p.HTTP2 = name == "HTTP/2"
			url := ""
			switch {
			case p.HTTP2:
				url, _ = h2Server(t, false, 0, answer)
			case secure:
				s := httptest.NewTLSServer(answer)
				defer s.Close()
				url = s.URL
			default:
				s := httptest.NewServer(answer)
				defer s.Close()
				url = s.URL
			}
			run := start(t, url, p, set, endpoint.Options{Insecure: true})
			<-run.Done()
			s := run.Snapshot()
			checkBooks(t, s)
			mu.Lock()
			defer mu.Unlock()
			if s.Counts.Succeeded != 400 || ids["mine"] != 100 || len(ids) != 301 || len(s.RunID) < 8 {
				t.Errorf("%d succeeded, %d ids, run %q", s.Counts.Succeeded, len(ids), s.RunID)
			}
			for i := range 400 {
				if i%4 != 2 && ids[fmt.Sprintf("%s-%d", s.RunID, i)] != 1 {
					t.Fatalf("request %d's id came %d times", i, ids[fmt.Sprintf("%s-%d", s.RunID, i)])
				}
			}
			if len(s.Warnings) != 1 || !strings.HasPrefix(s.Warnings[0].String(), "1 of 4 bodies have a client_request_id") {
				t.Errorf("%q", s.Warnings)
			}
		})
	}
	if s := attackOf(t, "http://127.0.0.1:1", testPlan(1)); s.RunID != "" {
		t.Errorf("run id %q without being asked", s.RunID)
	}
}
