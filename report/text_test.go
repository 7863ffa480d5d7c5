package report

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func textOf(t *testing.T, r *Report, o TextOptions) string {
	t.Helper()
	var b strings.Builder
	if err := Text(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), write it anew with -update:\n%s", file, diff)
	}
}

// One file per scene holds the text at three widths; a report that went
// through JSON prints the same.
func TestTextGolden(t *testing.T) {
	all := scenes()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			again := throughJSON(t, r)
			for _, width := range []int{80, 60, 40} {
				text := textOf(t, r, TextOptions{Width: width})
				fmt.Fprintf(&b, "%s\n%s", strings.Repeat("=", width), text)
				if diff := cmp.Diff(text, textOf(t, again, TextOptions{Width: width})); diff != "" {
					t.Errorf("read back it prints otherwise (-before +after):\n%s", diff)
				}
			}
			golden(t, name, b.String())
		})
	}
}

func throughJSON(t *testing.T, r *Report) *Report {
	t.Helper()
	var b bytes.Buffer
	if err := JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	again, err := Read(&b, "r.json")
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// Whatever a run brought in, no line is wider than asked, and nothing but
// printable characters reaches the terminal.
func TestTextIsSafe(t *testing.T) {
	for name, r := range scenes() {
		for width := 40; width <= 140; width += 1 + width/90*7 {
			for i, line := range strings.Split(textOf(t, r, TextOptions{Width: width}), "\n") {
				if w := displayWidth(line); w > width {
					t.Errorf("%s at %d: line %d is %d wide: %s", name, width, i+1, w, line)
				}
				if strings.HasSuffix(line, " ") {
					t.Errorf("%s at %d: line %d ends in a space", name, width, i+1)
				}
				for _, r := range line {
					if !unicode.IsPrint(r) {
						t.Errorf("%s at %d: line %d holds %U", name, width, i+1, r)
					}
				}
			}
		}
	}
}

// Colour adds escape codes and changes nothing else, and every line that
// starts one ends it.
func TestTextColour(t *testing.T) {
	for name, r := range scenes() {
		plain := textOf(t, r, TextOptions{})
		colour := textOf(t, r, TextOptions{Colour: true})
		stripped := colour
		for _, code := range []style{bold, dim, red, green, yellow, loud, resetCode} {
			stripped = strings.ReplaceAll(stripped, string(code), "")
		}
		if diff := cmp.Diff(plain, stripped); diff != "" {
			t.Errorf("%s (-plain +colour):\n%s", name, diff)
		}
		for line := range strings.SplitSeq(colour, "\n") {
			if strings.HasPrefix(line, "\x1b") != strings.HasSuffix(line, resetCode) {
				t.Errorf("%s: colour is not ended on its line: %q", name, line)
			}
		}
	}
	golden(t, "colour", textOf(t, scenes()["failing"], TextOptions{Colour: true}))
}

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
		if got := safe(c.in, c.width); got != c.want {
			t.Errorf("safe(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  []string
	}{
		{"one two three", 7, []string{"one two", "three"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"a 日本語日本語", 6, []string{"a", "日本語", "日本語"}},
		{"word abcdefghijklmnopq", 14, []string{"word abcdefghi", "jklmnopq"}},
		{"", 10, []string{""}},
	} {
		if diff := cmp.Diff(c.want, wrap(c.in, c.width)); diff != "" {
			t.Errorf("wrap(%q, %d): %s", c.in, c.width, diff)
		}
	}
}
