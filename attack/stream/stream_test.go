package stream

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"brunt/attack/clock"
)

// fed is a stream that got the text in pieces of the size, each at the place
// where it ended.
func fed(text string, size int) *Stream {
	s := &Stream{}
	s.Reset(Events)
	for at := 0; at < len(text); at += size {
		end := min(at+size, len(text))
		s.Feed([]byte(text[at:end]), clock.Instant(end))
	}
	s.End(clock.Instant(len(text)))
	return s
}

// say is what a test compares of a stream.
type say struct {
	Chunks, Valid, Foreign, Skipped int
	Output, Prompt                  int64
	Done, Failed                    bool
	Sample                          string
}

func said(s *Stream) say {
	return say{s.Chunks, s.Valid, s.Foreign, s.Skipped, s.Stated.Output, s.Stated.Prompt, s.Done, s.Failed, string(s.Sample)}
}

const (
	role  = `data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n"
	word  = `data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"a \"b\" {\\"},"finish_reason":null}]}` + "\n\n"
	token = `data: {"choices":[{"index":0,"delta":{"content":" a"}}]}` + "\n\n"
	stop  = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	usage = `data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":12,"total_tokens":19}}` + "\n\n"
	done  = "data: [DONE]\n\n"
)

var streams = []struct {
	name, text string
	want       say
}{
	{"chat", role + word + word + stop + usage + done, say{2, 5, 0, 0, 12, 7, true, false, ""}},
	{"usage null, then in each chunk", role +
		`data: {"usage":null,"choices":[{"delta":{"content":"x"}}]}` + "\n\n" +
		`data: {"choices":[{"delta":{"content":"x"}}],"usage":{"completion_tokens":1,"prompt_tokens":9}}` + "\n\n" +
		`data: {"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":9,"completion_tokens":2}}` + "\n\n" + done,
		say{3, 4, 0, 0, 2, 9, true, false, ""}},
	{"no usage", role + word + stop + done, say{1, 3, 0, 0, -1, -1, true, false, ""}},
	{"completions", `data: {"object":"text_completion","choices":[{"index":0,"text":"once"}]}` + "\n\n" +
		`data: {"choices":[{"text":""}]}` + "\n\n" + done, say{1, 2, 0, 0, -1, -1, true, false, ""}},
	{"items", `data: {"choices":[{"delta":{"role":"assistant","content":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]}]}}]}` + "\n\n" +
		`data: {"choices":[{"delta":{"content":[{"type":"text","text":""}]}}]}` + "\n\n" +
		`data: {"choices":[{"delta":{"content":[]}}]}` + "\n\n" +
		`data: {"choices":[{"delta":{"content":[{"type":"text","text":"x"}]}}]}` + "\n\n" + done, say{2, 4, 0, 0, -1, -1, true, false, ""}},
	{"reasoning and tools", `data: {"choices":[{"delta":{"content":null,"reasoning_content":"h","tool_calls":[]}}]}` + "\n\n" +
		`data: {"choices":[{"delta":{"tool_calls":[]}}]}` + "\n\n" +
		`data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}]}}]}` + "\n\n" + done,
		say{2, 3, 0, 0, -1, -1, true, false, ""}},
	{"several choices", `data: {"choices":[{"index":0,"delta":{"content":""}},{"index":1,"delta":{"content":"x"}}]}` + "\n\n" + done,
		say{1, 1, 0, 0, -1, -1, true, false, ""}},
	{"agent", `data: {"type":"response.output_text.delta","item_id":"i","delta":"x"}` + "\n\n" +
		`data: {"type":"response.output_item.done","item":{"content":[{"text":"x"}]}}` + "\n\n" +
		`data: {"type":"response.completed","response":{"output":[],"usage":{"input_tokens":3,"output_tokens":1}}}` + "\n\n",
		say{1, 3, 0, 0, 1, 3, true, false, ""}},
	{"agent, told as wholes", `data: {"type":"response.output_item.done","item":{"type":"function_call","name":"f","arguments":"{}"}}` + "\n\n" +
		`data: {"type":"response.output_item.done","item":{"output":"x","name":"f","type":"function_call_output"}}` + "\n\n" +
		`data: {"type":"response.output_item.added","item":{"type":"message","content":[{"type":"output_text","text":"x"}]}}` + "\n\n" +
		`data: {"type":"response.output_item.done","item":{"type":"message","content":[{"type":"output_text","text":"x"}]}}` + "\n\n" +
		`data: {"type":"response.output_text.delta","delta":"x"}` + "\n\n" +
		`data: {"type":"response.output_item.done","item":{"type":"message","content":[{"type":"output_text","text":"x"}]}}` + "\n\n" +
		`data: {"item":{"summary":[{"text":"hm"}],"type":"reasoning"},"type":"response.output_item.done"}` + "\n\n" +
		`data: {"type":"response.incomplete","response":{"usage":{"output_tokens":5}}}` + "\n\n", say{4, 8, 0, 0, 5, -1, true, false, ""}},
	{"agent, failed", `data: {"type":"response.failed","response":{}}` + "\n\n", say{0, 0, 0, 0, -1, -1, false, true, `{"type":"response.failed","response":{}}`}},
	{"object of an error", word + `data: {"object":"error","message":"too long","code":400}` + "\n\n" + done,
		say{1, 1, 0, 0, -1, -1, true, true, `{"object":"error","message":"too long","code":400}`}},
	{"chat agent", `data: {"delta":{"role":"assistant","content":"x","id":"1"}}` + "\n\n" + done, say{1, 1, 0, 0, -1, -1, true, false, ""}},
	{"CRLF", strings.ReplaceAll(role+word+done, "\n", "\r\n"), say{1, 2, 0, 0, -1, -1, true, false, ""}},
	{"CR", strings.ReplaceAll(role+word+done, "\n", "\r"), say{1, 2, 0, 0, -1, -1, true, false, ""}},
	{"comments and other fields", "\xef\xbb\xbf: ping\n\n" + "id: 1\nretry: 10\n: x\nevent: chunk\n" + word + ":\n\n" + "data\n\n" + done,
		say{1, 1, 1, 0, -1, -1, true, false, ""}},
	{"several data lines", "data: {\"choices\":\ndata:[{\"delta\":\ndata: {\"content\":\"x\"}}]}\n\n" + done, say{1, 1, 0, 0, -1, -1, true, false, ""}},
	{"no last empty line", role + word + "data: [DONE]", say{1, 2, 0, 0, -1, -1, true, false, ""}},
	{"nothing after the end", word + done + word + "event: error\ndata: {}\n\n", say{1, 1, 0, 0, -1, -1, true, false, ""}},
	{"broken", role + word + `data: {"choices":[{"delta":{"content":"x`, say{1, 2, 1, 0, -1, -1, false, false, ""}},
	{"error event", role + "event: error\ndata: oh\n\n" + done, say{0, 1, 0, 0, -1, -1, true, true, "oh"}},
	{"error object", word + `data: {"error":{"message":"full","code":429}}` + "\n\n", say{1, 1, 0, 0, -1, -1, false, true, `{"error":{"message":"full","code":429}}`}},
	{"error code", `data: {"error_code":"BAD","message":"no"}` + "\n\n", say{0, 0, 0, 0, -1, -1, false, true, `{"error_code":"BAD","message":"no"}`}},
	{"no error", `data: {"error":null,"choices":[{"delta":{"content":"x"}}]}` + "\n\n" + done, say{1, 1, 0, 0, -1, -1, true, false, ""}},
	{"no stream", `{"predictions":[1]}`, say{0, 0, 0, 0, -1, -1, false, false, ""}},
	{"foreign", "data: hello\n\ndata: [1]\n\ndata: {\"a\":1}\n\ndata: {\"choices\":[{]}\n\n", say{4, 0, 4, 0, -1, -1, false, false, ""}},
	{"odd counts", `data: {"choices":[],"usage":{"completion_tokens":-1,"prompt_tokens":"7","total_tokens":99999999999999999999}}` + "\n\n" +
		`data: {"choices":[],"usage":{"completion_tokens":99999999999999999999,"prompt_tokens":null}}` + "\n\n" + done,
		say{0, 2, 0, 0, -1, -1, true, false, ""}},
	{"huge line", word + "data: " + strings.Repeat("x", MaxEvent+1) + "\n\n" + ": " + strings.Repeat("x", 2*MaxEvent) + "\n" + word + done,
		say{2, 2, 0, 1, -1, -1, true, false, ""}},
	{"huge event", strings.Repeat("data: "+strings.Repeat("x", 1<<18)+"\n", 5) + "\n" + word + done, say{1, 1, 0, 1, -1, -1, true, false, ""}},
}

func TestStreams(t *testing.T) {
	for _, tt := range streams {
		for _, size := range []int{len(tt.text), 1, 2, 3, 7, 61, 4096} {
			if size == 1 && len(tt.text) > 1<<20 && testing.Short() {
				continue
			}
			if got := said(fed(tt.text, size)); got != tt.want {
				t.Errorf("%s in pieces of %d:\n%+v, want\n%+v", tt.name, size, got, tt.want)
			}
		}
	}
}

// TestInstants feeds events at instants of their own.
func TestInstants(t *testing.T) {
	var s Stream
	s.Reset(Events)
	s.Feed([]byte(": ping\n\n"), 10)
	s.Feed([]byte(role), 20)
	s.Feed([]byte(word[:len(word)-1]), 30)
	s.Feed([]byte("\n"), 35) // the event ends here
	s.Feed([]byte(word+word), 50)
	s.Feed([]byte(stop+usage), 60)
	s.Feed([]byte(done), 70)
	s.End(80)
	if s.Begun != 20 || s.First != 35 || s.Last != 50 || !reflect.DeepEqual(s.Gaps, []time.Duration{15, 0}) {
		t.Errorf("begun %d, first %d, last %d, gaps %v", s.Begun, s.First, s.Last, s.Gaps)
	}
	if n, stated := s.Tokens(); n != 12 || stated != TokensByUsage {
		t.Errorf("%d tokens, stated: %v", n, stated)
	}
	s.Reset(Events)
	s.Feed([]byte(token+token+`data: {"choices":[],"usage":{"completion_tokens":0}}`+"\n\n"), 5)
	if n, stated := s.Tokens(); n != 2 || stated != TokensByChunks {
		t.Errorf("%d tokens of two chunks, stated to be none: %v", n, stated)
	}
	s.Reset(Events)
	s.Feed([]byte(role+`data: {"choices":[],"usage":{"completion_tokens":0}}`+"\n\n"), 5)
	if n, stated := s.Tokens(); n != 0 || stated != TokensByUsage {
		t.Errorf("%d tokens of no output, stated: %v", n, stated)
	}
	s.Reset(Events)
	s.Feed([]byte(token), 5)
	if n, stated := s.Tokens(); n != 1 || stated != TokensByChunks || s.First != 5 || len(s.Gaps) > 0 || s.Done {
		t.Errorf("after a reset: %d tokens, stated: %v, %+v", n, stated, said(&s))
	}
}

// TestNoGarbage follows a stream without allocating, wherever it is split.
func TestNoGarbage(t *testing.T) {
	text := []byte(role + strings.Repeat(word, 50) + stop + usage + done)
	var s Stream
	for _, size := range []int{len(text), 100, 1} {
		one := func() {
			s.Reset(Events)
			for at := 0; at < len(text); at += size {
				s.Feed(text[at:min(at+size, len(text))], clock.Instant(at))
			}
			s.End(clock.Instant(len(text)))
		}
		one()
		if n := testing.AllocsPerRun(20, one); n > 0 || s.Chunks != 50 {
			t.Errorf("in pieces of %d: %v allocations for %d chunks", size, n, s.Chunks)
		}
	}
}

func BenchmarkFeed(b *testing.B) {
	text := []byte(word)
	var s Stream
	s.Reset(Events)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s.Feed(text, 1)
		s.Gaps = s.Gaps[:0]
	}
}
