//go:build !race

package attack

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/quiet"
	"brunt/payloads"
)

// dialectTokens is how many tokens each answer of spokenDialects has.
const dialectTokens = 8

// spokenDialects are what a server of each dialect sends: before the first token, for
// each token, and behind the last one.
var spokenDialects = map[string]struct{ contentType, before, token, after string }{
	"OpenAI chat": {"text/event-stream", roleEvent, `data: {"choices":[{"index":0,"delta":{"content":"a"}}]}` + "\n\n",
		finishEvent + `data: {"choices":[],"usage":{"completion_tokens":8,"prompt_tokens":5}}` + "\n\n" + doneEvent},
	"OpenAI completions": {"text/event-stream", "", `data: {"choices":[{"index":0,"text":"a"}]}` + "\n\n",
		`data: {"choices":[{"index":0,"text":"","finish_reason":"stop"}],"usage":{"completion_tokens":8,"prompt_tokens":5}}` + "\n\n"},
	"Responses": {"text/event-stream", "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{}}\n\n",
		`data: {"type":"response.output_text.delta","delta":"a"}` + "\n\n",
		`data: {"type":"response.completed","response":{"usage":{"output_tokens":8,"input_tokens":5}}}` + "\n\n"},
	"Anthropic": {"text/event-stream", "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n\n" +
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n",
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n",
		"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":8}}\n\n" +
			"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"},
	"TGI": {"text/event-stream", "", `data:{"index":1,"token":{"id":1,"text":"a","logprob":-1,"special":false},"generated_text":null,"details":null}` + "\n\n",
		`data:{"index":9,"token":{"id":2,"text":"</s>","logprob":-1,"special":true},"generated_text":"aaaaaaaa","details":{"finish_reason":"eos_token","generated_tokens":8,"seed":null}}` + "\n\n"},
	"llama.cpp": {"text/event-stream", "", `data: {"content":"a","stop":false}` + "\n\n",
		`data: {"content":"","stop":true,"tokens_predicted":8,"tokens_evaluated":5,"stop_type":"eos"}` + "\n\n"},
	"Gemini": {"text/event-stream", "", `data: {"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"}}]}` + "\r\n\r\n",
		`data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":8}}` + "\r\n\r\n"},
	"Ollama": {"application/x-ndjson", "", `{"model":"m","message":{"role":"assistant","content":"a"},"done":false}` + "\n",
		`{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":5,"eval_count":8}` + "\n"},
}

// TestDialectTruth holds what is said of each dialect's streams against a log of the
// server's own: its tokens exactly, the first one's time within 2 ms, and the time per
// token within 1 %.
func TestDialectTruth(t *testing.T) {
	const n, first, gap = 6, 100 * time.Millisecond, 40 * time.Millisecond
	for name, d := range spokenDialects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quiet.Repeat(t, func() error {
				var mu sync.Mutex
				var log []streamLog
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					one := streamLog{arrived: time.Now()}
					w.Header().Set("Content-Type", d.contentType)
					io.WriteString(w, d.before)
					w.(http.Flusher).Flush()
					for i := range dialectTokens {
						takes(time.Until(one.arrived.Add(first+time.Duration(i)*gap)), r)
						one.sent = append(one.sent, time.Now())
						io.WriteString(w, d.token)
						w.(http.Flusher).Flush()
					}
					io.WriteString(w, d.after)
					mu.Lock()
					log = append(log, one)
					mu.Unlock()
				}))
				defer server.Close()
				p := testPlan(n)
				p.Concurrency = 3
				run := start(t, server.URL, p, payloads.Single("test", chatBody), endpoint.Options{})
				<-run.Done()
				s := run.Snapshot()
				checkStreamBooks(t, s)
				prompts := uint64(5 * n)
				if name == "TGI" { // which states none
					prompts = 0
				}
				if c := &s.Counts.Stream; c.Streams != n || c.OutputTokens != n*dialectTokens || c.ByUsage != n || c.PromptTokens != prompts {
					t.Fatalf("%+v; %+v", *c, s.Failures)
				}
				ttft, tpot, inter, _ := figuresOf(log, 1)
				l := &s.Latencies
				mean := func(f figure.Figure) float64 { return l[f].Mean() / 1e9 }
				if l[figure.TPOT].TotalCount() != n || l[figure.InterChunk].TotalCount() != n*(dialectTokens-1) {
					t.Fatalf("%d times per token, %d gaps", l[figure.TPOT].TotalCount(), l[figure.InterChunk].TotalCount())
				}
				if off := math.Abs(mean(figure.TTFT) - ttft); off > 0.002 {
					return fmt.Errorf("the first token is off by %.2f ms", 1e3*off)
				}
				for f, server := range map[figure.Figure]float64{figure.TPOT: tpot, figure.InterChunk: inter} {
					if off := math.Abs(mean(f)/server - 1); off > streamsWithin {
						return fmt.Errorf("%v is off by %.2f %%", f, 100*off)
					}
				}
				return nil
			})
		})
	}
}
