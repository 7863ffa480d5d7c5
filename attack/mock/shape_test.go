package mock

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReadShape(t *testing.T) {
	tests := []struct {
		body string
		want shape
	}{
		{`{}`, shape{rows: 1}},
		{` {"x":1} ` + "\n", shape{rows: 1}},
		{`{"dataframe_split":{"columns":["a","b"],"data":[[1,2],[3,4],[5,6]]}}`, shape{rows: 3}},
		{`{"dataframe_split":[{"index":[0,1],"data":[[1],[2]]}]}`, shape{rows: 2}},
		{`{"dataframe_split":[{"data":[[1]]},7,[]]}`, shape{rows: 1}},
		{`{"dataframe_split":5}`, shape{rows: 1}},
		{`{"dataframe_records":[{"a":1},{"a":2}]}`, shape{rows: 2}},
		{`{"instances":[]}`, shape{rows: 0}},
		{`{"instances":[[1,[2]],[3]],"params":{"messages":1}}`, shape{rows: 2}},
		{`{"inputs":{"a":[1,2,3],"b":[1,2,3]}}`, shape{rows: 3}},
		{`{"inputs":[1,2]}`, shape{rows: 2}},
		{`{"inputs":"one"}`, shape{rows: 1}},
		{`{"instances":[1],"instances":[1,2]}`, shape{rows: 2}},
		{`{"messages":[{"role":"user","content":"hi"}]}`, shape{kind: chat, rows: 1, prompt: 8}},
		{`{"n":3,"messages":[{}],"max_tokens":7,"stream":false}`, shape{kind: chat, rows: 3, prompt: 1, limit: 7}},
		{`{"messages":[{}],"n":"3","max_tokens":-1}`, shape{kind: chat, rows: 1, prompt: 1}},
		{`{"messages":[{}],"n":0,"max_tokens":1.5}`, shape{kind: chat, rows: 1, prompt: 1}},
		{`{"prompt":"0123456789"}`, shape{kind: completion, rows: 1, prompt: 3}},
		{`{"prompt":["a","b"],"n":2}`, shape{kind: completion, rows: 4, prompt: 2}},
		{`{"prompt":[1,2,3]}`, shape{kind: completion, rows: 1, prompt: 2}},
		{`{"input":"0123456789"}`, shape{kind: embedding, rows: 1, prompt: 3}},
		{`{"input":["a","b","c"]}`, shape{kind: embedding, rows: 3, prompt: 3}},
		{`{"input":[{"role":"user"}]}`, shape{kind: chat, rows: 1, prompt: 4}},
	}
	for _, tt := range tests {
		got, err := readShape([]byte(tt.body))
		if err != nil {
			t.Errorf("%s: %v", tt.body, err)
		} else if got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.body, got, tt.want)
		}
	}
}

func TestReadShapeRefuses(t *testing.T) {
	tests := []struct{ body, want string }{
		{``, "the body is empty"},
		{`  `, "the body is empty"},
		{`[]`, "the body is no JSON object"},
		{`"x"`, "the body is no JSON object"},
		{`1`, "the body is no JSON object"},
		{`null`, "the body is no JSON object"},
		{`nul`, "no JSON at byte"},
		{`x`, "no JSON at byte 0"},
		{`{`, "no JSON at byte 1"},
		{`{"a":}`, "no JSON at byte 5"},
		{`{"a":1,}`, "no JSON at byte"},
		{`{"a":NaN}`, "no JSON at byte 5"},
		{`{"instances":[1,2}`, "no JSON at byte 17"},
		{`{"dataframe_split":[{"data":[}]}`, "no JSON at byte"},
		{`{"inputs":{"a":[1}}`, "no JSON at byte"},
		{`{"max_tokens":}`, "no JSON at byte"},
		{`{} {}`, "goes on after its JSON object"},
		{`{}x`, "goes on after its JSON object"},
		{"{\"a\":\"\xff\"}", "no JSON at byte"},
		{`{"messages":[],"n":129}`, "more than 128 replies"},
		{`{"messages":[],"n":9223372036854775807}`, "more than 128 replies"},
		{`{"input":[` + strings.Repeat(`"",`, 2048) + `""]}`, "more than 2048 replies"},
	}
	for _, tt := range tests {
		if _, err := readShape([]byte(tt.body)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.60s: got %v, want %s", tt.body, err, tt.want)
		}
	}
}

func TestShapesRemember(t *testing.T) {
	var s shapes
	body := []byte(`{"instances":[1,2]}`)
	first, err := s.of(body)
	if err != nil || first.rows != 2 || first.seed == 0 {
		t.Fatalf("got %+v, %v", first, err)
	}
	if again, err := s.of(body); err != nil || again != first {
		t.Errorf("again: got %+v, %v; want %+v", again, err, first)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = s.of(body) }); n != 0 {
		t.Errorf("%v allocations for a known body", n)
	}
	// Bad bodies are refused each time.
	for range 2 {
		if _, err := s.of([]byte(`{`)); err == nil {
			t.Error("half an object was taken")
		}
	}
}

// The shape's one pass must agree with encoding/json on what an object is.
func FuzzReadShape(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"dataframe_split":[{"data":[[1]]},[]]}`, `{"inputs":{"a":[1],"b":{}}}`, `{"input":[{}]}`,
		`{"messages":[{"content":[{"x":[]}]}],"n":2}`, `[`, `{"max_tokens":[1]}`, `{"prompt":[`, `{"a":1} `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		sh, err := readShape(body)
		object := json.Valid(body) && strings.HasPrefix(strings.TrimLeft(string(body), " \t\r\n"), "{")
		switch {
		case err == nil && !object:
			t.Errorf("took %q", body)
		case err == nil && (sh.rows < 0 || sh.limit < 0 || sh.prompt < 0 || sh.rows > len(body)+maxChoices):
			t.Errorf("%q: %+v", body, sh)
		case err != nil && object && utf8.Valid(body) && len(body) < 9000 &&
			!strings.Contains(string(body), `\u`) && !strings.HasPrefix(err.Error(), "more than"):
			t.Errorf("refused %q: %v", body, err)
		}
	})
}
