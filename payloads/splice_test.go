package payloads

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// splicedBody is a body as it is sent.
func splicedBody(t testing.TB, body []byte, s Splices, id string) string {
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
		{"a user message without text, then one with", `{"messages":[{"role":"user","content":null},{"role":"assistant","content":"a"},{"role":"user","content":"Xhi"}]}`},
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
		if got, want := splicedBody(t, s.At(3).Body, s.Splices(3), "run-3"), strings.Replace(c.body, "X", "run-3 ", 1); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.why, got, want)
		}
	}
}

func TestUniqueWithoutText(t *testing.T) {
	for _, body := range []string{
		`{"inputs":[[1]]}`, `[]`, `7`, `"x"`, `{}`, `{"messages":[]}`, `{"messages":{}}`, `{"messages":"x"}`, `{"messages":[{"role":"system","content":"s"}]}`,
		`{"messages":[{"role":"user"}]}`, `{"prompt":[1,2,3]}`, `{"prompt":[[1]]}`, `{"input":null}`, `{"messages":[{"role":"user","content":[{"text":1}]}]}`,
	} {
		if s, err := SingleSpliced("test", []byte(body), Options{Unique: true}); err == nil {
			t.Errorf("%s: %+v", body, s.At(0))
		}
		path := write(t, "a.jsonl", "{\"prompt\":\"x\"}\n\n"+body+"\n")
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
	plain := mustOpen(t, Options{}, Spec{write(t, "p.jsonl", bodies.String()), 1})
	for format, content := range map[Format]string{BodyFormat: bodies.String(), RequestFormat: requests.String()} {
		s := mustOpen(t, Options{Format: format, Unique: true}, Spec{write(t, "a.jsonl", content), 1})
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

// Two splices go in by offset, whichever was asked for first.
func TestSplicesInOrder(t *testing.T) {
	at := func(n uint32) splicer {
		return func([]byte) (Splice, string) { return Splice{At: n, Text: NonceText}, "" }
	}
	none := func([]byte) (Splice, string) { return Splice{}, "" }
	for _, list := range [][]splicer{{at(1), at(3)}, {at(3), at(1)}} {
		found, _ := findSplices(list, []byte("abcd"))
		if got := splicedBody(t, []byte("abcd"), found, "#"); got != "a# bc# d" {
			t.Error(got)
		}
	}
	found, _ := findSplices([]splicer{none, at(4)}, []byte("abcd"))
	if got := splicedBody(t, []byte("abcd"), found, "#"); got != "abcd# " {
		t.Error(got)
	}
	far := Splice{At: maxBody, Text: ClientIDText}
	if got := Splices(0).with(far).with(Splice{At: 3, Text: NonceText}).list(); got != [maxSplices]Splice{{3, NonceText}, far} {
		t.Error(got)
	}
}

// FuzzUnique: a nonce put into sound JSON leaves it sound, and alters one
// string only: as read back, it has the id and a blank in front.
func FuzzUnique(f *testing.F) {
	for _, s := range []string{
		`{"messages":[{"role":"user","content":"hi"}]}`, `{"messages":[{"role":"user","content":[{"type":"text","text":"\"hi"}]}]}`,
		`{"prompt":["a"],"input":"b"}`, `{"input":[{"role":"user","content":"x"}],"input":3}`, `{"messages":[],"prompt":"\u0000"}`, `[`, `{"prompt":"\ud800"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !validJSON(body) {
			return
		}
		s, what := nonceSplice(body)
		if what != "" {
			return
		}
		got := splicedBody(t, body, Splices(0).with(s), "run-7")
		if !validJSON([]byte(got)) {
			t.Fatalf("%s became %s", body, got)
		}
		var before, after any
		if json.Unmarshal(body, &before) != nil || json.Unmarshal([]byte(got), &after) != nil {
			return // encoding/json minds what the grammar allows
		}
		// Given twice, a key that is no longer read may have been the one.
		if n := changedStrings(before, after); n != 1 && !strings.Contains(string(body), `\`) {
			t.Fatalf("%d strings of %s changed: %s", n, body, got)
		}
	})
}

// changedStrings counts the strings that have the id in front; anything else
// that differs counts a thousand.
func changedStrings(a, b any) (n int) {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return 1000
		}
		for k := range a {
			n += changedStrings(a[k], b[k])
		}
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return 1000
		}
		for i := range a {
			n += changedStrings(a[i], b[i])
		}
	case string:
		if b == "run-7 "+a {
			return 1
		} else if b != a {
			return 1000
		}
	default:
		if a != b {
			return 1000
		}
	}
	return n
}
