package generate

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"brunt/payloads"
	"brunt/payloads/dataset"
	"brunt/payloads/draw"
	"brunt/payloads/filetest"
)

// TestDatasets: an entry of each format becomes the request that it stands for,
// recognised by its content, given by name, and on standard input; what is left
// out is told.
func TestDatasets(t *testing.T) {
	user := func(text string) string { return `{"messages":[{"role":"user","content":"` + text + `"}]` }
	for _, c := range []struct {
		why, name, content string
		from               dataset.Format
		want               string
		notes              []string
	}{
		{"ShareGPT, an array", "s.json", "\xEF\xBB\xBF[\n {\"id\": \"x_0\", \"conversations\": [{\"from\":\"human\",\"value\":\"a \\\"b\\\"\"},\n" +
			` {"from":"gpt","value":"c"},{"from":"human","value":"d"}]}, {"id":"y","views":3,"conversations":[]},
{"conversations":[{"from":"gpt","value":"e"},{"from":"system","value":"s"},{"from":"user","value":"f"}]}]`, "sharegpt",
			`{"session":"1","reply":"c","body":` + user(`a \"b\"`) + "}}\n" + `{"session":"1","body":` + user("d") + "}}\n" +
				`{"body":{"messages":[{"role":"system","content":"s"},{"role":"user","content":"f"}]}}` + "\n",
			[]string{"sharegpt: 3 requests", "lines with a session are the turns of 1 conversation", `key "views" is not used: 1 time, first at `,
				"without a user's message left out: 1 time, first at ", "answer before the first question left out: 1 time"}},
		{"ShareGPT, lines", "s.jsonl", `{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}` + "\n", "sharegpt", user("a") + "}\n",
			nil},
		{"messages in an array are conversations", "s.json", `[{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}]`, "sharegpt",
			user("a") + "}\n", nil},
		{"AIPerf, single turn", "a.jsonl", `{"text":"a","output_length":50}
{"texts":["b","c"],"session_id":"s","extra":{"temperature":1.2,"seed":42}}
{"type":"single_turn","texts":[{"name":"q","contents":["d"]}],"role":"user","image":"x.png"}`, "aiperf",
			user("a") + `,"max_tokens":50}` + "\n" +
				`{"messages":[{"role":"user","content":[{"type":"text","text":"b"},{"type":"text","text":"c"}]}],"temperature":1.2,"seed":42}` + "\n" +
				user("d") + "}\n", []string{`key "image" is not used: 1 time, first at `}},
		{"AIPerf, timed", "a.jsonl", `{"timestamp":0.5,"text":"a"}` + "\n" + `{"timestamp":1000,"text":"b"}`, "aiperf",
			`{"timestamp_ms":0.5,"body":` + user("a") + "}}\n" + `{"timestamp_ms":1000,"body":` + user("b") + "}}\n",
			[]string{"--replay sends them at these times"}},
		{"AIPerf, several turns", "a.jsonl", `{"session_id":"c","turns":[{"role":"system","text":"s"},{"text":"a","output_length":9},{"text":"b","delay":100}]}`,
			"aiperf", `{"session":"1","body":{"messages":[{"role":"system","content":"s"},{"role":"user","content":"a"}],"max_tokens":9}}` + "\n" +
				`{"session":"1","think_ms":100,"body":` + user("b") + "}}\n",
			[]string{"turns of 1 conversation: brunt attack sends each once the reply before it is in"}},
		{"Mooncake with texts", "m.jsonl", `{"timestamp":0,"text_input":"a","output_length":4}
{"session_id":"s","messages":[{"role":"user","content":"b"}],"tools":[{"type":"function"}],"output_length":3,"timestamp":2.25}
{"payload":{"prompt":"c",  "max_tokens":5},"timestamp":3}
{"text_input":"d","delay":5,"session_id":"s"}`, "mooncake",
			`{"timestamp_ms":0,"body":` + user("a") + `,"max_tokens":4}}` + "\n" +
				`{"timestamp_ms":2.25,"body":` + user("b") + `,"max_tokens":3,"tools":[{"type":"function"}]}}` + "\n" +
				`{"timestamp_ms":3,"body":{"prompt":"c","max_tokens":5}}` + "\n" +
				`{"body":` + user("d") + "}}\n",
			[]string{"request without a time: 1 time", "delay after the turn before is not used", "without the turns before it: 1 time"}},
		{"vLLM's custom", "v.jsonl", `{"prompt":"a","output_tokens":10}` + "\n" + `{"prompt":"b","answer":1}` + "\n", "vllm",
			user("a") + `,"max_tokens":10}` + "\n" + user("b") + "}\n", []string{`key "answer" is not used: 1 time, first at `}},
	} {
		for _, from := range []dataset.Format{"", c.from} {
			for _, chat := range []bool{false, true} {
				var notes bytes.Buffer
				_, out, n, err := made(t, c.name, c.content, Options{Notes: &notes, ChatOptions: ChatOptions{From: from, Chat: chat}})
				if out != c.want || err != nil || n != strings.Count(c.want, "\n") {
					t.Fatalf("%s: %d bodies, %v\ngot  %swant %s", c.why, n, err, out, c.want)
				}
				for _, note := range append(c.notes, "read as a dataset of the format "+string(c.from)) {
					if !strings.Contains(notes.String(), note) {
						t.Errorf("%s: no note %q in\n%s", c.why, note, notes.String())
					}
				}
			}
		}
		var out bytes.Buffer
		if _, err := Bodies(&out, Options{Path: "-", Stdin: strings.NewReader(c.content), ChatOptions: ChatOptions{Chat: true}}); err != nil ||
			out.String() != c.want {
			t.Errorf("%s on standard input: %v\n%s", c.why, err, out.String())
		}
	}
}

// tracedBodies makes the bodies of a trace and takes them apart.
func tracedBodies(t *testing.T, name, content string, in Options) (bodies []tracedBody, notes string) {
	t.Helper()
	var told bytes.Buffer
	in.Notes = &told
	_, out, _, err := made(t, name, content, in)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out) {
		var b tracedBody
		if err := json.Unmarshal([]byte(line), &b); err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, b)
	}
	return bodies, told.String()
}

type tracedBody struct {
	At   float64 `json:"timestamp_ms"`
	Name string
	Body struct {
		Messages []struct{ Content string }
		Max      int  `json:"max_tokens"`
		Ignore   bool `json:"ignore_eos"`
	}
}

func (b *tracedBody) words() []string { return strings.Fields(b.Body.Messages[0].Content) }

// TestTraces: prompts have the lengths of the rows, whatever the format, and
// blocks of one name are one text.
func TestTraces(t *testing.T) {
	for _, c := range []struct {
		name, content string
		at            []float64
		input, output []int
		names, notes  string
	}{
		{"azure.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,48,10\n2023-11-16 18:17:04.0319600,31,8\n",
			[]float64{1700158623979.96, 1700158624031.96}, []int{48, 31}, []int{10, 8}, "", "format azure: 2 requests"},
		{"azure24.csv.gz", filetest.Gzip(t, "TIMESTAMP,ContextTokens,GeneratedTokens,NumImages\r\n2024-05-10 00:00:00.009930+00:00,7,2,1\r\n"+
			"2024-05-10 00:00:01+00:00,0,9,1\r\n"),
			[]float64{1715299200009.93}, []int{7}, []int{2}, "", `column "NumImages" is not used`},
		{"burst.csv", "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,47,18,65,Conversation log\n" +
			"45.25,GPT-4,10,0,10,API log\n118,GPT-4,41,27,68,API log\n",
			[]float64{5000, 118000}, []int{47, 41}, []int{18, 27}, "ChatGPT GPT-4", "which failed when it was recorded, left out: 1 time, first at "},
		{"m.jsonl", `{"timestamp": 0, "input_length": 1200, "output_length": 52, "hash_ids": [0, 1, 2]}
{"timestamp": 105, "input_length": 1800, "output_length": 26, "hash_ids": [0, 3, 4, 5]}
{"timestamp": 105, "input_length": 600, "hash_ids": [0]}
{"input_length": 500, "output_length": 1, "timestamp": 3000, "hash_ids": ["ab", 7]}`,
			[]float64{0, 105, 105, 3000}, []int{1200, 1800, 600, 500}, []int{52, 26, 0, 1}, "", "hash_ids beyond the input_length, at 512 tokens each"},
		{"b.jsonl", `{"chat_id": 159, "parent_chat_id": -1, "timestamp": 61.114, "input_length": 40, "output_length": 132, "type": "image", "turn": 1, "hash_ids": [1, 2, 3]}`,
			[]float64{61114}, []int{40}, []int{132}, "", `request of type "image" made up as text`},
	} {
		bodies, notes := tracedBodies(t, c.name, c.content, Options{Header: true, ChatOptions: ChatOptions{IgnoreEOS: true, Seed: 3}})
		var names []string
		for i, b := range bodies {
			if b.At != c.at[i] || len(b.words()) != c.input[i] || b.Body.Max != c.output[i] || !b.Body.Ignore {
				t.Errorf("%s: request %d is at %f, of %d tokens for %d", c.name, i, b.At, len(b.words()), b.Body.Max)
			}
			names = append(names, b.Name)
		}
		if len(bodies) != len(c.at) || strings.TrimSpace(strings.Join(names, " ")) != c.names || !strings.Contains(notes, c.notes) ||
			!strings.Contains(notes, "tokens on average, estimated") {
			t.Errorf("%s: %d requests, named %q; notes\n%s", c.name, len(bodies), names, notes)
		}
		if c.name == "m.jsonl" {
			a, b, d := bodies[0].words(), bodies[1].words(), bodies[2].words()
			if strings.Join(a[:512], " ") != strings.Join(b[:512], " ") || strings.Join(a[:512], " ") != strings.Join(d[:512], " ") ||
				strings.Join(a[512:530], " ") == strings.Join(b[512:530], " ") || strings.Join(a[512:530], " ") == strings.Join(d[512:530], " ") {
				t.Error("the first block of 512 tokens is shared, the second is not")
			}
			again, _ := tracedBodies(t, c.name, c.content, Options{Count: 1, ChatOptions: ChatOptions{Seed: 4}})
			if len(again) != 1 || strings.Join(again[0].words()[:20], " ") == strings.Join(a[:20], " ") {
				t.Error("another seed made the same text, or a count of 1 made more")
			}
		}
	}
}

// TestDatasetsBad: errors name the place and say what to do, and nothing is
// written.
func TestDatasetsBad(t *testing.T) {
	seven := draw.Distribution{Shape: "fixed", A: 7}
	for _, c := range []struct {
		name, content string
		o             ChatOptions
		want          string
	}{
		{"s.json", "[\n{\"conversations\":[{\"from\":\"human\",\"value\":\"a\"}]},\n{\"conversations\":[{\"from\":\"human\",\"value\":7}]}]", ChatOptions{}, `:3: value "7": must be a string`},
		{"s.json", "[\n{\"conversations\":[{\"from\":\"alien\",\"value\":\"a\"}]}]", ChatOptions{}, `:2: from "\"alien\"": expected human`},
		{"s.json", "[\n{\"conversations\":[]},\n{\"conversations\":]", ChatOptions{}, `:3: not JSON: `},
		{"s.json", "[\n{\"conversations\":[]}\n", ChatOptions{}, `:3: not JSON: `},
		{"s.json", "[{\"conversations\":[]}] []", ChatOptions{}, `:1: something follows the array`},
		{"s.json", "[{\"conversations\":[]}]", ChatOptions{}, `:1: no prompts in it`},
		{"a.jsonl", "{\"text\":\"a\"}\n{\"image\":\"x\"}", ChatOptions{}, ":2: no text in it"},
		{"a.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\",\"output_length\":1.5}", ChatOptions{}, `:2: output_length "1.5": must be a whole number`},
		{"a.jsonl", "{\"text\":\"a\",\"extra\":{\"messages\":[]}}", ChatOptions{}, ":1: extra sets messages"},
		{"a.jsonl", "{\"text\":\"a\",\"output_length\":3}", ChatOptions{ExtraBody: `{"max_tokens":4}`}, ":1: the number of output tokens stands here"},
		{"m.jsonl", "{\"input_length\":5}\n{\"input_length\":5,\"text_input\":\"a\"}", ChatOptions{}, ":2: more than one of input_length"},
		{"m.jsonl", "{\"input_length\":5}\n{\"output_length\":5}", ChatOptions{}, ":2: no prompt in it"},
		{"m.jsonl", "{\"input_length\":5}\n{\"input_length\":1e9}", ChatOptions{}, `:2: input_length "1e9": must be a whole number`},
		{"m.jsonl", "{\"input_length\":5}\n{\"input_length\":5,\"timestamp\":\"x\"}", ChatOptions{}, `:2: timestamp "\"x\"": must be a number`},
		{"z.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,1,1\n", ChatOptions{}, `:2: TIMESTAMP "yesterday": must be a date and time`},
		{"z.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:04,x,1\n", ChatOptions{}, `:2: ContextTokens "x": must be a whole number`},
		{"z.csv", "a,b\n1,2\n", ChatOptions{From: dataset.Azure}, ":1: no column GeneratedTokens; a trace of the format azure has TIMESTAMP"},
		{"p.txt", "a", ChatOptions{From: "shareGPT"}, `dataset format "shareGPT": expected auto, sharegpt, aiperf`},
		{"s.jsonl", `{"conversations":[{"from":"human","value":"a"}]}`, ChatOptions{MaxTokens: 1, OutputTokens: seven}, "leave one out"},
	} {
		path, out, n, err := made(t, c.name, c.content, Options{Header: true, ChatOptions: c.o})
		if err == nil || out != "" || n != 0 || !strings.Contains(err.Error(), strings.Replace(c.want, ":", path+":", 1)) &&
			!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %q: %d, %q, %v", c.name, c.content, n, out, err)
		}
	}
}

// FuzzDatasets: whatever the file, a reader says in one line what is wrong, or
// makes bodies that can be sent.
func FuzzDatasets(f *testing.F) {
	for _, s := range []string{
		`[{"id":"x","conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"}]},{"messages":[{"role":"user","content":"c"}]}]`,
		`{"session_id":"c","turns":[{"role":"system","text":"s"},{"texts":["a",{"contents":["b"]}],"delay":1}]}`,
		`{"timestamp":1.5,"input_length":600,"output_length":2,"hash_ids":[1,"2"],"extra":{"a":1},"session_id":"s"}`,
		`{"payload":{"a":[1, 2]},"timestamp":-1e3}`, `{"prompt":"x","output_tokens":3}`, `"a"`,
		"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.97,4,1\n",
		"Timestamp,Model,Request tokens,Response tokens\n5,\"a\nb\",4,1\n",
	} {
		for i := range dataset.Formats {
			f.Add([]byte(s), uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, content []byte, format uint8) {
		list := append([]dataset.Format{"auto"}, dataset.Formats...)
		var out, notes bytes.Buffer
		n, err := Bodies(&out, Options{Path: "-", Stdin: bytes.NewReader(content), Notes: &notes, Count: 50,
			ChatOptions: ChatOptions{From: list[int(format)%len(list)]}})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") || out.Len() > 0 || n > 0 {
				t.Fatalf("%d bodies, %d bytes, %q", n, out.Len(), err)
			}
			return
		}
		if strings.Count(out.String(), "\n") != n || n == 0 {
			t.Fatalf("%d bodies in %q", n, out.String())
		}
		_, problems, _, err := payloads.Check([]payloads.Spec{{Path: "-", Weight: 1}},
			payloads.Options{Format: payloads.AutoFormat, Stdin: bytes.NewReader(out.Bytes())}, 1)
		if err != nil || len(problems) > 0 {
			t.Fatalf("%v %v in %q", problems, err, out.String())
		}
	})
}
