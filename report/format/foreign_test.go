package format

import (
	"strings"
	"testing"
)

func TestSafe(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"plain", 10, "plain"},
		{"exactly 10", 10, "exactly 10"},
		{"more than 10", 10, "more than…"},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"a\nb", 10, `a\nb`},
		{"a\x1b[31m", 10, `a\x1b[31m`},
		{"\u202eabc", 10, `\u202eabc`},
		{"\u2028\ufeff", 20, `\u2028\ufeff`},
		{"a\xffb", 10, "a\uFFFDb"},
		{"a\u00a0b", 10, "a b"},
		{strings.Repeat("\u0301", 100), 4, strings.Repeat("\u0301", 16) + "…"},
		{"", 4, ""},
	} {
		if got := Safe(c.in, c.width); got != c.want {
			t.Errorf("safe(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
}
