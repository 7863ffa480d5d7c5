package show

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// TestEncodeJSON: what a terminal might obey is written as an escape, and means
// the same.
func TestEncodeJSON(t *testing.T) {
	for _, text := range []string{"plain é 漢字 🙂 <&>", "\x1b[31m \u009b31m \x7f", "a\u202eb\u2066c\u200bd\u2028e",
		"\U000e0041 tag", "\u009b", "x\ufeff"} {
		var b bytes.Buffer
		if err := EncodeJSON(&b, []string{text}); err != nil {
			t.Fatal(err)
		}
		line := strings.TrimSuffix(b.String(), "\n")
		if at := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); at >= 0 {
			t.Errorf("%q: %q", text, line)
		}
		var back []string
		if err := json.Unmarshal([]byte(line), &back); err != nil || back[0] != text {
			t.Errorf("%q: %q, %v", text, back, err)
		}
		if Printable(text) != strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) {
				return r
			}
			return -1
		}, text) {
			t.Errorf("%q", text)
		}
	}
}
