package panel

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"go.uber.org/goleak"
	"golang.org/x/term"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/setting"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start begins a run against a server that answers every fourth request with
// a 500.
func start(t *testing.T, testPlan plan.Plan) *attack.Run {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n++; n%4 == 0 {
			w.WriteHeader(500)
		}
	}))
	t.Cleanup(server.Close)
	target, err := endpoint.Open(t.Context(), server.URL, endpoint.Options{}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	run, err := attack.Start(testPlan, attack.Request{}, payloads.Single("", nil), target, nil)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func testPlan(t *testing.T) plan.Plan {
	t.Helper()
	rate, err := plan.ParseRate("200")
	if err != nil {
		t.Fatal(err)
	}
	return plan.Plan{Rate: rate, Concurrency: 1, Duration: time.Minute, Timeout: time.Second, KeepAlive: true,
		AtEnd: plan.Drain, CatchUp: plan.CatchUpSend, Success: plan.DefaultSuccess()}
}

// TestPanel runs in a pseudo-terminal that is resized in mid-run; q ends it,
// and the terminal is as it was before.
func TestPanel(t *testing.T) {
	keyboard, screen, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer keyboard.Close()
	defer screen.Close()
	if err := pty.Setsize(screen, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(int(screen.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	drawn := make(chan string, 1)
	go func() {
		var b strings.Builder
		_, _ = io.Copy(&b, keyboard)
		drawn <- b.String()
	}()
	p := testPlan(t)
	run := start(t, p)
	hide := Show(screen, screen, run, &p, false, func() { run.Stop(plan.Drain) })
	time.AfterFunc(1500*time.Millisecond, func() {
		_ = pty.Setsize(screen, &pty.Winsize{Rows: 60, Cols: 200})
	})
	time.AfterFunc(2500*time.Millisecond, func() { _, _ = keyboard.WriteString("q") })
	<-run.Done()
	hide()
	after, err := term.GetState(int(screen.Fd()))
	if err != nil || *before != *after {
		t.Errorf("the terminal's state is not what it was: %v", err)
	}
	if s := run.Snapshot(); !s.Interrupted {
		t.Error("q does not end the run")
	}
	screen.Close()
	keyboard.Close()
	text := <-drawn
	for _, want := range []string{"running", "p99", "status_500", "q drains", "\x1b[?1049l", "\x1b[?25h"} {
		if !strings.Contains(text, want) {
			t.Errorf("the screen never held %q", want)
		}
	}
}

// TestQuietWhereNoTerminal: not a byte goes to a pipe.
func TestQuietWhereNoTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := testPlan(t)
	run := start(t, p)
	hide := Show(w, nil, run, &p, false, nil)
	run.Stop(plan.Drain)
	<-run.Done()
	hide()
	w.Close()
	if b, err := io.ReadAll(r); err != nil || len(b) > 0 {
		t.Errorf("%q %v", b, err)
	}
}

// TestViewFits draws runs of all kinds into all sizes: no line is wider than
// the terminal and there are no more lines than it has.
func TestViewFits(t *testing.T) {
	p := testPlan(t)
	p.Duration = 1200 * time.Millisecond
	run := start(t, p)
	<-run.Done()
	full := run.Snapshot()
	full.Failures = append(full.Failures, result.Failure{Kind: strings.Repeat("k", 300), Message: setting.Plain(strings.Repeat("é", 300)), Count: 1 << 40})
	empty := &result.Snapshot{Latencies: result.NewLatencies()}
	for _, s := range []*result.Snapshot{full, empty} {
		for _, size := range [][2]int{{80, 24}, {200, 60}, {64, 16}} {
			m := &model{plan: &p, styles: newStyles(io.Discard), snapshot: s, width: size[0], height: size[1]}
			lines := strings.Split(m.View(), "\n")
			if len(lines) > size[1] {
				t.Errorf("%v: %d lines", size, len(lines))
			}
			for _, line := range lines {
				if utf8.RuneCountInString(line) > size[0] {
					t.Errorf("%v: %d columns: %q", size, utf8.RuneCountInString(line), line)
				}
			}
		}
	}
}

// TestWholeMessages: where the terminal has room below, nothing of a message or
// of a reason is cut.
func TestWholeMessages(t *testing.T) {
	p := testPlan(t)
	message := "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure"
	reason := "the endpoint refused 33 % of the requests, most of them with 429 Too Many Requests from its own limit"
	s := &result.Snapshot{Latencies: result.NewLatencies(), Failures: []result.Failure{{Kind: "status_503", Status: 503, Message: setting.Plain(message), Count: 12}}}
	s.Verdict.Reasons = []string{reason}
	view := func(height int) string {
		m := &model{plan: &p, styles: newStyles(io.Discard), snapshot: s, width: 80, height: height}
		return strings.Join(strings.Fields(m.View()), " ")
	}
	if whole := view(40); !strings.Contains(whole, message) || !strings.Contains(whole, reason) {
		t.Errorf("cut in spite of room:\n%s", whole)
	}
	if short := view(16); strings.Contains(short, message) {
		t.Errorf("no room for this:\n%s", short)
	}
}
