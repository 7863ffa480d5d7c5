package generate

import (
	"errors"
	"os"
	"strings"
	"testing"

	"brunt/payloads/file"
	"brunt/payloads/filetest"
	"brunt/payloads/needs"
	"brunt/payloads/shape"
)

// TestMakeBadFiles: one line each, that says what, where, and what to do; and
// nothing is written before the file is known to be sound.
func TestMakeBadFiles(t *testing.T) {
	const header = "a,b\n1,2\n"
	for _, c := range []struct{ name, content, want string }{
		{"a.csv", "", ": empty; it needs rows of CSV"},
		{"a.csv", "\xEF\xBB\xBF", ": empty; it needs rows of CSV"},
		{"a.csv", "\n\r\n\n", ": empty; it needs rows of CSV"},
		{"a.csv.gz", filetest.Gzip(t, ""), ": empty; it needs rows of CSV"},
		{"a.csv", "a,b\n", ": no rows below the header; if the first line is a row, say that there is no header"},
		{"a.csv", "a,b", ": no rows below the header; if the first line is a row, say that there is no header"},
		{"a.csv", header + "1\n", ":3: 1 field, but the header has 2; mend the row, or check the separator ','"},
		{"a.csv", header + "\n1,2,3\n", ":4: 3 fields, but the header has 2; mend the row, or check the separator ','"},
		{"a.csv", "a,b\n\"1\n\n\",2\n1\n", ":5: 1 field, but the header has 2; " +
			"mend the row, or check the separator ','"},
		{"a.csv", "a;b\n1,2;3\n", ":2: 2 fields, but the header has 1; mend the row, or check the separator ','"},
		{"a.csv", "a,b,a\n1,2,3\n", `:1: columns 1 and 3 are both named "a"; rename one`},
		{"a.csv", "\n,b\n1,2\n", ":2: column 1 of the header has no name; name it, or leave it out (pandas: " +
			"to_csv(index=False))"},
		{"a.csv", "a,b,\n1,2,3\n", ":1: column 3 of the header has no name; name it, or leave it out (pandas: " +
			"to_csv(index=False))"},
		{"a.csv", header + "x,\"y\n\nz,1\n", ":3: the quote that opens field 2 is never closed; " +
			"close it, or double it if it belongs to the text"},
		{"a.csv", header + "\"x\"y,1\n", ":3: text behind the closing quote of field 1; " +
			"double the quotes within a field"},
		{"a.csv", header + "1,\"x\" \n", ":3: text behind the closing quote of field 2; " +
			"double the quotes within a field"},
		{"a.csv", header + `1,"{\"x\":1}"` + "\n", ":3: a backslash before a quote in field 2; " +
			"double the quotes within a field instead (in Spark: option(\"escape\", '\"'))"},
		{"a.csv", header + "1,\"x\"\r\r\n", ":3: text behind the closing quote of field 2; " +
			"double the quotes within a field"},
		{"a.csv", header + "5\" pipe,1\n", ":3: a quote within field 1, which does not begin with one; " +
			"quote the field and double the quotes in it"},
		{"a.csv", header + "1, \"x\"\n", ":3: a quote within field 2, which does not begin with one; " +
			"quote the field and double the quotes in it"},
		{"a.csv", "a,b\r1,2\r", ":1: a carriage return within a field without quotes; " +
			"make line ends LF or CRLF, or quote the field"},
		{"a.csv", header + "\"x\",y\rz\n", ":3: a carriage return within a field without quotes; " +
			"make line ends LF or CRLF, or quote the field"},
		{"a.csv", header + "1,caf\xE9\n", ":3: not UTF-8: invalid byte 0xE9 in field 2; " +
			"convert the file to UTF-8, for example with iconv -f WINDOWS-1252 -t UTF-8"},
		{"a.csv", header + "\"\xC3\",\"\xA9\"\n", ":3: not UTF-8: invalid byte 0xC3 in field 1; " +
			"convert the file to UTF-8, for example with iconv -f WINDOWS-1252 -t UTF-8"},
		{"a.csv", "a,\xFC\n1,2\n", ":1: not UTF-8: invalid byte 0xFC in field 2; " +
			"convert the file to UTF-8, for example with iconv -f WINDOWS-1252 -t UTF-8"},
		{"a.csv", "\xFF\xFEa\x00", ": UTF-16 text; convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8"},
		{"a.csv", "PK\x03\x04", ": a zip archive; unpack it first"},
		{"a.csv.gz", header, ": not gzip data, though its name ends in .gz; make the file again, or rename it"},
		{"a.json", "", ": empty; it needs one JSON value, the example"},
		{"a.json", " \n\xEF\xBB\xBF", ":2: not JSON: byte order mark inside the file at column 1; " +
			"an example must be one JSON value"},
		{"a.json", "{\n \"a\": 1,\n}\n", ":3: not JSON: invalid character '}' at start of string (expecting '\"') at " +
			"column 1; an example must be one JSON value"},
		{"a.json", "{}\n{}\n", ":2: not JSON: something follows the value at column 1; " +
			"an example must be one JSON value"},
	} {
		path, out, n, err := made(t, c.name, c.content, Options{Header: true})
		if err == nil || err.Error() != path+c.want || out != "" || n != 0 {
			t.Errorf("%q: %d bodies %q\ngot  %v\nwant %s", c.content, n, out, err, c.want)
		}
		if _, ok := errors.AsType[*file.LineError](err); ok != (len(c.want) > 1 && c.want[1] != ' ') {
			t.Errorf("%v: a LineError: %v", err, ok)
		}
	}
}

func TestMakeBadValues(t *testing.T) {
	const remedy = "; mend the value, or give the column another type"
	for _, c := range []struct{ kind, value, want string }{
		{"int", "1.5", `column "b": "1.5" is not of type int`},
		{"int", "1e3", `column "b": "1e3" is not of type int`},
		{"int", "-", `column "b": "-" is not of type int`},
		{"int", "+-1", `column "b": "+-1" is not of type int`},
		{"float", "inf", `column "b": "inf" is not of type float`},
		{"float", "1e400", `column "b": "1e400" is not of type float`},
		{"float", "\"1,5\"", `column "b": "1,5" is not of type float`},
		{"float", ".", `column "b": "." is not of type float`},
		{"float", ".e1", `column "b": ".e1" is not of type float`},
		{"float", "1e", `column "b": "1e" is not of type float`},
		{"float", "0x10", `column "b": "0x10" is not of type float`},
		{"float", "1_0e1", `column "b": "1_0e1" is not of type float`},
		{"bool", "yes", `column "b": "yes" is not of type bool`},
		{"json", "{a}", `column "b": "{a}" is not of type json`},
		{"json", "1 2", `column "b": "1 2" is not of type json`},
	} {
		path, out, _, err := made(t, "a.csv", "a,b\n1,\n\n2,"+c.value+"\n", Options{Header: true,
			Types: map[string]string{"b": c.kind}})
		if want := path + ":4: " + c.want + remedy; err == nil || err.Error() != want || out != "" {
			t.Errorf("%s: %q\ngot  %v\nwant %s", c.value, out, err, want)
		}
	}
}

func TestMakeBadOptions(t *testing.T) {
	csv, example := filetest.Write(t, "a.csv", "a,b\n1,2\n"), filetest.Write(t, "a.json", "1")
	for _, c := range []struct {
		in   Options
		want string
	}{
		{Options{}, "no file to make bodies of; name a CSV file or an example .json"},
		{Options{Path: csv, Format: shape.Messages},
			`format "messages": expected dataframe_records, dataframe_split, instances or inputs`},
		{Options{Path: csv, RowsPerRequest: -1}, "-1 rows per request: expected 1 or more"},
		{Options{Path: example, Count: -1}, "count -1: expected 1 or more"},
		{Options{Path: csv, Separator: '"'}, `separator '"': expected one ASCII character, such as , or ; or a tab`},
		{Options{Path: csv, Separator: '\n'}, `separator '\n': expected one ASCII character, such as , or ; or a tab`},
		{Options{Path: csv, Separator: '§'}, `separator '§': expected one ASCII character, such as , or ; or a tab`},
		{Options{Path: csv, Types: map[string]string{"a": "date"}},
			`type "date" of column "a": expected string, int, float, bool or json`},
		{Options{Path: csv, Header: true, Types: map[string]string{"c": "int"}},
			csv + `:1: no column "c", to which a type was given; the first is "a", the last "b"`},
		{Options{Path: csv, Types: map[string]string{"a": "int"}},
			csv + `:1: no column "a", to which a type was given; the first is "0", the last "1"`},
		{Options{Path: example, Types: map[string]string{"a": "int"}}, example + ": an example body has no columns " +
			"to give types to; leave out either"},
		{Options{Path: csv + "x"}, csv + "x: no such file; check the path"},
	} {
		var out strings.Builder
		if _, err := Bodies(&out, c.in); err == nil || err.Error() != c.want || out.Len() > 0 {
			t.Errorf("%q\ngot  %v\nwant %s", out.String(), err, c.want)
		}
	}
}

// What is too long for a body, or for a row.
func TestMakeTooLong(t *testing.T) {
	needs.Time(t)
	row := strings.Repeat("x", 1<<20) + ",1\n"
	rows := strings.Repeat(row, 70)
	for _, format := range []shape.Kind{shape.Instances, shape.Inputs} {
		path, _, n, err := made(t, "a.csv", "a,b\ny,2\n"+rows, Options{Header: true, Format: format,
			RowsPerRequest: 100})
		if want := path + ":2: the body that begins with this row is more than 64 MiB; " +
			"put fewer rows into a request"; err == nil || err.Error() != want || n != 0 {
			t.Errorf("%s: %d bodies, %v", format, n, err)
		}
	}
	path, _, _, err := made(t, "a.csv", "a,b\ny,2\n\""+rows, Options{Header: true})
	if want := path + ":3: a row of more than 64 MiB; look for a quote that is never closed"; err == nil ||
		err.Error() != want {
		t.Error(err)
	}
}

// A file that is written to between the two passes is not taken for two.
func TestMakeOfChangingFile(t *testing.T) {
	path := filetest.Write(t, "a.csv", strings.Repeat("1,2\n", 200_000))
	grow := growing{path: path}
	_, err := Bodies(&grow, Options{Path: path})
	if err == nil || !strings.HasPrefix(err.Error(), path+": changed while in use") {
		t.Error(err)
	}
}

// growing appends to the file being read, when the first bodies are written.
type growing struct {
	path string
	done bool
}

func (g *growing) Write(p []byte) (int, error) {
	if g.done {
		return len(p), nil
	}
	g.done = true
	f, err := os.OpenFile(g.path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	_, err = f.WriteString("ragged\n")
	return len(p), err
}
