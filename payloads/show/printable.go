package show

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// EncodeJSON writes a value as one line of JSON that a terminal shows as it
// stands: characters that are no print (control characters beyond ASCII, which are
// escape codes too, and those that turn the direction of writing) are written as
// \u escapes, which mean the same.
func EncodeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(printing{w})
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// printing takes whole JSON texts.
type printing struct{ w io.Writer }

// Write writes one; such characters stand in its strings only.
func (p printing) Write(text []byte) (int, error) {
	var b []byte // nil as long as nothing is replaced
	copied := 0
	for i := 0; i < len(text); {
		if text[i] < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r) {
			b = append(b, text[copied:i]...)
			for _, unit := range utf16.AppendRune(nil, r) {
				b = fmt.Appendf(b, `\u%04x`, unit)
			}
			copied = i + size
		}
		i += size
	}
	if copied > 0 {
		if _, err := p.w.Write(append(b, text[copied:]...)); err != nil {
			return 0, err
		}
		return len(text), nil
	}
	return p.w.Write(text)
}

// Printable is a text without characters that are no print.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
