package stream

import "testing"

func TestAppendText(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"chat", `{"choices":[{"index":0,"message":{"role":"assistant","content":"a\"é\n","reasoning_content":"hm"}}],"usage":{}}`, `a\"é\n`},
		{"chat, parts", `{"choices":[{"message":{"content":[{"type":"reasoning","summary":[]},{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]}`, "ab"},
		{"chat, a tool", `{"choices":[{"message":{"content":null,"tool_calls":[{"function":{"arguments":"{}"}}]}}]}`, ""},
		{"chat, two choices", `{"choices":[{"message":{"content":"second"},"index":1},{"index":0,"message":{"content":"first"}}]}`, "first"},
		{"stream", "\ufeffdata: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n: ping\n\ndata:{\"choices\":[{\"delta\":{\"content\":\"\\ud83d\"}}]}\n\n" +
			"data: {\"choices\":[{\"delta\":{\"reasoning\":\"no\",\"content\":\"\\ude00!\"}}]}\n\ndata: {\"choices\":[],\"usage\":{\"completion_tokens\":2}}\n\ndata: [DONE]\n\n", `\ud83d\ude00!`},
		{"anthropic", `{"type":"message","role":"assistant","content":[{"type":"thinking","thinking":"x"},{"type":"text","text":"yes"},{"type":"tool_use","input":{"text":"no"}}]}`, "yes"},
		{"anthropic stream", "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[]}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"t\"}}\n\n" +
			"data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"he\"}}\n\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"llo\"}}\n\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n", "hello"},
		{"response", `{"object":"response","output":[{"type":"reasoning","summary":[]},{"type":"message","content":[{"type":"output_text","text":"r"}]}]}`, "r"},
		{"response stream", "data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\ndata: {\"delta\":\"b\",\"type\":\"response.output_text.delta\"}\n\ndata: {\"type\":\"response.reasoning_text.delta\",\"delta\":\"x\"}\n\n" +
			"data: {\"type\":\"response.output_text.done\",\"text\":\"ab\"}\n\ndata: {\"type\":\"response.completed\",\"response\":{\"output\":[{\"content\":[{\"text\":\"ab\"}]}]}}\n\n", "ab"},
		{"ollama", "{\"message\":{\"role\":\"assistant\",\"content\":\"x\"},\"done\":false}\n{\"message\":{\"content\":\"y\",\"thinking\":\"t\"}}\n{\"message\":{\"content\":\"\"},\"done\":true}\n", "xy"},
		{"cut", `{"choices":[{"message":{"content":"a`, ""},
		{"none", "<html>", ""}, {"empty", "", ""}, {"a list", `[1]`, ""},
	} {
		got, ok := AppendText([]byte("<"), []byte(c.body))
		if string(got) != "<"+c.want || ok != (c.want != "") {
			t.Errorf("%s: %q, %t", c.name, got, ok)
		}
	}
}

func FuzzAppendText(f *testing.F) {
	f.Add([]byte(`{"choices":[{"delta":{"content":[{"text":"a"}]}}]}`))
	f.Add([]byte("data: {\"type\":\"x\",\"delta\":\"\\u00e9\"}\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if text, _ := AppendText(nil, body); len(text) > len(body) {
			t.Errorf("%d bytes of text in %d", len(text), len(body))
		}
	})
}
