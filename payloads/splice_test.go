package payloads

import (
	"fmt"
	"strings"
	"testing"

	"brunt/payloads/filetest"
	"brunt/payloads/splice"
)

// splicedBody is a body as it is sent.
func splicedBody(t testing.TB, body []byte, s splice.List, id string) string {
	t.Helper()
	out, rest := s.Append(nil, body, []byte(id))
	whole := string(out) + string(rest)
	if s.Length(body, []byte(id)) != len(whole) {
		t.Fatalf("%d bytes promised, %d sent", s.Length(body, []byte(id)), len(whole))
	}
	return whole
}

// TestUnique: X stands where the nonce is to go.
func TestUnique(t *testing.T) {
	for _, c := range []struct{ why, body string }{
		{"a user message", `{"messages":[{"role":"user","content":"Xhi"}]}`},
		{"behind a system message", `{"messages":[{"role":"system","content":"s"},{"role":"user","content":"Xhi"},{"role":"user","content":"more"}]}`},
		{"keys in any order, with white space", ` { "model" : "m" , "messages" : [ { "content" : "Xhi" , "role" : "user" } ] , "max_tokens" : 1 }`},
		{"an empty text", `{"messages":[{"role":"user","content":"X"}]}`},
		{"an escape at the beginning", `{"messages":[{"role":"user","content":"X\"\u0041\\"}]}`},
		{"escaped keys", `{"m\u0065ssages":[{"r\u006fle":"us\u0065r","c\u006fntent":"Xhi"}]}`},
		{"parts, the first without text", `{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}},{"type":"text","text":"Xhi"},{"type":"text","text":"more"}]}]}`},
		{"a user message without text, then one with",
			`{"messages":[{"role":"user","content":null},{"role":"assistant","content":"a"},{"role":"user","content":"Xhi"}]}`},
		{"the last of messages given twice", `{"messages":[{"role":"user","content":"a"}],"messages":[{"role":"user","content":"Xb"}]}`},
		{"prompt", `{"prompt":"Xhi"}`},
		{"a list of prompts", `{"prompt":["Xhi","you"]}`},
		{"input", `{"input":"Xhi"}`},
		{"a list of inputs", `{"input":[ "Xhi", "you"]}`},
		{"messages in input", `{"input":[{"role":"user","content":[{"type":"input_text","text":"Xhi"}]}]}`},
		{"messages before prompt", `{"prompt":"p","messages":[{"role":"user","content":"Xhi"}],"input":"i"}`},
		{"text that is not ASCII", `{"messages":[{"role":"user","content":"Xżółć 🚀"}]}`},
		{"strange neighbours", `{"a":[{"role":"user","content":"no"}],"b":{"messages":[{"role":"user","content":"no"}]},"messages":[7,"x",[],{},{"role":"user","content":"Xhi"}]}`},
	} {
		body := strings.Replace(c.body, "X", "", 1)
		s, err := SingleSpliced("test", []byte(body), Options{Unique: true})
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		if got, want := splicedBody(t, s.At(3).Body, s.Splices(3), "run-3"), strings.Replace(c.body, "X", "run-3 ",
			1); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.why, got, want)
		}
	}
}

func TestUniqueWithoutText(t *testing.T) {
	for _, body := range []string{
		`{"inputs":[[1]]}`, `[]`, `7`, `"x"`, `{}`, `{"messages":[]}`, `{"messages":{}}`, `{"messages":"x"}`,
		`{"messages":[{"role":"system","content":"s"}]}`,
		`{"messages":[{"role":"user"}]}`, `{"prompt":[1,2,3]}`, `{"prompt":[[1]]}`, `{"input":null}`,
		`{"messages":[{"role":"user","content":[{"text":1}]}]}`,
	} {
		if s, err := SingleSpliced("test", []byte(body), Options{Unique: true}); err == nil {
			t.Errorf("%s: %+v", body, s.At(0))
		}
		path := filetest.Write(t, "a.jsonl", "{\"prompt\":\"x\"}\n\n"+body+"\n")
		_, err := Open([]Spec{{path, 1}}, Options{Unique: true})
		if err == nil || !strings.HasPrefix(err.Error(), path+":3: no text to make unique") {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, err := SingleSpliced("", nil, Options{Unique: true}); err == nil {
		t.Error("no body was made unique")
	}
}

// Each line of a file, in both formats, has its own place; without the option
// there are none.
func TestUniqueFiles(t *testing.T) {
	withChunkSize(t, 64)
	var bodies, requests strings.Builder
	for i := range 200 {
		body := fmt.Sprintf(`{"n":%q,"prompt":"%d"}`, strings.Repeat("x", i%7), i)
		fmt.Fprintf(&bodies, "%s\n", body)
		fmt.Fprintf(&requests, `{"name":"a%d", "body": %s}`+"\n", i%3, body)
	}
	plain := mustOpen(t, Options{}, Spec{filetest.Write(t, "p.jsonl", bodies.String()), 1})
	for format, content := range map[Format]string{BodyFormat: bodies.String(), RequestFormat: requests.String()} {
		s := mustOpen(t, Options{Format: format, Unique: true}, Spec{filetest.Write(t, "a.jsonl", content), 1})
		for i := range uint64(200) {
			id := fmt.Sprintf("r-%d", i)
			want := strings.Replace(string(plain.At(i).Body), `"prompt":"`, `"prompt":"`+id+" ", 1)
			if got := splicedBody(t, s.At(i).Body, s.Splices(i), id); got != want || !s.Spliced() {
				t.Fatalf("%s %d: got %s, want %s", format, i, got, want)
			}
		}
	}
	if plain.Spliced() || plain.Splices(0) != 0 || splicedBody(t, []byte("a"), 0, "x") != "a" {
		t.Error("splices that nobody asked for")
	}
}
