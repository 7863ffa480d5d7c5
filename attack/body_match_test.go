package attack

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"brunt/attack/endpoint"
	"brunt/attack/result"
	"brunt/payloads"
)

// TestBodyPatterns: bodies decide what the status leaves open, over both protocols, whole
// and as streams; what was looked at in part is told.
func TestBodyPatterns(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("http2 %t", http2), func(t *testing.T) {
			t.Parallel()
			var turn atomic.Int64
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				switch turn.Add(1) % 6 {
				case 0:
					fmt.Fprint(w, `{"predictions":[1]}`)
				case 1:
					fmt.Fprint(w, `{"predictions":[]}`)
				case 2:
					fmt.Fprint(w, `{"predictions":[2],"degraded":true}`)
				case 3:
					w.Header().Set("Content-Type", "text/event-stream")
					fmt.Fprint(w, "data: {\"predictions\":[3]}\n\ndata: [DONE]\n\n")
				case 4: // the pattern lies beyond what is looked at
					fmt.Fprint(w, strings.Repeat(" ", maxMatched)+`{"predictions":[4]}`)
				case 5: // patterns are for successes
					w.WriteHeader(http.StatusServiceUnavailable)
					fmt.Fprint(w, "degraded")
				}
			}))
			if http2 {
				startH2(t, server, false)
			} else {
				server.Start()
				t.Cleanup(server.Close)
			}
			p := testPlan(60)
			p.HTTP2 = http2
			p.SuccessBody, p.FailBody = regexp.MustCompile(`"predictions":\[\d`), regexp.MustCompile("degraded")
			run := start(t, server.URL, p, payloads.Single("test", body), endpoint.Options{})
			<-run.Done()
			s := run.Snapshot()
			checkBooks(t, s)
			got := map[string]uint64{}
			for _, f := range s.Failures {
				got[f.Kind] = f.Count
				if f.Kind == result.KindBodyMatched && !strings.Contains(fmt.Sprint(f.Message), `[2],"degraded":true`) {
					t.Errorf("%v", f.Message)
				}
			}
			if s.Counts.Succeeded != 20 || got[result.KindBodyMatched] != 10 || got[result.KindBodyUnmatched] != 20 || got["status_503"] != 10 {
				t.Errorf("%d succeeded; %v", s.Counts.Succeeded, got)
			}
			if text := fmt.Sprint(s.Warnings); !strings.Contains(text, "10 replies had bodies of 256 KiB or more") {
				t.Errorf("warnings: %s", text)
			}
		})
	}
}
