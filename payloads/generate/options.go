package generate

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"unicode/utf8"

	"brunt/payloads/dataset"
	"brunt/payloads/file"
	"brunt/payloads/setting"
	"brunt/payloads/shape"
	"brunt/payloads/table"
)

// Options say what [Bodies] reads and writes. Their tags are the flags of
// the command line.
type Options struct {
	// Path is a CSV file, or an example body in a file named .json, or a file of
	// prompts (see ChatOptions); each may be compressed. "-" is standard input:
	// an example when Count is given, CSV otherwise. It is empty where bodies
	// are made up.
	Path  string    `arg:"" optional:"" name:"file" predictor:"file" help:"CSV file, or an example body in a .json file, or a dataset (see --from), or with --chat a file of prompts; - is standard input."`
	Stdin io.Reader `kong:"-"` // what the path "-" reads; nil means os.Stdin
	Notes io.Writer `kong:"-"` // what the reader of the bodies should know goes there; nil discards it

	// Format is [shape.DataframeRecords] (also when empty), [shape.DataframeSplit],
	// [shape.Instances] or [shape.Inputs].
	Format shape.Kind `group:"Table" default:"dataframe_records" help:"dataframe_records, dataframe_split, instances or inputs."`
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
	Count int `group:"Example" placeholder:"N" help:"Repeat the example body, or make up prompts, this often; of a dataset, the most bodies."`

	// Example is a body to be repeated, instead of a file.
	Example []byte `kong:"-"`

	// FromOpenAPI is a file with the OpenAPI description of an endpoint, of
	// which an example body is made, instead of Path.
	FromOpenAPI string `group:"Example" name:"from-openapi" predictor:"file" placeholder:"FILE" help:"Make an example body of an endpoint's OpenAPI description (JSON)."`

	ChatOptions `group:"Chat"`
}

// withDefaults fills in what was left empty and refuses what makes no sense.
func (in Options) withDefaults() (Options, error) {
	if in.Stdin == nil {
		in.Stdin = os.Stdin
	}
	if err := in.recognise(); err != nil {
		return in, err
	}
	switch {
	case in.FromOpenAPI != "" && (in.Path != "" || in.Chat):
		return in, setting.Wrong(setting.FromOpenAPI, file.Display(in.FromOpenAPI),
			"makes its one example body; leave out %v and any other file", setting.Chat)
	case in.FromOpenAPI != "":
		in.Path, in.Count = in.FromOpenAPI, cmp.Or(in.Count, 1)
	case in.Example != nil:
		in.Count = cmp.Or(in.Count, 1)
	case in.Path == "" && !in.Chat:
		return in, errors.New("no file to make bodies of; name a CSV file or an example .json")
	}
	if in.Format == "" {
		in.Format = shape.DataframeRecords
	}
	if in.RowsPerRequest == 0 {
		in.RowsPerRequest = 1
	}
	if in.Separator == 0 {
		in.Separator = ','
	}
	if in.Count == 0 && !in.Chat && file.Ending(in.Path) == ".json" {
		in.Count = 1
	}
	if err := in.check(); err != nil {
		return in, err
	}
	return in, in.checkChat()
}

// recognise finds out whether the file is a dataset, of which chat bodies are
// made. Files that cannot be opened are for whoever reads them next.
func (in *Options) recognise() error {
	switch {
	case in.From == "auto":
		in.From, in.Chat = "", true
	case in.From != "" && !slices.Contains(dataset.Formats, in.From):
		return setting.Wrong(setting.From, strconv.Quote(string(in.From)), "expected auto, %s", dataset.Words())
	case in.From != "":
		in.Chat = true
		return nil
	}
	ofTables := len(in.Types) > 0 || in.Unnamed || in.RowsPerRequest > 1 || in.Column != "" ||
		in.Format != "" && in.Format != shape.DataframeRecords
	if in.Path == "" || in.Path == file.Stdin || in.Example != nil || in.FromOpenAPI != "" || in.InputTokens.Given() ||
		ofTables || file.Ending(in.Path) == ".txt" {
		return nil
	}
	content, err := file.Open(in.Path, nil)
	if err != nil {
		return nil
	}
	defer content.Close()
	_ = file.Guard(func() error {
		if in.From = dataset.Detect(content.Data); in.From != "" {
			in.Chat = true
		}
		return nil
	})
	return nil
}

func (in Options) check() error {
	formats := []shape.Kind{shape.DataframeRecords, shape.DataframeSplit, shape.Instances, shape.Inputs}
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
		return fmt.Errorf("%s: an example body has no columns to give types to; leave out either",
			file.Display(in.Path))
	}
	types := []table.Type{table.StringColumn, table.IntColumn, table.FloatColumn, table.BoolColumn, table.JsonColumn}
	for _, name := range slices.Sorted(maps.Keys(in.Types)) {
		if !slices.Contains(types, table.Type(in.Types[name])) {
			return fmt.Errorf("type %q of column %q: expected string, int, float, bool or json", in.Types[name], name)
		}
	}
	return nil
}

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

// table is the file as a table with the options' header, separator and types.
func (in *Options) table(content *file.Mapping) *table.Table {
	return &table.Table{Content: content, Header: in.Header, Separator: byte(in.Separator), Types: in.Types}
}
