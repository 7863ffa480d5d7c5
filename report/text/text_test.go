package text_test

import (
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

	"brunt/report/format"
	"brunt/report/reporttest"
	"brunt/report/text"
)

var update = flag.Bool("update", false, "write the golden files anew")

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
	all := reporttest.Scenes()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			again := reporttest.ThroughJSON(t, r)
			for _, width := range []int{80, 60, 40} {
				shown := reporttest.TextOf(t, r, text.Options{Width: width})
				fmt.Fprintf(&b, "%s\n%s", strings.Repeat("=", width), shown)
				if diff := cmp.Diff(shown, reporttest.TextOf(t, again, text.Options{Width: width})); diff != "" {
					t.Errorf("read back it prints otherwise (-before +after):\n%s", diff)
				}
			}
			golden(t, name, b.String())
		})
	}
}

// Whatever a run brought in, no line is wider than asked, and nothing but
// printable characters reaches the terminal.
func TestTextIsSafe(t *testing.T) {
	for name, r := range reporttest.Scenes() {
		for width := 40; width <= 140; width += 1 + width/90*7 {
			for i, line := range strings.Split(reporttest.TextOf(t, r, text.Options{Width: width}), "\n") {
				if w := format.Width(line); w > width {
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
	for name, r := range reporttest.Scenes() {
		plain := reporttest.TextOf(t, r, text.Options{})
		colour := reporttest.TextOf(t, r, text.Options{Colour: true})
		stripped := colour
		for _, code := range []text.Style{text.Bold, text.Dim, text.Red, text.Green, text.Yellow, text.Loud, text.ResetCode} {
			stripped = strings.ReplaceAll(stripped, string(code), "")
		}
		if diff := cmp.Diff(plain, stripped); diff != "" {
			t.Errorf("%s (-plain +colour):\n%s", name, diff)
		}
		for line := range strings.SplitSeq(colour, "\n") {
			if strings.HasPrefix(line, "\x1b") != strings.HasSuffix(line, text.ResetCode) {
				t.Errorf("%s: colour is not ended on its line: %q", name, line)
			}
		}
	}
	golden(t, "colour", reporttest.TextOf(t, reporttest.Scenes()["failing"], text.Options{Colour: true}))
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
		if diff := cmp.Diff(c.want, format.Wrap(c.in, c.width)); diff != "" {
			t.Errorf("wrap(%q, %d): %s", c.in, c.width, diff)
		}
	}
}
