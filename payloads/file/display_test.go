package file

import "testing"

func TestDisplayName(t *testing.T) {
	for in, want := range map[string]string{
		"-":          "standard input",
		"a b.jsonl":  "a b.jsonl",
		"ü.jsonl":    "ü.jsonl",
		"a\nb.jsonl": `"a\nb.jsonl"`,
		"\x1b[2J":    `"\x1b[2J"`,
		"\xff":       `"\xff"`,
	} {
		if got := Display(in); got != want {
			t.Errorf("displayName(%q) = %s, want %s", in, got, want)
		}
	}
}
