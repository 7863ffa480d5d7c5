package stream

import (
	"strings"
	"testing"

	"brunt/attack/clock"
)

// sse makes server-sent events of JSON values; what begins otherwise stands as it is.
func sse(events ...string) string {
	var b strings.Builder
	for _, e := range events {
		if strings.HasPrefix(e, "{") || e == "[DONE]" {
			e = "data: " + e
		}
		b.WriteString(e + "\n\n")
	}
	return b.String()
}

func lines(values ...string) string { return strings.Join(values, "\n") + "\n" }

// spoke is one reply in each dialect and form, with what is in it.
var spoke = []struct {
	name     string
	dialect  Dialect
	format   Format
	text     string
	chunks   int
	stated   Tokens // -1 and 0 are told by none
	finish   FinishReason
	done     bool
	complete bool
	visible  int // the chunk that is the first visible one, from 1 on; 0 is none
}{
	{
		"chat without its end mark", OpenAI, Events,
		sse(`{"choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}`,
			`{"choices":[{"index":0,"delta":{"content":" there"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2}}`),
		2, Tokens{2, 5, -1, -1, 0}, FinishStop, false, true, 1,
	},
	{
		"chat without any end", OpenAI, Events, sse(`{"choices":[{"delta":{"content":"Hello"},"finish_reason":null}]}`),
		1, noTokens, FinishUnknown, false, false, 1,
	},
	{
		"two choices, of which one ended", OpenAI, Events,
		sse(`{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}`, `{"choices":[{"index":1,"delta":{"content":"b"}}]}`),
		2, noTokens, FinishStop, false, false, 1,
	},
	{
		"reasoning, then tools", OpenAI, Events,
		sse(`{"choices":[{"delta":{"role":"assistant","content":"","reasoning_content":null}}]}`,
			`{"choices":[{"delta":{"reasoning_content":"hm"}}]}`, `{"choices":[{"delta":{"reasoning":"so"}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":""}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":""}}]},"finish_reason":"tool_calls"}]}`,
			`{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":7,"completion_tokens_details":{"reasoning_tokens":4,"rejected_prediction_tokens":1},"prompt_tokens_details":{"cached_tokens":8}}}`,
			`[DONE]`),
		4, Tokens{7, 9, 4, 8, 1}, FinishToolCalls, true, true, 3,
	},
	{
		"xAI, whose output is without its reasoning", OpenAI, Events,
		sse(`{"choices":[{"delta":{"content":"x"},"finish_reason":"length"}],"usage":{"prompt_tokens":10,"completion_tokens":1,"total_tokens":41,"completion_tokens_details":{"reasoning_tokens":30}}}`, `[DONE]`),
		1, Tokens{31, 10, 30, -1, 0}, FinishLength, true, true, 1,
	},
	{
		"Responses", Responses, Events,
		sse("event: response.created\ndata: "+`{"type":"response.created","response":{"status":"in_progress","usage":null}}`,
			`{"type":"response.reasoning_summary_text.delta","delta":"hm"}`, `{"delta":"x","type":"response.output_text.delta"}`,
			`{"type":"response.function_call_arguments.delta","delta":"{}"}`, `{"type":"response.output_text.done","text":"x"}`,
			`{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"},"usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":1},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":7}}}}`),
		3, Tokens{9, 3, 7, 1, 0}, FinishLength, true, true, 2,
	},
	{
		"ChatAgent without any end mark", ChatAgent, Events,
		sse(`{"delta":{"role":"assistant","content":"x","id":"1"}}`, `{"delta":{"role":"assistant","content":"y","id":"1"},"finish_reason":"stop","usage":{"completion_tokens":2}}`),
		2, Tokens{2, -1, -1, -1, 0}, FinishStop, false, true, 1,
	},
	{
		"Anthropic", Anthropic, Events,
		sse("event: message_start\ndata: "+`{"type":"message_start","message":{"role":"assistant","content":[],"usage":{"input_tokens":25,"cache_creation_input_tokens":3,"cache_read_input_tokens":100,"output_tokens":1}}}`,
			"event: content_block_start\ndata: "+`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}`,
			"event: ping\ndata: "+`{"type": "ping"}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}`,
			`{"type":"content_block_stop","index":0}`,
			`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hello"}}`,
			`{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}`,
			`{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}`,
			`{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}`,
			`{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"1}"}}`,
			`{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":7,"output_tokens_details":{"thinking_tokens":2}}}`,
			`{"type":"message_stop"}`),
		4, Tokens{7, 128, 2, 100, 0}, FinishToolCalls, true, true, 2,
	},
	{
		"Anthropic with [DONE], by a gateway", Anthropic, Events,
		sse(`{"type":"message_start","message":{"usage":{"input_tokens":0,"output_tokens":0}}}`,
			`{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hello"}}`,
			`{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"input_tokens":25,"output_tokens":1}}`, `{"type":"message_stop"}`, `[DONE]`),
		1, Tokens{1, 25, -1, -1, 0}, FinishLength, true, true, 1,
	},
	{
		"Anthropic, broken", Anthropic, Events,
		sse(`{"type":"message_start","message":{"usage":{"input_tokens":5}}}`, `{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hello"}}`),
		1, Tokens{-1, 5, -1, -1, 0}, FinishUnknown, false, false, 1,
	},
	{
		"Anthropic told as OpenAI's", OpenAI, Events,
		sse(`{"choices":[{"delta":{"content":"x"}}]}`,
			`{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":110,"completion_tokens":1,"cache_read_input_tokens":100}}`, `{"type":"message_stop"}`),
		1, Tokens{1, 110, -1, 100, 0}, FinishStop, true, true, 1,
	},
	{
		"TGI", TGI, Events,
		sse("data:"+`{"index":1,"token":{"id":5,"text":" a","logprob":-0.1,"special":false},"generated_text":null,"details":null}`,
			"data:"+`{"index":2,"token":{"id":5,"text":"","special":false},"generated_text":null}`,
			"data:"+`{"index":3,"token":{"id":2,"text":"</s>","special":true},"generated_text":" a","details":{"finish_reason":"eos_token","generated_tokens":3,"input_length":4,"seed":null}}`),
		1, Tokens{3, 4, -1, -1, 0}, FinishStop, false, true, 1,
	},
	{
		"TGI, broken", TGI, Events, sse(`{"token":{"text":" a","special":false},"generated_text":null}`),
		1, noTokens, FinishUnknown, false, false, 1,
	},
	{
		"Triton", Triton, Events, sse(`{"model_name":"m","model_version":"1","text_output":" a"}`, `{"text_output":""}`, `{"text_output":" b"}`),
		2, noTokens, FinishUnknown, false, true, 1,
	},
	{
		"SGLang, cumulative", SGLang, Events,
		sse(`{"text":"","output_ids":[1],"meta_info":{"id":"x","finish_reason":null,"prompt_tokens":5,"completion_tokens":1,"cached_tokens":2}}`,
			`{"text":" a","output_ids":[1,2],"meta_info":{"finish_reason":null,"prompt_tokens":5,"completion_tokens":2}}`,
			`{"text":" a b","output_ids":[1,2,3],"meta_info":{"finish_reason":null,"prompt_tokens":5,"completion_tokens":3}}`,
			`{"text":" a b","meta_info":{"finish_reason":{"type":"length","length":3},"prompt_tokens":5,"completion_tokens":3}}`, `[DONE]`),
		2, Tokens{3, 5, -1, 2, 0}, FinishLength, true, true, 1,
	},
	{
		"SGLang, in parts, two at once", SGLang, Events,
		sse(`{"text":" a","index":0,"meta_info":{"finish_reason":null,"prompt_tokens":5,"completion_tokens":1}}`,
			`{"text":" b","index":1,"meta_info":{"finish_reason":null,"prompt_tokens":5,"completion_tokens":1}}`,
			`{"text":" c","index":0,"meta_info":{"finish_reason":{"type":"stop","matched":2},"prompt_tokens":5,"completion_tokens":2}}`,
			`{"text":" d","index":1,"meta_info":{"finish_reason":"stop","prompt_tokens":5,"completion_tokens":2}}`),
		4, Tokens{4, 5, -1, -1, 0}, FinishStop, false, true, 1,
	},
	{
		"SGLang without text", SGLang, Events,
		sse(`{"output_ids":[1],"meta_info":{"finish_reason":null,"completion_tokens":1}}`, `{"output_ids":[1,2],"meta_info":{"finish_reason":{"type":"stop"},"completion_tokens":2}}`),
		2, Tokens{2, -1, -1, -1, 0}, FinishStop, false, true, 1,
	},
	{
		"llama.cpp", LlamaCpp, Events,
		sse(`{"index":0,"content":" a","tokens":[7],"stop":false,"id_slot":0,"tokens_predicted":1,"tokens_evaluated":4}`,
			`{"index":0,"content":" b","tokens":[8],"stop":false,"id_slot":0,"tokens_predicted":2,"tokens_evaluated":4}`,
			`{"index":0,"content":"","tokens":[],"stop":true,"model":"m","tokens_predicted":2,"tokens_evaluated":4,"stop_type":"limit","timings":{"cache_n":3,"prompt_n":1,"predicted_n":2}}`),
		2, Tokens{2, 4, -1, 3, 0}, FinishLength, false, true, 1,
	},
	{
		"Gemini", Gemini, Events,
		sse(`{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":8,"thoughtsTokenCount":20,"totalTokenCount":28}}`,
			`{"candidates":[{"content":{"parts":[{"text":"Hello"}],"role":"model"}}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":1,"thoughtsTokenCount":20,"cachedContentTokenCount":4,"totalTokenCount":29}}`,
			`{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"E"}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":3,"thoughtsTokenCount":20,"totalTokenCount":31}}`),
		2, Tokens{23, 8, 20, 4, 0}, FinishStop, false, true, 2,
	},
	{
		"Gemini, an array", Gemini, Array,
		`[{"candidates":[{"content":{"parts":[{"text":"a ]} \"\\"}]}}]}` + "\n,\r\n" +
			`{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]},"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":3}}` + "\n]",
		2, Tokens{3, 8, -1, -1, 0}, FinishLength, false, true, 1,
	},
	{
		"Gemini, blocked", Gemini, Events, sse(`{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":8}}`),
		0, Tokens{-1, 8, -1, -1, 0}, FinishContentFilter, false, true, 0,
	},
	{
		"Cohere", Cohere, Events,
		sse(`{"type":"message-start","id":"1","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[]}}}`,
			`{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I"}}}`,
			`{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}`,
			`{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"hm"}}}}`,
			`{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"x"}}}}`,
			`{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"c","type":"function","function":{"name":"f","arguments":""}}}}}`,
			`{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{}"}}}}}`,
			`{"type":"content-end","index":0}`,
			`{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":4},"tokens":{"input_tokens":71,"output_tokens":6},"cached_tokens":3}}}`),
		5, Tokens{6, 71, -1, 3, 0}, FinishStop, true, true, 3,
	},
	{
		"Ollama chat", Ollama, Lines,
		lines(`{"model":"m","created_at":"t","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}`,
			`{"model":"m","message":{"role":"assistant","content":"x"},"done":false}`,
			`{"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},"done":false}`,
			`{"model":"m","message":{"role":"assistant","content":""},"done_reason":"stop","done":true,"total_duration":1,"prompt_eval_count":26,"eval_count":4}`),
		3, Tokens{4, 26, -1, -1, 0}, FinishStop, false, true, 2,
	},
	{
		"Ollama generate, no end of its last line", Ollama, Lines,
		strings.TrimSpace(lines(`{"model":"m","response":"x","done":false}`, "", `{"model":"m","response":"y","done":true,"done_reason":"length","eval_count":2}`)),
		2, Tokens{2, -1, -1, -1, 0}, FinishLength, false, true, 1,
	},
	{
		"Ollama, broken", Ollama, Lines, lines(`{"model":"m","response":"x","done":false}`), 1, noTokens, FinishUnknown, false, false, 1,
	},
	{
		"Titan", Bedrock, Events,
		sse(`{"outputText":"x","index":0,"completionReason":null}`,
			`{"outputText":"y","index":0,"totalOutputTextTokenCount":2,"completionReason":"FINISH","inputTextTokenCount":5,"amazon-bedrock-invocationMetrics":{"inputTokenCount":5,"outputTokenCount":2}}`),
		2, Tokens{2, 5, -1, -1, 0}, FinishStop, false, true, 1,
	},
	{
		"Llama of Bedrock", Bedrock, Events,
		sse(`{"generation":"x","prompt_token_count":5,"generation_token_count":1,"stop_reason":null}`, `{"generation":"","prompt_token_count":null,"generation_token_count":2,"stop_reason":"length"}`),
		1, Tokens{2, 5, -1, -1, 0}, FinishLength, false, true, 1,
	},
	{
		"Nova", Bedrock, Events,
		sse(`{"messageStart":{"role":"assistant"}}`, `{"contentBlockDelta":{"delta":{"text":"x"},"contentBlockIndex":0}}`, `{"messageStop":{"stopReason":"end_turn"}}`,
			`{"metadata":{"usage":{"inputTokens":3,"outputTokens":1},"metrics":{}}}`),
		1, Tokens{1, 3, -1, -1, 0}, FinishStop, false, true, 1,
	},
	{
		"DSPy", DSPy, Events,
		sse(`{"predict_name":"p","signature_field_name":"reasoning","chunk":"The"}`, `{"predict_name":"p","signature_field_name":"answer","chunk":" bear"}`,
			`{"prediction":{"reasoning":"The","answer":" bear"}}`, `[DONE]`),
		2, noTokens, FinishUnknown, true, true, 2,
	},
	{
		"DSPy from its cache", DSPy, Events, sse(`{"prediction":{"answer":" bear"}}`), 1, noTokens, FinishUnknown, false, true, 1,
	},
	{
		"DSPy that passes chunks on", OpenAI, Events,
		sse(`{"chunk":{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}}`, `{"prediction":{"answer":"x"}}`, `[DONE]`),
		1, noTokens, FinishStop, true, true, 1,
	},
	{
		"unknown", Unknown, Events, sse(`{"token":"a"}`, ": ping", `{"answer":{"x":1}}`, "data: words"), 3, noTokens, FinishUnknown, false, true, 1,
	},
	{
		"unknown, with its usage", Unknown, Events, sse(`{"text":"a"}`, `{"usage":{"completion_tokens":4}}`, "[DONE]"),
		2, Tokens{4, -1, -1, -1, 0}, FinishUnknown, true, true, 1,
	},
	{
		"unknown lines", Unknown, Lines, "\x1e" + lines(`{"a":1}`, `[2]`, `data: {"b":1}`), 3, noTokens, FinishUnknown, false, true, 1,
	},
	{
		"an event of its own, then chunks", OpenAI, Events, sse(`{"trace_id":"1"}`, `{"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}`),
		1, noTokens, FinishStop, false, true, 1,
	},
	{
		"aborted", OpenAI, Events, sse(`{"choices":[{"delta":{"content":"x"}}]}`, `{"choices":[{"delta":{},"finish_reason":"abort"}]}`, `[DONE]`),
		1, noTokens, FinishAborted, true, true, 1,
	},
	{
		"aborted by SGLang", SGLang, Events, sse(`{"text":"","meta_info":{"finish_reason":{"type":"abort","message":"too long","status_code":400},"completion_tokens":0}}`, `[DONE]`),
		0, Tokens{0, -1, -1, -1, 0}, FinishAborted, true, true, 0,
	},
	{
		"guessed to be events", OpenAI, Guess, " \n" + sse(`{"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}`), 1, noTokens, FinishStop, false, true, 1,
	},
	{
		"guessed to be lines", Ollama, Guess, lines(`{"response":"x","done":true}`), 1, noTokens, FinishUnknown, false, true, 1,
	},
}

// TestDialects reads one reply of each dialect, whole and split at each byte: what is
// found, and the instants of what the pieces end, do not depend on it.
func TestDialects(t *testing.T) {
	var s, split Stream // used again, as workers do
	seen := map[Dialect]bool{}
	for _, c := range spoke {
		seen[c.dialect] = true
		feed := func(s *Stream, text string, at func(end int) clock.Instant) {
			s.Reset(c.format)
			for i := range len(text) {
				s.Feed([]byte(text[i:i+1]), at(i+1))
			}
			s.End(at(len(text) + 1))
		}
		feed(&s, c.text, func(end int) clock.Instant { return clock.Instant(end) })
		if s.Failed || s.Dialect != c.dialect || s.Chunks != c.chunks || s.Stated != c.stated || s.Finish != c.finish ||
			s.Done != c.done || s.Complete() != c.complete {
			t.Errorf("%s: %v, failed %v, %d chunks, %+v, %v, done %v, complete %v", c.name, s.Dialect, s.Failed, s.Chunks,
				s.Stated, s.Finish, s.Done, s.Complete())
		}
		place, visible := s.First, 0
		for i := range s.Chunks {
			if place == s.FirstVisible && visible == 0 {
				visible = i + 1
			}
			if i < len(s.Gaps) && s.Choices == 1 {
				place = place.Add(s.Gaps[i])
			}
		}
		if visible != c.visible {
			t.Errorf("%s: chunk %d is the first visible one, not %d", c.name, visible, c.visible)
		}
		want := allOf(&s)
		for at := range len(c.text) + 1 {
			// What ends before the border came at 1, all else at 2.
			split.Reset(c.format)
			split.Feed([]byte(c.text[:at]), 1)
			split.Feed([]byte(c.text[at:]), 2)
			split.End(2)
			if got := allOf(&split); got != want {
				t.Fatalf("%s, split at %d: %+v, want %+v", c.name, at, got, want)
			}
			for _, i := range []struct{ whole, split clock.Instant }{
				{s.Begun, split.Begun}, {s.First, split.First}, {s.FirstVisible, split.FirstVisible}, {s.Last, split.Last},
			} {
				side := clock.Instant(2)
				if int(i.whole) <= at {
					side = 1
				}
				if i.whole == 0 && i.split != 0 || i.whole > 0 && i.split != side {
					t.Fatalf("%s, split at %d: instant %d is %d", c.name, at, i.whole, i.split)
				}
			}
		}
	}
	for d := range dialects {
		if r := &table[d]; !seen[d] || r.name == "" || r.output == "" || r.usage == "" || r.end == "" || r.fails == "" || r.source == "" {
			t.Errorf("dialect %d: %+v, told %v", d, *r, seen[d])
		}
	}
}

// TestFailuresOfDialects has the ways in which dialects say that they failed.
func TestFailuresOfDialects(t *testing.T) {
	for name, c := range map[string]struct {
		format Format
		text   string
	}{
		"Anthropic":   {Events, sse("event: error\ndata: " + `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`)},
		"no type":     {Events, sse(`{"type":"error","error":{"message":"Overloaded"}}`)},
		"TGI":         {Events, sse(`{"error":"Request failed","error_type":"generation"}`)},
		"Triton":      {Events, sse(`{"text_output":"a"}`, `{"error":"oh"}`)},
		"llama.cpp":   {Events, sse(`error: {"code":500,"message":"oh","type":"server_error"}`)},
		"Gemini":      {Array, `[{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}]`},
		"Cohere":      {Events, sse(`{"type":"message-end","delta":{"finish_reason":"ERROR","error":"oh"}}`)},
		"Ollama":      {Lines, lines(`{"response":"a","done":false}`, `{"error":"oh"}`)},
		"Responses":   {Events, sse(`{"type":"response.failed","response":{"error":{"code":"server_error","message":"oh"}}}`)},
		"lines":       {Lines, lines(`{"a":1}`, `{"error_code":"X","message":"oh"}`)},
		"after a end": {Events, sse(`{"type":"message_stop"}`, `{"error":"oh"}`)},
	} {
		for size := range 8 {
			s := &Stream{}
			s.Reset(c.format)
			for rest := c.text; len(rest) > 0; {
				n := min(size+1, len(rest))
				s.Feed([]byte(rest[:n]), 1)
				rest = rest[n:]
			}
			s.End(1)
			if !s.Failed || !strings.HasPrefix(string(s.Sample), "{") {
				t.Errorf("%s: %+v", name, allOf(s))
			}
		}
	}
}
