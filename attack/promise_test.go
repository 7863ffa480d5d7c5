package attack

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"brunt/attack/endpoint"
	"brunt/payloads"
	"brunt/payloads/needs"
)

// oddBodies are bodies that parsers may disagree about, each with what is to
// arrive of it: ID stands for the request's id, and what has none is sent as
// it is in that respect.
var oddBodies = []struct{ body, sent string }{
	{`{"prompt":"a"}`, `{"client_request_id":"ID","prompt":"ID a"}`},
	{`{"prompt":"first","prompt":"last"}`, `{"client_request_id":"ID","prompt":"first","prompt":"ID last"}`},
	{`  { "input" : [ "" , "x" ] , "n" : 1e5 }  `, `  {"client_request_id":"ID", "input" : [ "ID " , "x" ] , "n" : 1e5 }  `},
	{`{"client_request_id":"mine","prompt":"a"}`, `{"client_request_id":"mine","prompt":"ID a"}`},
	{`{"client_request_id":null,"prompt":"b"}`, `{"client_request_id":null,"prompt":"ID b"}`},
	{`{"client\u005frequest_id":"mine","pr\u006fmpt":"c"}`, `{"client\u005frequest_id":"mine","pr\u006fmpt":"ID c"}`},
	{`{"Client_Request_Id":"other","prompt":"d"}`, `{"client_request_id":"ID","Client_Request_Id":"other","prompt":"ID d"}`},
	{`{"nested":{"client_request_id":"n","prompt":"n","messages":[{"role":"user","content":"n"}]},"prompt":"e"}`,
		`{"client_request_id":"ID","nested":{"client_request_id":"n","prompt":"n","messages":[{"role":"user","content":"n"}]},"prompt":"ID e"}`},
	{`{"zażółć":"🚀","prompt":"\"\\ud83d\ude80 ` + "\u2028" + `"}`, `{"client_request_id":"ID","zażółć":"🚀","prompt":"ID \"\\ud83d\ude80 ` + "\u2028" + `"}`},
	{`{"messages":[{"content":"s","role":"system"},{"role":"assistant","content":"a"},{"content":[{"type":"image_url","image_url":{"url":"u"}},{"text":"q","type":"text"}],"role":"us\u0065r"}],"prompt":"p"}`,
		`{"client_request_id":"ID","messages":[{"content":"s","role":"system"},{"role":"assistant","content":"a"},{"content":[{"type":"image_url","image_url":{"url":"u"}},{"text":"ID q","type":"text"}],"role":"us\u0065r"}],"prompt":"p"}`},
	{`{"prompt":"` + strings.Repeat("long ", 300_000) + `"}`, `{"client_request_id":"ID","prompt":"ID ` + strings.Repeat("long ", 300_000) + `"}`},
	{`{"system":"` + strings.Repeat("long ", 30_000) + `","prompt":"f"}`, `{"client_request_id":"ID","system":"` + strings.Repeat("long ", 30_000) + `","prompt":"ID f"}`},
}

var requestIDs = regexp.MustCompile(`[0-9a-z]{10}-(w?[0-9]+)`)

// promised takes the ids out of what arrives, which must be all the same
// within a body, and keeps what is left.
type promised struct {
	mu     sync.Mutex
	ids    map[string]int
	bodies map[string]int
	wrong  []string
}

func (a *promised) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	found := slices.Compact(slices.Sorted(slices.Values(requestIDs.FindAllString(string(b), -1))))
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil || len(found) != 1 || r.ContentLength != int64(len(b)) {
		a.wrong = append(a.wrong, fmt.Sprintf("%d of %d bytes, ids %q, %v: %.80s", len(b), r.ContentLength, found, err, b))
		return
	}
	a.ids[found[0]]++
	a.bodies[strings.ReplaceAll(string(b), found[0], "ID")]++
}

// TestOddBodiesArriveAsPromised: two files, one with CRLF and a byte order
// mark, the other compressed, of which one weighs twice as much, in all orders
// and over both protocols. Each body arrives as often as its turns come, to the
// byte, and all ids are those of the run, none of them twice.
func TestOddBodiesArriveAsPromised(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	dir := t.TempDir()
	plain, packed := filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.jsonl.zst")
	half := len(oddBodies) / 2
	text := [2]string{"\xEF\xBB\xBF\r\n", "\n"}
	for i, b := range oddBodies {
		if i < half {
			text[0] += b.body + "\r\n\r\n"
		} else {
			text[1] += b.body + "\n \n"
		}
	}
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{plain: []byte(text[0]), packed: encoder.EncodeAll([]byte(text[1]), nil)} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, order := range []payloads.Order{payloads.Sequential, payloads.Shuffle, payloads.Random} {
		for _, h2 := range []bool{false, true} {
			if racing && order != payloads.Shuffle {
				continue
			}
			t.Run(fmt.Sprint(order, h2), func(t *testing.T) {
				set, err := payloads.Open([]payloads.Spec{{Path: plain, Weight: 2}, {Path: packed, Weight: 1}}, payloads.Options{Order: order, Seed: 3, Unique: true, ClientRequestID: true})
				if err != nil {
					t.Fatal(err)
				}
				defer set.Close()
				seen := &promised{ids: map[string]int{}, bodies: map[string]int{}}
				p := testPlan(uint64(3 * 4 * half))
				p.Timeout = time.Minute // the bodies are large, and the machine may be busy
				url := ""
				if p.HTTP2 = h2; h2 {
					url, _ = h2Server(t, false, 0, seen.ServeHTTP)
				} else {
					server := httptest.NewServer(seen)
					defer server.Close()
					url = server.URL
				}
				run := start(t, url, p, set, endpoint.Options{})
				<-run.Done()
				s := run.Snapshot()
				checkBooks(t, s)
				seen.mu.Lock()
				defer seen.mu.Unlock()
				if s.Counts.Succeeded != p.Requests || len(seen.wrong) > 0 || len(seen.ids) != int(p.Requests) {
					t.Fatalf("%d succeeded of %d, %d ids, wrong: %q; %+v", s.Counts.Succeeded, p.Requests, len(seen.ids), seen.wrong, s.Failures)
				}
				for i := range p.Requests {
					if id := fmt.Sprintf("%s-%d", s.RunID, i); seen.ids[id] != 1 {
						t.Errorf("%s came %d times", id, seen.ids[id])
					}
				}
				want := map[string]int{}
				for i, b := range oddBodies {
					want[b.sent] = map[bool]int{true: 8, false: 4}[i < half]
				}
				if order == payloads.Random { // which counts nothing
					for b := range seen.bodies {
						if want[b] == 0 {
							t.Errorf("unknown body %.200s", b)
						}
					}
				} else if !maps.Equal(seen.bodies, want) {
					for _, b := range oddBodies {
						if seen.bodies[b.sent] != want[b.sent] {
							t.Errorf("%d times, not %d: %.200s", seen.bodies[b.sent], want[b.sent], b.body)
						}
						delete(seen.bodies, b.sent)
					}
					for b := range seen.bodies {
						t.Errorf("unknown body %.200s", b)
					}
				}
			})
		}
	}
}
