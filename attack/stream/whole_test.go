package stream

import (
	"testing"

	"brunt/attack/clock"
)

// TestErrorObject: errors under the status of a success, in each shape, and answers of
// models that look like one.
func TestErrorObject(t *testing.T) {
	for _, body := range []string{
		`{"error":{"message":"model overloaded","type":"server_error","code":503}}`,
		` {"error_code":"REQUEST_LIMIT_EXCEEDED","message":"no"} ` + "\n",
		`{"error":"Request failed","error_type":"generation"}`,
		`{"error":"oh"}`,
		`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}`,
		`{"error":{"code":503,"message":"x","status":"UNAVAILABLE","details":[]}}`,
		`{"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400}`,
		`{"timestamp":"t","status":500,"error":"Internal Server Error","path":"/x"}`,
		`{"error":true,"message":"no such model"}`,
		`{"success":false,"errors":[{"message":"x"}],"messages":[],"result":null,"message":"x"}`,
	} {
		if !ErrorObject([]byte(body)) {
			t.Errorf("no error: %s", body)
		}
	}
	for _, body := range []string{
		``, `{}`, `[]`, `{"predictions":[1]}`, `{"error":0.12}`, `{"error":null,"message":"hello"}`, `{"error":"none"}`, `{"error":"","message":"x"}`,
		`{"error":{"rmse":0.1,"mae":2}}`, `{"error":[0.1,0.2]}`, `{"predictions":[1],"error":{"message":"x"}}`, `{"choices":[],"error":{"message":"x"}}`,
		`{"detail":"fine"}`, `{"message":"hello"}`, `{"error_code":0,"message":"ok"}`, `{"error":"x","output":"y"}`, `{"error":"x"`, `{"error":"x"}{"a":1}`,
		`"error"`, `{"text":"{\"error\":\"x\"}"}`, `{"error":false,"message":"fine"}`, `{"error":"x","result":{"a":1}}`,
	} {
		if ErrorObject([]byte(body)) {
			t.Errorf("an error: %s", body)
		}
	}
}

// TestWholeAnswers: why the choices of whole replies ended.
func TestWholeAnswers(t *testing.T) {
	var u Usage
	for body, want := range map[string]FinishReason{
		`{"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"length","stop_reason":null}],"usage":{"completion_tokens":1}}`: FinishLength,
		`{"choices":[{"text":"x","finish_reason":"stop"},{"text":"","finish_reason":"abort"}]}`:                                            FinishAborted,
		`{"type":"message","role":"assistant","content":[{"type":"text","text":"hi"}],"stop_reason":"tool_use"}`:                           FinishToolCalls,
		`{"text":"x","meta_info":{"finish_reason":{"type":"abort","message":"full"}}}`:                                                     FinishAborted,
		`{"model":"m","message":{"content":"x"},"done":true,"done_reason":"stop"}`:                                                         FinishStop,
		`{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"SAFETY"}]}`:                                                    FinishContentFilter,
		`{"predictions":["the finish_reason is abort"]}`:                                                                                   FinishUnknown,
		`{"predictions":[{"finish_reason":"abort"}]}`:                                                                                      FinishUnknown,
	} {
		u.Reset()
		u.Feed([]byte(body))
		u.Read([]byte(body))
		if u.End(); u.Finish != want {
			t.Errorf("%v, want %v: %s", u.Finish, want, body)
		}
	}
}

// TestTPOT: only tokens that were sent make a pace.
func TestTPOT(t *testing.T) {
	const chunk = `{"choices":[{"index":0,"delta":{"content":"a"}}]}`
	thought := `{"choices":[{"index":0,"delta":{"reasoning_content":"a"}}]}`
	usage := func(more string) string { return `{"choices":[],"usage":{"prompt_tokens":1` + more + `}}` }
	gemini := func(parts, tokens string) string {
		return `{"candidates":[{"content":{"parts":[` + parts + `]},"finishReason":"STOP"}],"usageMetadata":{` + tokens + `}}`
	}
	anthropic := func(delta string) string { return `{"type":"content_block_delta","delta":{` + delta + `}}` }
	for name, c := range map[string]struct {
		events []string // 10 apart
		tpot   int      // 0 is none
		paced  bool
	}{
		"all were sent":         {[]string{chunk, chunk, chunk, usage(`,"completion_tokens":3`)}, 10, true},
		"three tokens a chunk":  {[]string{chunk, chunk, chunk, usage(`,"completion_tokens":9`)}, 2, true},
		"reasoning was not":     {[]string{chunk, chunk, chunk, usage(`,"completion_tokens":503,"completion_tokens_details":{"reasoning_tokens":500}`)}, 10, true},
		"reasoning was":         {[]string{thought, thought, chunk, usage(`,"completion_tokens":3,"completion_tokens_details":{"reasoning_tokens":2}`)}, 10, true},
		"a prediction was not":  {[]string{chunk, chunk, chunk, usage(`,"completion_tokens":13,"completion_tokens_details":{"rejected_prediction_tokens":10}`)}, 10, true},
		"more reasoning than":   {[]string{chunk, chunk, usage(`,"completion_tokens":3,"completion_tokens_details":{"reasoning_tokens":5}`)}, 0, true},
		"one token is visible":  {[]string{chunk, usage(`,"completion_tokens":501,"completion_tokens_details":{"reasoning_tokens":500}`)}, 0, true},
		"Gemini's summary":      {[]string{gemini(`{"text":"hm","thought":true}`, ""), gemini(`{"text":"a"}`, ""), gemini(`{"text":"a"}`, `"candidatesTokenCount":3,"thoughtsTokenCount":500`)}, 5, true},
		"a summary of unknown":  {[]string{gemini(`{"text":"hm","thought":true}`, ""), gemini(`{"text":"a"}`, ""), gemini(`{"text":"a"}`, `"candidatesTokenCount":3`)}, 0, false},
		"withheld, unknown":     {[]string{`{"type":"content_block_start","content_block":{"type":"redacted_thinking","data":"E"}}`, anthropic(`"text":"a"`), anthropic(`"text":"a"`), `{"type":"message_delta","usage":{"output_tokens":90}}`}, 0, false},
		"withheld, stated":      {[]string{`{"type":"content_block_start","content_block":{"type":"thinking","thinking":""}}`, anthropic(`"text":"a"`), anthropic(`"text":"a"`), `{"type":"message_delta","usage":{"output_tokens":90,"output_tokens_details":{"thinking_tokens":87}}}`}, 5, true},
		"thoughts in full":      {[]string{anthropic(`"thinking":"a"`), anthropic(`"text":"a"`), `{"type":"message_delta","usage":{"output_tokens":2}}`}, 10, true},
		"no usage":              {[]string{chunk, chunk}, 10, true},
		"no usage, many tokens": {[]string{chunk, `{"choices":[{"delta":{"content":"so it is"}}]}`}, 0, true},
		"unknown":               {[]string{`{"a":1}`, `{"a":1}`}, 0, true},
	} {
		s := &Stream{}
		s.Reset(Events)
		for i, e := range c.events {
			s.Feed([]byte(sse(e)), clock.Instant(10*(1+i)))
		}
		if tpot, ok := s.TPOT(); int(tpot) != c.tpot || ok != (c.tpot > 0) || s.Unpaced() == c.paced {
			t.Errorf("%s: %d, %v; unpaced %v", name, tpot, ok, s.Unpaced())
		}
	}
}
