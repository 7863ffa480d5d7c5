package jsonscan

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func compareValid(t interface {
	Helper()
	Fatalf(string, ...any)
}, b []byte) {
	t.Helper()
	want := json.Valid(b) && utf8.Valid(b)
	if got := Valid(b); got != want {
		t.Fatalf("validJSON(%q) = %v", b, got)
	}
	if reason, at := Fault(b); (reason == "") != want || at < 0 || at > len(b) {
		t.Fatalf("jsonFault(%q) = %q at %d, valid is %v", b, reason, at, want)
	}
	if what := LineFault(b); strings.ContainsAny(what, "\r\n") {
		t.Fatalf("lineFault(%q) = %q: more than one line", b, what)
	}
}

// Short texts over the characters that matter reach all states of the
// grammar; encoding/json is the judge.
func TestValidEqualsEncodingJSON(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom(strings.Split("{ } [ ] , : \" \\ a u 0 1 9 - + . e E t true false "+
			"null \"k\" \\u00e9 \\ud800 \\n ü \x01 \x7f \xff \xc0 012345678 abcdefgh", " ")), 0, 12).Draw(rt, "pieces")
		compareValid(rt, []byte(strings.Join(pieces, "")))
		compareValid(rt, []byte("["+strings.Join(pieces, ",")+"]"))
		compareValid(rt, []byte(" "+strings.Join(pieces, " ")+"\t"))
	})
}

// All numbers of up to six characters, in a list and outside of one.
func TestNumbers(t *testing.T) {
	const characters = "01-+.e, "
	var try func(s string, left int)
	try = func(s string, left int) {
		for _, text := range []string{s, "[" + s + "]", `{"a":` + s + `}`, "[1," + s + ",2]"} {
			if got := Valid([]byte(text)); got != json.Valid([]byte(text)) {
				t.Fatalf("validJSON(%q) = %v", text, got)
			}
		}
		if left == 0 {
			return
		}
		for _, c := range characters {
			try(s+string(c), left-1)
		}
	}
	try("", 5)
}

// A character of interest at every place of a word of eight.
func TestStringsAtAllPlaces(t *testing.T) {
	for before := range 20 {
		for after := range 20 {
			for _, c := range []string{"", `"`, `\`, `\"`, `\\`, "\x1f", " ", "\x7f", "\x80", "ü", "\xff", "!", "#",
				"[", "]", `\u12aF`, `\u12g4`, `\u12`} {
				s := `"` + strings.Repeat("x", before) + c + strings.Repeat("y", after) + `"`
				compareValid(t, []byte(s))
			}
		}
	}
}

func TestDepth(t *testing.T) {
	for _, depth := range []int{1, maxDepth - 1, maxDepth, maxDepth + 1, 100_000} {
		for _, pair := range []string{"[]", `{"a":}`} {
			open, shut := pair[:len(pair)-1], pair[len(pair)-1:]
			b := []byte(strings.Repeat(open, depth) + "1" + strings.Repeat(shut, depth))
			if got, want := Valid(b), depth <= maxDepth; got != want || json.Valid(b) != want {
				t.Errorf("%s, %d deep: %v", pair, depth, got)
			}
		}
	}
}

// FuzzValid compares Valid and Fault with encoding/json.
func FuzzValid(f *testing.F) {
	for _, s := range []string{"", "1", "{\n}", "[1,2.5e-3,-0]", "\"\\u00e9\\ud83d\"", "\xff", "{]",
		"{\"a\":1,\"a\":2}", "[[[]]]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { compareValid(t, data) })
}

// BenchmarkValid is the share of the grammar in the time that Open takes.
func BenchmarkValid(b *testing.B) {
	for _, line := range []string{
		`{"messages":[{"role":"user","content":"` + strings.Repeat("the quick brown fox ",
			45) + `"}],"max_tokens":100}`,
		`{"inputs":[` + strings.Repeat("0.4213,-1.25,3,", 60) + `0]}`,
		`{"user":"` + strings.Repeat("żółć jaźń ", 60) + `"}`,
	} {
		b.Run(fmt.Sprintf("%.12s", strings.Trim(line, `{"`)), func(b *testing.B) {
			data := []byte(line)
			b.SetBytes(int64(len(data)))
			for range b.N {
				if !Valid(data) {
					b.Fatal("not valid")
				}
			}
		})
	}
}
