package attack

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/stream"
	"brunt/payloads"
)

// wholeReply is a reply with a length.
func wholeReply(contentType, body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nX-Request-Id: r1\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body), body)
}

const (
	wholeAnswer = `{"choices":[{"message":{"content":"hi"},"finish_reason":"length"}],"usage":{"prompt_tokens":9,"completion_tokens":7,` +
		`"completion_tokens_details":{"reasoning_tokens":4},"prompt_tokens_details":{"cached_tokens":8}}}`
	overloaded = `{"error":{"message":"model overloaded","type":"server_error","code":503}}`
	abortEvent = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"abort"}]}` + "\n\n"
	loginPage  = "\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"
)

// TestAnswersThatAreNone: what has the status of a success and is none, over HTTP/1.1 and
// HTTP/2, and what only looks like it.
func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reply, kind, message string
		mode                 plan.StreamMode
	}{
		"error":           {wholeReply("application/json", overloaded), result.KindAnswerError, "an error by its body: model overloaded", ""},
		"of Databricks":   {wholeReply("application/json", `{"error_code":"BAD_REQUEST","message":"no such model"}`), result.KindAnswerError, "no such model", ""},
		"error, off":      {wholeReply("application/json; charset=utf-8", overloaded), result.KindAnswerError, "overloaded", plan.StreamOff},
		"error as events": {sse(overloaded), result.KindAnswerError, "overloaded", ""},
		"page":            {wholeReply("text/html; charset=utf-8", loginPage), result.KindAnswerPage, "a web page by its body: Sign in", ""},
		"page as events":  {sse(loginPage), result.KindAnswerPage, "Sign in", ""},
		"aborted":         {sse(tokenEvent, abortEvent, doneEvent), result.KindAnswerAborted, "finish reason abort, after 1 chunk", ""},
		"aborted, whole":  {wholeReply("application/json", strings.Replace(wholeAnswer, "length", "error", 1)), result.KindAnswerAborted, "finish reason error", ""},
		"aborted, and why": {
			sse(`data: {"text":"","meta_info":{"finish_reason":{"type":"abort","message":"input too long"},"completion_tokens":0}}`+"\n\n", doneEvent),
			result.KindAnswerAborted, "after 0 chunks: input too long", "",
		},
		"answer":         {wholeReply("application/json", wholeAnswer), "", "", ""},
		"other model's":  {wholeReply("application/json", `{"predictions":[1],"error":{"message":"x"}}`), "", "", ""},
		"figures":        {wholeReply("application/json", `{"error":0.5}`), "", "", ""},
		"text":           {wholeReply("text/html", "0.87"), "", "", ""},
		"a long text":    {wholeReply("application/json", `{"error":"`+strings.Repeat("x", maxWhole)+`"}`), "", "", ""},
		"a failed error": {strings.Replace(wholeReply("application/json", overloaded), "200 OK", "503 No", 1), "status_503", "model overloaded", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
				for request(in) {
					io.WriteString(conn, c.reply)
				}
			})
			p := testPlan(6)
			p.Stream = c.mode
			run := start(t, url, p, payloads.Single("test", chatBody), endpoint.Options{})
			<-run.Done()
			s := run.Snapshot()
			checkBooks(t, s)
			failed := uint64(0)
			if c.kind != "" {
				failed = 6
			}
			if s.Counts.Failed != failed || countOf(s, c.kind) != failed || s.Counts.Connections > 4 {
				t.Fatalf("%d failed, %d connections: %+v", s.Counts.Failed, s.Counts.Connections, s.Failures)
			}
			if failed > 0 {
				f := s.Failures[0]
				if !strings.Contains(f.Message.String(), c.message) || f.Status == 0 && (f.RequestID != "r1" || f.Advice.Empty()) {
					t.Errorf("%+v", f)
				}
			}
		})
	}
	url, _ := h2Server(t, false, 0, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(string(body), "<") {
			w.Header().Set("Content-Type", "text/html")
		}
		w.Write(body)
	})
	for body, kind := range map[string]string{overloaded: result.KindAnswerError, strings.TrimSpace(loginPage): result.KindAnswerPage, `{"a":1}`: ""} {
		s := h2Run(t, url, h2Plan(6), payloads.Single("test", []byte(body)))
		if n := countOf(s, kind); kind != "" && n != 6 || kind == "" && s.Counts.Failed > 0 {
			t.Errorf("HTTP/2, %s: %d, %+v", body, n, s.Failures)
		}
	}
}

// TestPagesOfWebSites: without a body no model was asked, and a page is what was wanted.
func TestPagesOfWebSites(t *testing.T) {
	url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
		for request(in) {
			io.WriteString(conn, wholeReply("text/html", loginPage))
		}
	})
	run := start(t, url, testPlan(4), payloads.Single("test", nil), endpoint.Options{})
	<-run.Done()
	if s := run.Snapshot(); s.Counts.Succeeded != 4 {
		t.Errorf("%+v", s.Failures)
	}
}

// TestAnswersCounted: why the answers ended, and what their tokens are made up of.
func TestAnswersCounted(t *testing.T) {
	t.Parallel()
	const usage = `,"usage":{"prompt_tokens":9,"completion_tokens":7,"completion_tokens_details":{"reasoning_tokens":4}}}` + "\n\n"
	streamed := sse(`data: {"choices":[{"index":0,"delta":{"reasoning_content":"a"}}]}`+"\n\n", tokenEvent,
		`data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"},{"index":1,"delta":{"content":"a"},"finish_reason":"tool_calls"}]`+usage, doneEvent)
	asked, plain := string(chatBody), `{"messages":[],"stream":false}`
	counts := func(reasons map[stream.FinishReason]uint64, c result.AnswerCounts) result.AnswerCounts {
		for reason, n := range reasons {
			c.Finishes[reason] = n
		}
		return c
	}
	whole := result.AnswerCounts{Reasoning: 24, Visible: 18, Reasoned: 6, Cached: 48, Cachers: 6}
	wholeAsked := whole
	wholeAsked.Whole = 6
	length := map[stream.FinishReason]uint64{stream.FinishLength: 6}
	for name, c := range map[string]struct {
		body, reply string
		want        result.AnswerCounts
	}{
		"stream": {asked, streamed, counts(map[stream.FinishReason]uint64{stream.FinishStop: 6, stream.FinishToolCalls: 6},
			result.AnswerCounts{Reasoning: 24, Visible: 18, Reasoned: 6})},
		"whole":            {plain, wholeReply("application/json", wholeAnswer), counts(length, whole)},
		"asked for stream": {asked, wholeReply("application/json", wholeAnswer), counts(length, wholeAsked)},
		"asked far inside": {`{"prompt":"` + strings.Repeat("x", 100_000) + `","stream" : true}`, wholeReply("application/json", wholeAnswer), counts(length, wholeAsked)},
		"other model":      {asked, wholeReply("application/json", `{"predictions":[1]}`), result.AnswerCounts{}},
	} {
		url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
			for request(in) {
				io.WriteString(conn, c.reply)
			}
		})
		run := start(t, url, testPlan(6), payloads.Single("test", []byte(c.body)), endpoint.Options{})
		<-run.Done()
		if s := run.Snapshot(); s.Counts.Answers != c.want {
			t.Errorf("%s: %+v, want %+v; %+v", name, s.Counts.Answers, c.want, s.Failures)
		}
	}
}

// TestFirstVisible: the first output that is no reasoning has a time of its own.
func TestFirstVisible(t *testing.T) {
	t.Parallel()
	const gap = 60 * time.Millisecond
	url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
		for request(in) {
			write := func(event string) { fmt.Fprintf(conn, "%x\r\n%s\r\n", len(event), event) }
			io.WriteString(conn, strings.TrimSuffix(sse(`data: {"choices":[{"delta":{"reasoning_content":"a"}}]}`+"\n\n"), "0\r\n\r\n"))
			<-time.After(gap)
			write(tokenEvent)
			write(doneEvent)
			io.WriteString(conn, "0\r\n\r\n")
		}
	})
	p := testPlan(4)
	p.Concurrency, p.Good = 2, plan.Bounds{figure.FirstVisible: gap * 9 / 10}
	l := attackOf(t, url, p)
	visible, first := l.Latencies[figure.FirstVisible], l.Latencies[figure.TTFT]
	if visible.TotalCount() != 4 || visible.Min() < int64(gap*9/10) || first.Min() > visible.Min() || l.Counts.Good != 0 {
		t.Errorf("%d from %v on, the first output from %v on; %d good", visible.TotalCount(), time.Duration(visible.Min()),
			time.Duration(first.Min()), l.Counts.Good)
	}
}
