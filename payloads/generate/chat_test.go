package generate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"brunt/payloads/draw"
	"brunt/payloads/file"
	"brunt/payloads/filetest"
	"brunt/payloads/jsonscan"
)

// TestMakeChat: the same two prompts from each kind of file, and what stands
// around them.
func TestMakeChat(t *testing.T) {
	half := 0.5
	message := func(text string) string { return `{"role":"user","content":` + text + `}` }
	plain := `{"messages":[` + message(`"a \"b\" \\ c"`) + "]}\n" + `{"messages":[` + message(`"zażółć 🚀\t<é>"`) + "]}\n"
	for _, c := range []struct {
		why, name, content string
		in                 Options
		want               string
	}{
		{"text", "p.txt", "a \"b\" \\ c\n\n  \r\nzażółć 🚀\t<é>\r\n", Options{}, plain},
		{"text without a line end, behind a byte order mark", "p.TXT", "\xEF\xBB\xBFa \"b\" \\ c\nzażółć 🚀\t<é>",
			Options{}, plain},
		{"text keeps its blanks", "p.txt", "  a \n", Options{}, `{"messages":[` + message(`"  a "`) + "]}\n"},
		{"the only column", "p.csv", "text\n\"a \"\"b\"\" \\ c\"\nzażółć 🚀\t<é>\n", Options{Header: true}, plain},
		{"the column prompt", "p.csv", "id,prompt\n1,\"a \"\"b\"\" \\ c\"\n2,zażółć 🚀\t<é>\n", Options{Header: true},
			plain},
		{"a column by name", "p.csv", "q,prompt\n\"a \"\"b\"\" \\ c\",x\nzażółć 🚀\t<é>,y\n", Options{Header: true,
			ChatOptions: ChatOptions{Column: "q"}}, plain},
		{"a column by number", "p.csv", "1;\"a \"\"b\"\" \\ c\"\n2;zażółć 🚀\t<é>\n", Options{Separator: ';',
			ChatOptions: ChatOptions{Column: "1"}}, plain},
		{"numbers are text", "p.csv", "prompt\n007\n1.50\n", Options{Header: true},
			`{"messages":[` + message(`"007"`) + "]}\n" + `{"messages":[` + message(`"1.50"`) + "]}\n"},
		{"several lines in a field", "p.csv", "prompt\n\"a\r\nb\"\n", Options{Header: true},
			`{"messages":[` + message(`"a\r\nb"`) + "]}\n"},
		{"lines of JSON", "p.jsonl", `"a \"b\" \\ c"` + "\n\n" + ` {"id": 1, "prompt": "zażółć 🚀\t<é>"} ` + "\n",
			Options{}, plain},
		{"messages as they are", "p.ndjson", `{"messages": [ {"role": "user", "content": "a  b"}, {"role":"assistant","content":null, "x":1.0} ], "prompt":"no"}`, Options{},
			`{"messages":[{"role":"user","content":"a  b"},{"role":"assistant","content":null,"x":1.0}]}` + "\n"},
		{"everything around", "p.txt", "a\n", Options{ChatOptions: ChatOptions{System: "be \"kind\"\n",
			MaxTokens: 20, Temperature: &half, Stream: true, Model: `m"x`}},
			`{"model":"m\"x","messages":[{"role":"system","content":"be \"kind\"\n"},{"role":"user","content":"a"}],"max_tokens":20,"temperature":0.5,"stream":true,"stream_options":{"include_usage":true}}` + "\n"},
		{"members of the user's own", "p.txt", "a", Options{ChatOptions: ChatOptions{ExtraBody: ` { "top_p" : 0.90,
			"x y": {"b": [1, 2]}} `, MaxCompletionTokens: draw.Distribution{Shape: "fixed", A: 7}, IgnoreEOS: true}},
			`{"messages":[` + message(`"a"`) + `],"max_completion_tokens":7,"ignore_eos":true,"top_p":0.90,"x y":{"b":[1,2]}}` + "\n"},
		{"usage that is not wanted", "p.txt", "a", Options{ChatOptions: ChatOptions{Stream: true,
			ExtraBody: `{"stream_options":{"include_usage":false},"max_tokens":3}`}},
			`{"messages":[` + message(`"a"`) + `],"stream":true,"stream_options":{"include_usage":false},"max_tokens":3}` + "\n"},
		{"a system message of one's own stays", "p.jsonl",
			`{"messages":[{"role":"system","content":"own"},{"role":"user","content":"a"}]}` + "\n" + `{"messages":[{"role":"user","content":"b"}]}`,
			Options{ChatOptions: ChatOptions{System: "s"}},
			`{"messages":[{"role":"system","content":"own"},{"role":"user","content":"a"}]}` + "\n" + `{"messages":[{"role":"system","content":"s"},{"role":"user","content":"b"}]}` + "\n"},
		{"a developer's message is one too", "p.jsonl", `{"messages":[{"role":"developer","content":"own"}]}`,
			Options{ChatOptions: ChatOptions{System: "s"}},
			`{"messages":[{"role":"developer","content":"own"}]}` + "\n"},
		{"a temperature of 0", "p.txt", "a", Options{ChatOptions: ChatOptions{Temperature: new(float64)}},
			`{"messages":[` + message(`"a"`) + `],"temperature":0}` + "\n"},
	} {
		c.in.Chat = true
		_, out, n, err := made(t, c.name, c.content, c.in)
		if out != c.want || err != nil || n != strings.Count(c.want, "\n") {
			t.Errorf("%s: %d bodies, %v\ngot  %swant %s", c.why, n, err, out, c.want)
		}
	}
}

func TestMakeChatSystemFile(t *testing.T) {
	file := filetest.Write(t, "system.txt", "\xEF\xBB\xBFbe kind\nalways\r\n")
	_, out, _, err := made(t, "p.txt", "a", Options{ChatOptions: ChatOptions{Chat: true, System: "@" + file}})
	if want := `{"messages":[{"role":"system","content":"be kind\nalways"},{"role":"user","content":"a"}]}` + "\n"; out != want || err != nil {
		t.Errorf("%v: %s", err, out)
	}
	for content, want := range map[string]string{"\n": "empty", "a\nb\xFF": ":2: not UTF-8: invalid byte 0xFF"} {
		file = filetest.Write(t, "system.txt", content)
		_, out, _, err = made(t, "p.txt", "a", Options{ChatOptions: ChatOptions{Chat: true, System: "@" + file}})
		if err == nil || out != "" || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%v: %s", err, out)
		}
	}
}

// TestMakeChatBadFiles: errors say where, and nothing is written, although the
// first prompt was sound.
func TestMakeChatBadFiles(t *testing.T) {
	chat := ChatOptions{Chat: true}
	for _, c := range []struct{ name, content, want string }{
		{"p.txt", "a\nb\xFFc\n", ":2: not UTF-8: invalid byte 0xFF at column 2"},
		{"p.txt", "", ": no prompts in it"},
		{"p.txt", "\n \n", ":2: no prompts in it"},
		{"p.jsonl", "\"a\"\n\n{\"prompt\": \n", ":3: not JSON: unexpected end"},
		{"p.jsonl", "\"a\"\n7\n", `:2: "7" is no prompt`},
		{"p.jsonl", "\"a\"\n[\"b\"]\n", `:2: "[\"b\"]" is no prompt`},
		{"p.jsonl", "\"a\"\n\"\"\n", ":2: an empty prompt"},
		{"p.jsonl", "\"a\"\n\"\\ud800\"\n", ":2: prompt "},
		{"p.jsonl", "\"a\"\n{\"prompt\":7}\n", `:2: prompt "7": must be a string`},
		{"p.jsonl", "\"a\"\n{\"question\":\"x\"}\n", ":2: neither prompt nor messages"},
		{"p.jsonl", "\"a\"\n{\"messages\":[]}\n", ":2: messages "},
		{"p.jsonl", "\"a\"\n{\"messages\":\"x\"}\n", ":2: messages "},
		{"p.jsonl", "\"a\"\n{\"messages\":[{\"role\":\"user\"},{\"content\":\"x\"}]}\n", ":2: message 2 has no role"},
		{"p.csv", "prompt\na\n  \n", ":3: an empty prompt"},
		{"p.csv", "a,b\nx,y\n", `:1: no column prompt; say with column which of "a", "b" it is`},
		{"p.csv", "prompt,b\nx,y\nz\n", ":3: 1 field, but the header has 2"},
		{"p.csv", "prompt\n", "no prompts in it"},
		{"p.csv", "prompt,prompt\nx,y\n", ":1: columns 1 and 2 are both named"},
		{"p.json", `"a"`, ": not known how prompts stand in it"},
		{"prompts", "a", ": not known how prompts stand in it"},
	} {
		path, out, n, err := made(t, c.name, c.content, Options{Header: true, ChatOptions: chat})
		if err == nil || out != "" || n != 0 || !strings.HasPrefix(err.Error(), path) ||
			!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %q: %d, %q, %v", c.name, c.content, n, out, err)
		}
	}
}

func TestMakeChatBadOptions(t *testing.T) {
	minus := -1.0
	three, err := draw.ParseDistribution("3")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   Options
		want string
	}{
		{Options{Path: "p.txt", ChatOptions: ChatOptions{MaxTokens: 3}}, "max tokens belongs to chat"},
		{Options{Path: "p.txt", ChatOptions: ChatOptions{Stream: true}}, "stream belongs to chat"},
		{Options{ChatOptions: ChatOptions{Chat: true}}, "no prompts"},
		{Options{Path: "p.txt", Count: 3, ChatOptions: ChatOptions{Chat: true}}, "count with a file"},
		{Options{ChatOptions: ChatOptions{Chat: true, InputTokens: three}}, "say how many with count"},
		{Options{Path: "p.txt", Count: 3, ChatOptions: ChatOptions{Chat: true, InputTokens: three}},
			"leave it out, or the file p.txt"},
		{Options{Path: "p.txt", ChatOptions: ChatOptions{Chat: true, MaxTokens: 3, OutputTokens: three}},
			"leave one out"},
		{Options{Path: "p.txt", ChatOptions: ChatOptions{Chat: true, MaxTokens: -3}}, "max tokens -3"},
		{Options{Path: "p.txt", ChatOptions: ChatOptions{Chat: true, Temperature: &minus}}, "temperature -1"},
		{Options{Path: "p.txt", ChatOptions: ChatOptions{IgnoreEOS: true}}, "ignore eos belongs to chat"},
		{Options{Path: "p.txt", ChatOptions: ChatOptions{ExtraBody: "{}"}}, "extra body belongs to chat"},
		{Options{Path: "p.txt", ChatOptions: ChatOptions{MaxCompletionTokens: three}}, "max completion tokens belongs to chat"},
		{Options{Path: "p.txt", ChatOptions: ChatOptions{Chat: true, MaxTokens: 3, MaxCompletionTokens: three}},
			"max completion tokens stands in place of max tokens"},
		{Options{Path: "p.txt", RowsPerRequest: 3, ChatOptions: ChatOptions{Chat: true}}, "a body per prompt"},
		{Options{Path: "p.txt", Types: map[string]string{"a": "int"}, ChatOptions: ChatOptions{Chat: true}},
			"a body per prompt"},
	} {
		if n, err := Bodies(io.Discard, c.in); err == nil || n != 0 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.in, err)
		}
	}
}

// TestMakeChatExtraBody: what contradicts another option, or is no object.
func TestMakeChatExtraBody(t *testing.T) {
	half, seven := 0.5, draw.Distribution{Shape: "fixed", A: 7}
	for _, c := range []struct {
		extra string
		o     ChatOptions
		want  string
	}{
		{`{"temperature":1}`, ChatOptions{Temperature: &half}, "temperature and extra body both set temperature: leave one out"},
		{`{"model":"x"}`, ChatOptions{Model: "m"}, "model and extra body both set model"},
		{`{"stream":true}`, ChatOptions{Stream: true}, "stream and extra body both set stream"},
		{`{"ignore_eos":true}`, ChatOptions{IgnoreEOS: true}, "ignore eos and extra body both set ignore_eos"},
		{`{"max_tokens":1}`, ChatOptions{MaxTokens: 3}, "max tokens and extra body both set max_tokens"},
		{`{"max_tokens":1}`, ChatOptions{OutputTokens: seven}, "output tokens and extra body both set max_tokens"},
		{`{"max_completion_tokens":1}`, ChatOptions{MaxCompletionTokens: seven}, "both set max_completion_tokens"},
		{`{"messages":[]}`, ChatOptions{}, "messages are made of the prompts"},
		{`{"a":1,"a":2}`, ChatOptions{}, `key "a" given twice`},
		{`[1]`, ChatOptions{}, "no JSON object"},
		{`{"a":`, ChatOptions{}, "not JSON: unexpected end"},
		{` `, ChatOptions{}, "not JSON"},
	} {
		c.o.Chat, c.o.ExtraBody = true, c.extra
		_, out, _, err := made(t, "p.txt", "a", Options{ChatOptions: c.o})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || out != "" {
			t.Errorf("%s: %v, %q", c.extra, err, out)
		}
	}
}

// Any text comes back as it was, from each kind of file.
func TestMakeChatKeepsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.OneOf(rapid.String(),
			rapid.StringMatching(`["\\ \ta{},\x{2028}\x{1F680}]{0,9}`)).Filter(func(s string) bool {
			return !file.IsBlank([]byte(s)) && !strings.ContainsAny(s, "\r\n") && !strings.HasPrefix(s,
				jsonscan.ByteOrderMark)
		}), 1, 9).Draw(t, "texts")
		var content bytes.Buffer
		for _, text := range texts {
			content.WriteString(text + "\n")
		}
		var out bytes.Buffer
		if file.Foreign(content.Bytes()) != "" {
			return
		}
		n, err := Bodies(&out, Options{Path: "-", Stdin: &content, ChatOptions: ChatOptions{Chat: true}})
		if err != nil || n != len(texts) {
			t.Fatalf("%d bodies of %d: %v", n, len(texts), err)
		}
		d := json.NewDecoder(&out)
		for _, text := range texts {
			var body struct {
				Messages []struct{ Role, Content string }
			}
			if err := d.Decode(&body); err != nil || body.Messages[0].Content != text {
				t.Fatalf("%q became %q: %v", text, body.Messages[0].Content, err)
			}
		}
	})
}

// FuzzMakeChat: whatever the file, there is one line that says what is wrong
// and nothing else, or bodies that pass Check, have a place for a nonce or
// messages of their own, and are as many as promised.
func FuzzMakeChat(f *testing.F) {
	for kind, s := range []string{"a\nb\r\n\n c", "prompt,b\n\"x\n\",y\n",
		"\"a\"\n{\"prompt\":\"b\"}\n{\"messages\":[{\"role\":\"user\",\"content\":\"c\"}]}", "\xEF\xBB\xBFa",
		"{\"messages\":[[]]}", "\"\\ud800\""} {
		f.Add([]byte(s), uint8(kind), "s")
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte, kind uint8, system string) {
		name := []string{"p.txt", "p.csv", "p.jsonl"}[kind%3]
		src := &file.Mapping{Name: dir + "/" + name, Data: content}
		in := Options{Path: name, Header: kind&4 == 0, Separator: ',', ChatOptions: ChatOptions{Chat: true,
			System: strings.TrimPrefix(system, "@"), MaxTokens: 7}}
		var out bytes.Buffer
		n, err := chatOf(&out, src, &in)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") || out.Len() > 0 {
				t.Fatalf("%d bodies, %d bytes, %q", n, out.Len(), err)
			}
			return
		}
		if got := bytes.Count(out.Bytes(), newline); got != n || n == 0 {
			t.Fatalf("%d bodies in %d lines", n, got)
		}
		checkMade(t, out.Bytes(), n)
		for line := range bytes.Lines(out.Bytes()) {
			var body struct {
				Messages []struct{ Role string } `json:"messages"`
				Max      int                     `json:"max_tokens"`
			}
			if json.Unmarshal(line, &body) == nil && (len(body.Messages) == 0 || body.Max != 7) {
				t.Fatalf("%s", line)
			}
		}
	})
}

// chatOf makes bodies of content in memory; tables are read from a file.
func chatOf(out *bytes.Buffer, content *file.Mapping, in *Options) (int, error) {
	if strings.HasSuffix(in.Path, ".csv") {
		spooled, err := file.Spool(in.Path, bytes.NewReader(content.Data))
		if err != nil {
			return 0, err
		}
		defer spooled.Close()
		content = spooled
	}
	w := bufio.NewWriter(out)
	n, err := makeFromPrompts(w, content, in)
	w.Flush()
	return n, err
}
