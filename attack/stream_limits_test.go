package attack

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads"
)

// TestStreamLimits: up to a stream's first output the time-out holds and no stall does,
// whatever else has come; from then on the stall does, and the streams' own time-out.
func TestStreamLimits(t *testing.T) {
	const stall, timeout, pace = 150 * time.Millisecond, 300 * time.Millisecond, 20 * time.Millisecond
	answer := func(first time.Duration, tokens int, ends bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			say := func(event string) {
				_, _ = io.WriteString(w, event)
				w.(http.Flusher).Flush()
			}
			w.Header().Set("Content-Type", "text/event-stream")
			say(roleEvent)
			takes(first, r)
			for range tokens {
				say(tokenEvent)
				takes(pace, r)
			}
			if ends {
				say(doneEvent)
				return
			}
			<-r.Context().Done()
		}
	}
	const never = time.Minute
	for _, row := range []struct {
		name    string
		handler http.HandlerFunc
		streams time.Duration // their time-out
		kind    string        // of the failure, empty for a success
	}{
		{"first output after more than the stall", answer(timeout-stall/2, 1, true), 0, ""},
		{"longer than the time-out", answer(0, 20, true), never, ""},
		{"longer than the only time-out", answer(0, 20, true), 0, result.KindTimeoutReply},
		{"longer than that of streams", answer(0, 40, true), 450 * time.Millisecond, result.KindTimeoutReply},
		{"no output", answer(never, 1, true), never, result.KindTimeoutReply},
		{"output, and nothing more", answer(0, 2, false), never, result.KindStreamStalled},
	} {
		for _, over := range []string{"HTTP/1.1", "HTTP/2"} {
			t.Run(row.name+", "+over, func(t *testing.T) {
				t.Parallel()
				quiet.Repeat(t, func() error {
					p, url := testPlan(1), ""
					if over == "HTTP/2" {
						p = h2Plan(1)
						url, _ = h2Server(t, false, 0, row.handler)
					} else {
						server := httptest.NewServer(row.handler)
						defer server.Close()
						url = server.URL
					}
					p.Concurrency, p.Timeout, p.StreamTimeout, p.StreamStall = 1, timeout, row.streams, stall
					s := h2Run(t, url, p, payloads.Single("test", chatBody))
					if row.kind == "" && s.Counts.Succeeded == 1 || row.kind != "" && countOf(s, row.kind) == 1 {
						return nil
					}
					return fmt.Errorf("%d succeeded, %+v", s.Counts.Succeeded, s.Failures)
				})
			})
		}
	}
}
