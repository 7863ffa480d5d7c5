package generate

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"brunt/payloads"
	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/shape"
)

// FuzzMakeCSV: whatever the file, Make says in one line what is wrong with
// it, having written nothing, or writes bodies that pass Check and hold all
// rows.
func FuzzMakeCSV(f *testing.F) {
	for _, s := range []string{
		"", "a,b\n1,2\n", "\xEF\xBB\xBFa;b\r\n\"x\"\"y\";1\r\n", "a\n\"1\n2\"\n\"\"\n", "a,b\n1\n", "a\n007\n",
		"a,b,c\nNaN,1e5,TRUE\n,.5,false\n",
		"\"a", "a\"b", "\"a\"b", "a\rb\r", "\"\xC3\",\"\xA9\"\n", "\"[1, 2]\"\n", "a,a\n", "-nan,-0,-.5\n1,0,7\n",
		"9007199254740993,+5\n",
	} {
		f.Add([]byte(s), uint8(0), uint8(0), uint8(1), byte(','))
		f.Add([]byte(s), uint8(7), uint8(3), uint8(2), byte(';'))
	}
	f.Fuzz(func(t *testing.T, content []byte, options, given, rows uint8, separator byte) {
		formats := []shape.Kind{shape.DataframeRecords, shape.DataframeSplit, shape.Instances, shape.Inputs}
		in := Options{
			Path: "-", Stdin: bytes.NewReader(content), Format: formats[options&3],
			Header: options&4 != 0, Unnamed: options&8 != 0, RowsPerRequest: int(rows), Separator: Separator(separator),
		}
		if types := []string{"", "string", "int", "float", "bool", "json"}; given%6 != 0 && !in.Header {
			in.Types = map[string]string{"0": types[given%6]}
		}
		var out bytes.Buffer
		n, err := Bodies(&out, in)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") || out.Len() > 0 || n > 0 {
				t.Fatalf("%d bodies, %d bytes, %q", n, out.Len(), err)
			}
			return
		}
		if got := bytes.Count(out.Bytes(), newline); got != n || n == 0 {
			t.Fatalf("%d bodies in %d lines", n, got)
		}
		checkMade(t, out.Bytes(), n)
		in.Stdin = bytes.NewReader(content)
		sameAsPlain(t, content, in, out.Bytes())
	})
}

// checkMade wants all bodies to pass Check.
func checkMade(t failer, out []byte, n int) {
	t.Helper()
	files, problems, _, err := payloads.Check([]payloads.Spec{{Path: "-", Weight: 1}},
		payloads.Options{Stdin: bytes.NewReader(out)}, 1)
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v %v in %q", problems, err, out)
	}
	if files[0].Lines != n {
		t.Fatalf("%d bodies, not %d", files[0].Lines, n)
	}
}

// plainRows reads a table with encoding/csv. It cannot tell CRLF from LF in a
// field, nor knows of a byte order mark.
func plainRows(content []byte, separator rune) ([][]string, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte(jsonscan.ByteOrderMark))))
	r.Comma = separator
	return r.ReadAll()
}

// sameAsPlain compares the strings of all rows with what encoding/csv reads.
func sameAsPlain(t failer, content []byte, in Options, out []byte) {
	t.Helper()
	if in.Header && bytes.Contains(content, []byte("\r\n")) {
		return // names may differ by their line ends
	}
	if in.Separator == 0 {
		in.Separator = ','
	}
	want, err := plainRows(content, rune(in.Separator))
	if err != nil {
		t.Fatalf("encoding/csv refuses %q: %v", content, err)
	}
	in.Format, in.Unnamed, in.Types = shape.Instances, true, make(map[string]string)
	for i, name := range want[0] {
		if !in.Header {
			name = fmt.Sprint(i)
		}
		in.Types[name] = "string"
	}
	if in.Header {
		want = want[1:]
	}
	var strung bytes.Buffer
	if _, err := Bodies(&strung, in); err != nil {
		t.Fatal(err)
	}
	got := rowsOf(t, strung.Bytes())
	for _, row := range got {
		for i := range row {
			row[i] = strings.ReplaceAll(row[i], "\r\n", "\n")
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

// rowsOf decodes bodies of instances without names, all strings.
func rowsOf(t failer, out []byte) (rows [][]string) {
	t.Helper()
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var body struct{ Instances [][]string }
		if err := d.Decode(&body); err == io.EOF {
			return rows
		} else if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, body.Instances...)
	}
}

// Any table, written by encoding/csv, comes out as the same strings, byte for
// byte.
func TestMakeKeepsStrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 4).Draw(t, "columns")
		value := rapid.OneOf(rapid.String(), rapid.StringMatching(`[,;"\r\n \t0-9ax]{0,9}`))
		if columns == 1 { // encoding/csv writes an empty row as a blank line
			value = value.Filter(func(s string) bool { return s != "" })
		}
		rows := rapid.SliceOfN(rapid.SliceOfN(value, columns, columns), 1, 9).Draw(t, "rows")
		var content bytes.Buffer
		w := csv.NewWriter(&content)
		w.Comma = rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "separator")
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		in := Options{Path: "-", Stdin: &content, Format: shape.Instances, Separator: Separator(w.Comma),
			Types: make(map[string]string)}
		in.RowsPerRequest = rapid.IntRange(1, 10).Draw(t, "per request")
		for i := range columns {
			in.Types[fmt.Sprint(i)] = "string"
		}
		var out bytes.Buffer
		if file.Foreign(content.Bytes()) != "" || strings.HasPrefix(rows[0][0], jsonscan.ByteOrderMark) {
			return // begins like UTF-16, or with what is taken for the file's byte order mark
		}
		n, err := Bodies(&out, in)
		if want := (len(rows) + in.RowsPerRequest - 1) / in.RowsPerRequest; err != nil || n != want {
			t.Fatalf("%d bodies, want %d: %v", n, want, err)
		}
		if diff := cmp.Diff(rows, rowsOf(t, out.Bytes())); diff != "" {
			t.Fatal(diff)
		}
	})
}

// failer is what tests, fuzz tests and properties have in common.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// Numbers, whatever their form, keep their value; every line made passes
// Check.
func TestMakeKeepsNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floats := rapid.SliceOfN(rapid.Float64(), 1, 20).Draw(t, "floats")
		verb := rapid.SampledFrom([]string{"%v", "%g", "%f", "%e", "%.3f"}).Draw(t, "verb")
		var content strings.Builder
		var want []float64
		for _, x := range floats {
			if math.IsInf(x, 0) || math.IsNaN(x) {
				continue
			}
			s := fmt.Sprintf(verb, x)
			fmt.Fprintln(&content, s)
			var y float64
			fmt.Sscan(s, &y)
			want = append(want, y)
		}
		if len(want) == 0 {
			return // no finite ones
		}
		in := Options{Path: "-", Stdin: strings.NewReader(content.String()), Format: shape.Inputs,
			RowsPerRequest: len(want)}
		var out bytes.Buffer
		if _, err := Bodies(&out, in); err != nil {
			t.Fatal(err)
		}
		var body struct{ Inputs [][]float64 }
		if err := json.Unmarshal(out.Bytes(), &body); err != nil {
			t.Fatalf("%v in %s", err, out.Bytes())
		}
		for i, row := range body.Inputs {
			if row[0] != want[i] {
				t.Fatalf("%v became %v", want[i], row[0])
			}
		}
	})
}

// Any mix of values and types gives bodies that pass Check.
func TestMadeBodiesPassCheck(t *testing.T) {
	words := []string{"", `""`, "1", "-0", "007", "1.5", ".5", "1e5", "1e400", "NaN", "-nan", "inf", "true", "FALSE",
		"x", `"a""b"`, "\"\n\"", "2024-01-01", " 7 ", "9007199254740993", `"[1, 2]"`}
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 4).Draw(t, "columns")
		pools := make([][]string, columns)
		for i := range pools {
			pools[i] = rapid.SliceOfN(rapid.SampledFrom(words), 1, 3).Draw(t, "pool")
		}
		var content strings.Builder
		n := rapid.IntRange(1, 12).Draw(t, "rows")
		fmt.Fprintln(&content, strings.Join([]string{"a", "b", "c", "d"}[:columns], ","))
		fmt.Fprintln(&content, strings.Repeat("x,", columns-1)+"x")
		for range n {
			for i, pool := range pools {
				if i > 0 {
					content.WriteByte(',')
				}
				content.WriteString(rapid.SampledFrom(pool).Draw(t, "value"))
			}
			content.WriteString("\r\n")
		}
		in := Options{
			Path: "-", Stdin: strings.NewReader(content.String()),
			Format: rapid.SampledFrom(shape.Kinds[:4]).Draw(t, "format"),
			Header: rapid.Bool().Draw(t, "header"), Unnamed: rapid.Bool().Draw(t, "unnamed"),
			RowsPerRequest: rapid.IntRange(1, 5).Draw(t, "per request"),
		}
		var out bytes.Buffer
		made, err := Bodies(&out, in)
		if err != nil {
			t.Fatal(err)
		}
		checkMade(t, out.Bytes(), made)
	})
}
