package generate

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"brunt/payloads/file"
)

var newline = []byte{'\n'}

// Bodies writes request bodies, one per line, and returns how many.
//
// The types of CSV columns are inferred from all of their values, so the file
// is read twice, and nothing is written unless it is sound to its end:
//   - int: whole numbers of any length, written digit for digit;
//   - float: these and other finite numbers, written as they are, except that
//     1 becomes 1.0 and .5 becomes 0.5, so that all bodies have one type;
//   - bool: true and false, in upper or lower case;
//   - string: everything else, byte for byte: dates, 007, +48, 1,5, Inf.
//
// An empty field is null. In a column of strings a quoted empty one is "",
// and so are all when the type was given. NaN, which JSON has not, is null in
// a column that otherwise holds numbers, and a string elsewhere. Blanks around
// numbers and bools are left out. Blank lines are no rows.
//
// With Chat there is a body per prompt, and a prompt is
//   - in .txt: a line, byte for byte;
//   - in .csv: the field of one column, whatever it looks like;
//   - in .jsonl: a string, or an object with prompt, a string, or with messages,
//     a list that is sent as it is. Messages that have a system message of their
//     own get no other.
func Bodies(w io.Writer, in Options) (n int, err error) {
	in, err = in.withDefaults()
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(w, 256<<10)
	switch {
	case in.Example != nil:
		n, err = repeat(out, append(in.Example, '\n'), in.Count)
	case in.InputTokens.Given():
		n, err = makeUp(out, &in)
	default:
		n, err = makeFromFile(out, in)
	}
	if e := out.Flush(); err == nil && e != nil {
		err = &WriteError{e}
	}
	return n, err
}

func makeFromFile(out *bufio.Writer, in Options) (n int, err error) {
	content, err := file.Open(in.Path, in.Stdin)
	if err != nil {
		return 0, err
	}
	defer func() {
		if e := content.Close(); err == nil {
			err = e
		}
	}()
	if err := refuseForeign(content); err != nil {
		return 0, err
	}
	switch {
	case in.Chat:
		n, err = makeFromPrompts(out, content, &in)
	case in.Count > 0:
		n, err = makeFromExample(out, content, in)
	default:
		n, err = makeFromTable(out, content, in)
	}
	// A file that was written to meanwhile explains any other error.
	if e := content.Changed(); e != nil {
		err = e
	}
	return n, err
}

// refuseForeign looks at the first bytes for what is no text at all. A column
// may well be named PAR1, so they must have control characters too.
func refuseForeign(content *file.Mapping) error {
	head := make([]byte, 512)
	n, err := content.Section().ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return file.OpenError(content.Name, err)
	}
	head = head[:n]
	control := func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' }
	if kind := file.Foreign(head); kind != "" && bytes.ContainsFunc(head, control) {
		return fmt.Errorf("%s: %s", content.Name, kind)
	}
	return nil
}
