package setting

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

func shout(f Field) string { return "<" + f.String() + ">" }

// TestNames: each setting has a name of its own.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Fields() {
		if name := f.String(); name == "" || seen[name] {
			t.Errorf("setting %d is called %q", int(f), name)
		} else {
			seen[name] = true
		}
	}
}

// TestDescribe: an error says the names of its settings wherever it is wrapped,
// and keeps what it wraps.
func TestDescribe(t *testing.T) {
	wrong := Wrong(Rate, `"x"`, "not a number, see %v", Speed)
	wrong.Form = "500"
	text := Errorf("raise %v: %w", Timeout, fs.ErrNotExist)
	for _, c := range []struct {
		err         error
		named, bare string
	}{
		{wrong, `<rate> "x": not a number, see <speed>; write it as 500`, `rate "x": not a number, see speed; write it as 500`},
		{fmt.Errorf("a: %w; b", wrong), `a: <rate> "x": not a number, see <speed>; write it as 500; b`, `a: rate "x": not a number, see speed; write it as 500; b`},
		{errors.Join(text, errors.New("rate")), "raise <time-out>: file does not exist\nrate", "raise time-out: file does not exist\nrate"},
		{Wrong(Header, "", "%w", text), "<header>: raise <time-out>: file does not exist", "header: raise time-out: file does not exist"},
		{&FieldError{Field: HTTP2, Subject: Textf("%v and %v", HTTP2, Rate), Reason: Plain("100 %")}, "<HTTP/2> and <rate>: 100 %", "HTTP/2 and rate: 100 %"},
	} {
		if got := Describe(c.err, shout); got != c.named || c.err.Error() != c.bare {
			t.Errorf("%q and %q, want %q and %q", got, c.err.Error(), c.named, c.bare)
		}
		if strings.Contains(c.bare, "exist") != errors.Is(c.err, fs.ErrNotExist) {
			t.Errorf("%q has lost what it wraps", c.bare)
		}
	}
	if !errors.Is(fmt.Errorf("x: %w", text), text) {
		t.Error("an error that names settings is not itself")
	}
}

// A text comes back from its bytes with its settings still to be named, whatever stands
// between them; bytes that are no text are refused.
func TestTextBytes(t *testing.T) {
	for _, text := range []Text{
		{}, Plain("100 %"), Textf("%v", Rate), Textf("%v%v", Rate, Rate), Textf("raise %v, or %w", Timeout, Errorf("see %v", Speed)),
		Plain("zero \x00 byte"), Textf("zero \x00 byte: %v", Rate), Textf("%d of %q", 3, "x").Plus(" %v"), TextOf(Wrong(Rate, "x", "see %v", Speed)),
	} {
		b, _ := text.MarshalBinary()
		var back Text
		if err := back.UnmarshalBinary(b); err != nil || back.String() != text.String() || back.In(shout) != text.In(shout) || back.Empty() != text.Empty() {
			t.Errorf("%v: %q comes back as %q", err, text.In(shout), back.In(shout))
		}
		for cut := range b {
			_ = back.UnmarshalBinary(b[:cut])
		}
	}
	for _, b := range [][]byte{nil, {1}, {200}, {0, 0}, {0, 250, 1, 0}, {1, 'a', 1}} {
		if err := new(Text).UnmarshalBinary(b); err == nil {
			t.Errorf("%q is taken for a text", b)
		}
	}
}
