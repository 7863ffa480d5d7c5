package payloads

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode/utf8"
)

// MakeOptions say what [Make] reads and writes. Their tags are the flags of
// the command line.
type MakeOptions struct {
	// Path is a CSV file, or an example body in a file named .json, or a file of
	// prompts (see ChatOptions); each may be compressed. "-" is standard input:
	// an example when Count is given, CSV otherwise. It is empty where bodies
	// are made up.
	Path  string    `arg:"" optional:"" name:"file" predictor:"file" help:"CSV file, or an example body in a .json file, or with --chat a file of prompts; - is standard input."`
	Stdin io.Reader `kong:"-"` // what the path "-" reads; nil means os.Stdin
	Notes io.Writer `kong:"-"` // what the reader of the bodies should know goes there; nil discards it

	// Format is [DataframeRecords] (also when empty), [DataframeSplit],
	// [Instances] or [Inputs].
	Format Kind `group:"Table" default:"dataframe_records" help:"dataframe_records, dataframe_split, instances or inputs."`
	// RowsPerRequest is how many rows go into a body, 1 when it is 0. The last
	// body has the rest.
	RowsPerRequest int `group:"Table" default:"1" placeholder:"N" help:"Rows in one body (${default})."`
	// Header says that the first row names the columns. Without one they are
	// numbered from 0 in data frames, as pandas does, and have no names in
	// instances and inputs.
	Header bool `group:"Table" env:"BRUNT_TABLE_HEADER" default:"true" negatable:"" help:"The first row names the columns (on)."`
	// Unnamed leaves the names out of instances and inputs, for models that
	// take plain tensors: a row is an array there, not an object, and inputs
	// is an array of rows, not an object of columns.
	Unnamed bool `group:"Table" help:"Leave the names out of instances and inputs, for models that take plain tensors."`
	// Types gives columns, by name, the type string, int, float, bool or json
	// instead of the inferred one.
	Types map[string]string `group:"Table" name:"type" mapsep:"none" placeholder:"COLUMN=TYPE" help:"Type of a column instead of the inferred one: string, int, float, bool or json; repeatable."`
	// Separator stands between fields, a comma when it is 0.
	Separator Separator `group:"Table" default:"," placeholder:"C" help:"What stands between fields: one character, or tab (${default})."`

	// Count repeats an example body that often, once when it is 0, or makes up
	// as many prompts. All of the above but the path is for CSV only.
	Count int `group:"Example" placeholder:"N" help:"Repeat the example body, or make up prompts, this often."`

	// Example is a body to be repeated, instead of a file.
	Example []byte `kong:"-"`

	// FromOpenAPI is a file with the OpenAPI description of an endpoint, of
	// which an example body is made, instead of Path.
	FromOpenAPI string `group:"Example" name:"from-openapi" predictor:"file" placeholder:"FILE" help:"Make an example body of an endpoint's OpenAPI description (JSON)."`

	ChatOptions `group:"Chat"`
}

// Make writes request bodies, one per line, and returns how many.
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
func Make(w io.Writer, in MakeOptions) (n int, err error) {
	in, err = in.withDefaults()
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(w, 256<<10)
	switch {
	case in.Example != nil:
		n, err = repeat(out, append(in.Example, '\n'), in.Count)
	case in.InputTokens.given():
		n, err = makeUp(out, &in)
	default:
		n, err = makeFromFile(out, in)
	}
	if e := out.Flush(); err == nil && e != nil {
		err = &WriteError{e}
	}
	return n, err
}

func makeFromFile(out *bufio.Writer, in MakeOptions) (n int, err error) {
	content, err := open(in.Path, in.Stdin)
	if err != nil {
		return 0, err
	}
	defer func() {
		if e := content.close(); err == nil {
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
	if e := content.changed(); e != nil {
		err = e
	}
	return n, err
}

// withDefaults fills in what was left empty and refuses what makes no sense.
func (in MakeOptions) withDefaults() (MakeOptions, error) {
	o, err := Options{Stdin: in.Stdin}.withDefaults()
	if err != nil {
		return in, err
	}
	in.Stdin = o.Stdin
	switch {
	case in.FromOpenAPI != "" && (in.Path != "" || in.Chat):
		return in, fmt.Errorf("--from-openapi %s: makes its one example body; leave out --chat and any other file", displayName(in.FromOpenAPI))
	case in.FromOpenAPI != "":
		in.Path, in.Count = in.FromOpenAPI, cmp.Or(in.Count, 1)
	case in.Example != nil:
		in.Count = cmp.Or(in.Count, 1)
	case in.Path == "" && !in.Chat:
		return in, errors.New("no file to make bodies of; name a CSV file or an example .json")
	}
	if in.Format == "" {
		in.Format = DataframeRecords
	}
	if in.RowsPerRequest == 0 {
		in.RowsPerRequest = 1
	}
	if in.Separator == 0 {
		in.Separator = ','
	}
	if in.Count == 0 && !in.Chat && isDocumentName(in.Path) {
		in.Count = 1
	}
	if err := in.check(); err != nil {
		return in, err
	}
	return in, in.checkChat()
}

func (in MakeOptions) check() error {
	formats := []Kind{DataframeRecords, DataframeSplit, Instances, Inputs}
	switch {
	case !slices.Contains(formats, in.Format):
		return fmt.Errorf("format %q: expected dataframe_records, dataframe_split, instances or inputs", in.Format)
	case in.RowsPerRequest < 1:
		return fmt.Errorf("%d rows per request: expected 1 or more", in.RowsPerRequest)
	case in.Count < 0:
		return fmt.Errorf("count %d: expected 1 or more", in.Count)
	case in.Separator < ' ' && in.Separator != '\t' || in.Separator > '~' || in.Separator == '"':
		return fmt.Errorf("separator %q: expected one ASCII character, such as , or ; or a tab", in.Separator)
	case in.Count > 0 && len(in.Types) > 0:
		return fmt.Errorf("%s: an example body has no columns to give types to; leave out either", displayName(in.Path))
	}
	types := []columnType{stringColumn, intColumn, floatColumn, boolColumn, jsonColumn}
	for _, name := range slices.Sorted(maps.Keys(in.Types)) {
		if !slices.Contains(types, columnType(in.Types[name])) {
			return fmt.Errorf("type %q of column %q: expected string, int, float, bool or json", in.Types[name], name)
		}
	}
	return nil
}

// refuseForeign looks at the first bytes for what is no text at all. A column
// may well be named PAR1, so they must have control characters too.
func refuseForeign(content *mapping) error {
	head := make([]byte, 512)
	n, err := content.file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return openError(content.name, err)
	}
	head = head[:n]
	control := func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' }
	if kind := foreignKind(head); kind != "" && bytes.ContainsFunc(head, control) {
		return fmt.Errorf("%s: %s", content.name, kind)
	}
	return nil
}

// WriteError is what kept [Make] from writing bodies on.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return "bodies cannot be written: " + e.Err.Error() }

// Unwrap returns the writer's own error.
func (e *WriteError) Unwrap() error { return e.Err }

// Separator is what stands between the fields of CSV: one ASCII character.
type Separator rune

// UnmarshalText reads one character, or the word tab.
func (s *Separator) UnmarshalText(text []byte) error {
	r, size := utf8.DecodeRune(text)
	switch {
	case string(text) == "tab":
		r = '\t'
	case len(text) == 0 || size != len(text):
		return fmt.Errorf("%q: expected one ASCII character, such as , or ; or the word tab", text)
	}
	*s = Separator(r)
	return nil
}
