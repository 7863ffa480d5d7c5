package expect

import (
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	for _, c := range []struct{ query, body, why string }{
		{".predictions|length==1", `{"predictions":[1]}`, ""},
		{".predictions|length==1", ` {"predictions":[1,2]} `, ".predictions|length==1 is false"},
		{".a", `{"a":0}`, ""}, {".a", `{"a":null}`, ".a is null, or nothing"}, {".[]", `[]`, ".[] is null, or nothing"},
		{".[]", `[false,true]`, ""}, {".[]", `[true,false]`, ".[] is false"},
		{".id==9007199254740993", `{"id":9007199254740993}`, ""},
		{".a.b", `{"a":1}`, ".a.b: expected an object but got: number (1)"},
		{".", `{`, "the body is no JSON"}, {".", ``, "the body is no JSON"}, {".", `1 2`, "the body is no JSON: something follows the value"},
		{"last(repeat(1))", `1`, "last(repeat(1)) took longer than 1s"},
		{"env|length==0", `1`, ""},
	} {
		q, err := ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&Checks{Queries: []*Query{q}}).JSON([]byte(c.body)); got != c.why {
			t.Errorf("%s of %s: %q, want %q", c.query, c.body, got, c.why)
		}
	}
	for _, bad := range []string{"", ".[", "nonesuch", "input_filename|nonesuch(1)"} {
		if q, err := ParseQuery(bad); err == nil && bad != "" {
			t.Errorf("%q: %v", bad, q)
		}
	}
}

func TestParseHeader(t *testing.T) {
	for word, want := range map[string]string{"X-A": "X-A ", "X-A:": "X-A ", "X-A: ^v[0-9]:1$": "X-A ^v[0-9]:1$"} {
		h, err := ParseHeader(word)
		pattern := ""
		if h.Value != nil {
			pattern = h.Value.String()
		}
		if err != nil || h.Name+" "+pattern != want {
			t.Errorf("%s: %+v %v", word, h, err)
		}
	}
	for _, word := range []string{"", ": x", "A B: x", "A: ("} {
		if _, err := ParseHeader(word); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", word, err)
		}
	}
}

// TestChosen: of many requests about one in so many is checked, also of those that send
// the same line.
func TestChosen(t *testing.T) {
	for _, every := range []uint64{1, 2, 10, 100} {
		c := &Checks{Every: every}
		for _, step := range []uint64{1, every, 8} {
			n := 0
			for i := range uint64(10_000) {
				if c.Chosen(i * step) {
					n++
				}
			}
			if want := int(10_000 / every); n < want*8/10 || n > want*12/10 {
				t.Errorf("one of %d, each %d-th request: %d", every, step, n)
			}
		}
	}
}
