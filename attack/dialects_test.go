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

	"brunt/attack/figure"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads"
)

// streamReply is a chunked reply of a content type, each event in a chunk of its own.
func streamReply(contentType string, events ...string) string {
	return strings.Replace(sse(events...), "text/event-stream", contentType, 1)
}

const (
	finishEvent = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	otherEvent  = `data: {"answer":"x"}` + "\n\n"
)

// TestStreamForms: what streams of other forms than OpenAI's are counted as.
func TestStreamForms(t *testing.T) {
	t.Parallel()
	ndjson := []string{`{"response":"a","done":false}` + "\n", `{"response":"b","done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2}` + "\n"}
	gemini := []string{
		`[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}` + "\n,",
		`{"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2}}`, "]\n",
	}
	two := result.StreamCounts{Streams: 6, Choices: 6, Chunks: 12, OutputTokens: 12, PromptTokens: 18, ByUsage: 6}
	unread := result.StreamCounts{Streams: 6, Unknown: 6, Choices: 6, Chunks: 12, ByNothing: 6}
	for name, c := range map[string]struct {
		reply, kind string
		want        result.StreamCounts
	}{
		"no end mark":       {reply: sse(tokenEvent, tokenEvent, finishEvent, usageEvent), want: result.StreamCounts{Streams: 6, Choices: 6, Chunks: 12, OutputTokens: 30, PromptTokens: 18, ByUsage: 6}},
		"lines":             {reply: streamReply("application/x-ndjson; charset=utf-8", ndjson...), want: two},
		"lines, broken":     {reply: streamReply("application/x-ndjson", ndjson[0]), kind: result.KindStreamBroken},
		"array":             {reply: streamReply("application/json; charset=UTF-8", gemini...), want: two},
		"array, in bits":    {reply: streamReply("application/json", "[", "{", `"cand`, strings.TrimPrefix(gemini[0], `[{"cand`), gemini[1], "]"), want: two},
		"array, broken":     {reply: streamReply("application/json", gemini[0]), kind: result.KindStreamBroken},
		"array of an error": {reply: streamReply("application/json", `[{"error":{"message":"oh"}}]`), kind: result.KindStreamError},
		"other array":       {reply: streamReply("application/json", `[{"label":"x","score":0.5}]`)},
		"unknown":           {reply: sse(otherEvent, ": ping\n\n", otherEvent), want: unread},
		"unknown lines":     {reply: streamReply("application/jsonl", "[1]\n", "[2]"), want: unread},
		"several tokens":    {reply: sse(`data: {"choices":[{"delta":{"content":"so it is"}}]}`+"\n\n", doneEvent), want: result.StreamCounts{Streams: 6, Choices: 6, Chunks: 6, ByNothing: 6}},
		"two choices": {
			reply: sse(`data: {"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"a"}}]}`+"\n\n", doneEvent),
			want:  result.StreamCounts{Streams: 6, Choices: 12, Chunks: 12, OutputTokens: 12, ByChunks: 6},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
				for request(in) {
					io.WriteString(conn, c.reply)
				}
			})
			s := attackOf(t, url, testPlan(6))
			checkStreamBooks(t, s)
			failed := uint64(0)
			if c.kind != "" {
				failed = 6
			}
			if s.Counts.Stream != c.want || s.Counts.Failed != failed || countOf(s, c.kind) != failed {
				t.Errorf("%+v, want %+v; %+v", s.Counts.Stream, c.want, s.Failures)
			}
		})
	}
}

// TestCommentsAfterTheEnd: once an answer is complete, comments and pings no longer keep
// its reply alive; before that they do.
func TestCommentsAfterTheEnd(t *testing.T) {
	t.Parallel()
	const stall = 300 * time.Millisecond
	for end, want := range map[string]string{
		finishEvent:                              "did not end within 300 ms of its finish reason, after 1 chunk",
		doneEvent:                                "did not end within 300 ms of its [DONE], after 1 chunk",
		`data: {"type":"message_stop"}` + "\n\n": "did not end within 300 ms of its",
	} {
		begin := strings.TrimSuffix(sse(tokenEvent, end), "0\r\n\r\n")
		pings := ": ping\n\ndata: {\"type\":\"ping\"}\n\n"
		ping := fmt.Sprintf("%x\r\n%s\r\n", len(pings), pings)
		url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
			request(in)
			io.WriteString(conn, begin)
			tick := time.NewTicker(stall / 6)
			defer tick.Stop()
			for {
				<-tick.C
				if _, err := io.WriteString(conn, ping); err != nil {
					return
				}
			}
		})
		p := testPlan(2)
		p.Concurrency, p.StreamStall, p.Timeout = 2, stall, 20*time.Second
		s := attackOf(t, url, p)
		if countOf(s, result.KindStreamStalled) != 2 || !strings.Contains(s.Failures[0].Message.String(), want) {
			t.Errorf("%+v", s.Failures)
		}
		h2, _ := h2Server(t, false, 0, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, tokenEvent+end)
			for r.Context().Err() == nil {
				w.(http.Flusher).Flush()
				takes(stall/6, r)
				io.WriteString(w, ": ping\n\n")
			}
		})
		p = h2Plan(2)
		p.Concurrency, p.StreamStall, p.Timeout = 2, stall, 20*time.Second
		if s := h2Run(t, h2, p, payloads.Single("test", chatBody)); countOf(s, result.KindStreamStalled) != 2 {
			t.Errorf("HTTP/2: %+v", s.Failures)
		}
	}
}

// TestChoicesArePaced: of several answers side by side each has gaps and a pace of its
// own.
func TestChoicesArePaced(t *testing.T) {
	const gap = 60 * time.Millisecond
	url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
		for request(in) {
			io.WriteString(conn, sse()[:strings.Index(sse(), "\r\n\r\n")+4])
			for i := range 4 {
				if i > 0 {
					<-time.After(gap)
				}
				for index := range 3 {
					event := fmt.Sprintf(`data: {"choices":[{"index":%d,"delta":{"content":"a"}}]}`+"\n\n", index)
					fmt.Fprintf(conn, "%x\r\n%s\r\n", len(event), event)
				}
			}
			last := `data: {"choices":[],"usage":{"completion_tokens":12}}` + "\n\n" + doneEvent
			fmt.Fprintf(conn, "%x\r\n%s\r\n0\r\n\r\n", len(last), last)
		}
	})
	p := testPlan(4)
	p.Concurrency = 2
	quiet.Repeat(t, func() error { // a server that is kept from its core sends two at once
		s := attackOf(t, url, p)
		checkStreamBooks(t, s)
		l := &s.Latencies
		gaps, perToken := l[figure.InterChunk], l[figure.TPOT]
		if gaps.TotalCount() != 4*9 || perToken.TotalCount() != 4 {
			t.Errorf("%d gaps, %d times per token", gaps.TotalCount(), perToken.TotalCount())
		}
		// None is shorter than the server waited; divided by all tokens it would be a third.
		if short, least := time.Duration(gaps.Min()), time.Duration(perToken.Min()); short < gap/2 || least < gap*9/10 {
			return fmt.Errorf("gaps of %v or more, times per token of %v or more", short, least)
		}
		return nil
	})
}
