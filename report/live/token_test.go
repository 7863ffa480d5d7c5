package live_test

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"

	"brunt/report"
)

// The token is in no answer, whatever is asked for, and in no report: neither
// of the command line's run nor of one that the page started.
func TestTokenIsNotShown(t *testing.T) {
	const token = "a-token-that-nobody-else-has"
	for name, wait := range map[string]bool{"command line": false, "page": true} {
		t.Run(name, func(t *testing.T) {
			args := []string{"mock://?latency=1ms", "-r", "100", "-d", "200ms", "--serve=127.0.0.1:0", "--serve-token=" + token}
			if wait {
				args = append(args, "--wait")
			} else {
				args = append(args, "--linger=10m")
			}
			s := newSession(t, args...)
			link, _, _ := strings.Cut(s.serve(t), "?")
			ask := func(method, path, body string) string {
				req, err := http.NewRequest(method, link+path, strings.NewReader(body))
				must(err)
				req.Header.Set("Authorization", "Bearer "+token)
				req.Header.Set("Content-Type", "application/json")
				resp, err := http.DefaultClient.Do(req)
				must(err)
				defer resp.Body.Close()
				var text bytes.Buffer
				must(resp.Header.Write(&text))
				_, err = text.ReadFrom(resp.Body)
				must(err)
				return text.String()
			}
			defer http.DefaultClient.CloseIdleConnections()
			if wait {
				ask("POST", "api/start", "{}")
			}
			for !strings.Contains(ask("GET", "metrics", ""), `brunt_run_state{state="done"} 1`) {
			}
			answers := ask("POST", "api/stop", `{"how":"`+token[:8]+`"}`)
			for _, path := range []string{"", "api/report", "api/runs", "api/runs/1", "metrics", "healthz", "download/report.html", "download/report.json",
				"download/intervals.csv", "download/results", "api/nothing", "api/start"} {
				answers += ask("GET", path, "")
			}
			s.interrupt <- os.Interrupt
			<-s.ended
			var published bytes.Buffer
			must(report.JSON(&published, s.published[0]))
			for what, text := range map[string]string{"an answer": answers, "the report": published.String()} {
				if strings.Contains(text, token) || len(text) < 1000 {
					t.Errorf("%s of %d bytes tells the token", what, len(text))
				}
			}
		})
	}
}
