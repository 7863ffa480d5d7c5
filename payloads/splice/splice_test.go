package splice

import (
	"encoding/json"
	"strings"
	"testing"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
)

// spliced is a body as it is sent.
func spliced(t testing.TB, body []byte, s List, id string) string {
	t.Helper()
	out, rest := s.Append(nil, body, []byte(id))
	whole := string(out) + string(rest)
	if s.Length(body, []byte(id)) != len(whole) {
		t.Fatalf("%d bytes promised, %d sent", s.Length(body, []byte(id)), len(whole))
	}
	return whole
}

// Two splices go in by offset, whichever was asked for first.
func TestSplicesInOrder(t *testing.T) {
	at := func(n uint32) Finder {
		return func([]byte) (Splice, setting.Text) { return Splice{At: n, Text: NonceText}, setting.Text{} }
	}
	none := func([]byte) (Splice, setting.Text) { return Splice{}, setting.Text{} }
	for _, list := range [][]Finder{{at(1), at(3)}, {at(3), at(1)}} {
		found, _ := Find(list, []byte("abcd"))
		if got := spliced(t, []byte("abcd"), found, "#"); got != "a# bc# d" {
			t.Error(got)
		}
	}
	found, _ := Find([]Finder{none, at(4)}, []byte("abcd"))
	if got := spliced(t, []byte("abcd"), found, "#"); got != "abcd# " {
		t.Error(got)
	}
	far := Splice{At: file.MaxBody, Text: ClientIDText}
	if got := List(0).with(far).with(Splice{At: 3, Text: NonceText}).list(); got != [maxSplices]Splice{{3,
		NonceText}, far} {
		t.Error(got)
	}
}

// FuzzUnique: a nonce put into sound JSON leaves it sound, and alters one
// string only: as read back, it has the id and a blank in front.
func FuzzUnique(f *testing.F) {
	for _, s := range []string{
		`{"messages":[{"role":"user","content":"hi"}]}`,
		`{"messages":[{"role":"user","content":[{"type":"text","text":"\"hi"}]}]}`,
		`{"prompt":["a"],"input":"b"}`, `{"input":[{"role":"user","content":"x"}],"input":3}`,
		`{"messages":[],"prompt":"\u0000"}`, `[`, `{"prompt":"\ud800"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !jsonscan.Valid(body) {
			return
		}
		s, what := nonceSplice(body)
		if !what.Empty() {
			return
		}
		got := spliced(t, body, List(0).with(s), "run-7")
		if !jsonscan.Valid([]byte(got)) {
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

// FuzzClientRequestID: sound JSON stays sound, and gains one key.
func FuzzClientRequestID(f *testing.F) {
	for _, s := range []string{`{}`, ` { } `, `{"a":1}`, `{"client_request_id":1}`, `[{}]`, `{"":{}}`,
		"{\n\"\\u0063lient_request_id\":0}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !jsonscan.Valid(body) {
			return
		}
		s, what := clientIDSplice(body)
		if !what.Empty() {
			t.Fatal(what)
		}
		got := spliced(t, body, List(0).with(s), "run-7")
		var before, after map[string]any
		if json.Unmarshal(body, &before) != nil || before == nil {
			if got != string(body) {
				t.Fatalf("%s became %s", body, got)
			}
			return
		}
		if err := json.Unmarshal([]byte(got), &after); err != nil {
			t.Fatalf("%s became %s", body, got)
		}
		_, own := before[clientIDKey]
		if more := len(after) - len(before); own && got != string(body) || !own &&
			(more != 1 || after[clientIDKey] != "run-7") {
			t.Fatalf("%s became %s", body, got)
		}
	})
}
