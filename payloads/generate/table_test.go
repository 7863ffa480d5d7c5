package generate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"brunt/payloads/filetest"
	"brunt/payloads/shape"
)

// made runs Make on a file of that content.
func made(t testing.TB, name, content string, in Options) (path, out string, n int, err error) {
	t.Helper()
	in.Path = filetest.Write(t, name, content)
	var b bytes.Buffer
	n, err = Bodies(&b, in)
	return in.Path, b.String(), n, err
}

// TestMakeLayout: the same rows in each format.
func TestMakeLayout(t *testing.T) {
	const csv = "id,name\n1,a\n2,b\n3,\n"
	for _, c := range []struct {
		why  string
		in   Options
		want string
	}{
		{"records are the default, one row per body", Options{Header: true},
			`{"dataframe_records":[{"id":1,"name":"a"}]}|{"dataframe_records":[{"id":2,"name":"b"}]}|{"dataframe_records":[{"id":3,"name":null}]}`},
		{"the last body has the rest", Options{Header: true, RowsPerRequest: 2},
			`{"dataframe_records":[{"id":1,"name":"a"},{"id":2,"name":"b"}]}|{"dataframe_records":[{"id":3,"name":null}]}`},
		{"split", Options{Header: true, Format: shape.DataframeSplit, RowsPerRequest: 2},
			`{"dataframe_split":{"columns":["id","name"],"data":[[1,"a"],[2,"b"]]}}|{"dataframe_split":{"columns":["id","name"],"data":[[3,null]]}}`},
		{"instances are rows", Options{Header: true, Format: shape.Instances, RowsPerRequest: 3},
			`{"instances":[{"id":1,"name":"a"},{"id":2,"name":"b"},{"id":3,"name":null}]}`},
		{"inputs are columns", Options{Header: true, Format: shape.Inputs, RowsPerRequest: 2},
			`{"inputs":{"id":[1,2],"name":["a","b"]}}|{"inputs":{"id":[3],"name":[null]}}`},
		{"more rows per body than there are", Options{Header: true, Format: shape.Inputs, RowsPerRequest: 9},
			`{"inputs":{"id":[1,2,3],"name":["a","b",null]}}`},
		{"instances without names", Options{Header: true, Unnamed: true, Format: shape.Instances, RowsPerRequest: 2},
			`{"instances":[[1,"a"],[2,"b"]]}|{"instances":[[3,null]]}`},
		{"inputs without names", Options{Header: true, Unnamed: true, Format: shape.Inputs, RowsPerRequest: 2},
			`{"inputs":[[1,"a"],[2,"b"]]}|{"inputs":[[3,null]]}`},
		{"data frames keep their names", Options{Header: true, Unnamed: true, RowsPerRequest: 3},
			`{"dataframe_records":[{"id":1,"name":"a"},{"id":2,"name":"b"},{"id":3,"name":null}]}`},
		{"without a header it is a row like others", Options{RowsPerRequest: 2},
			`{"dataframe_records":[{"0":"id","1":"name"},{"0":"1","1":"a"}]}|{"dataframe_records":[{"0":"2","1":"b"},{"0":"3","1":null}]}`},
		{"split without a header", Options{Format: shape.DataframeSplit, RowsPerRequest: 4},
			`{"dataframe_split":{"columns":["0","1"],"data":[["id","name"],["1","a"],["2","b"],["3",null]]}}`},
		{"instances without a header", Options{Format: shape.Instances, RowsPerRequest: 4},
			`{"instances":[["id","name"],["1","a"],["2","b"],["3",null]]}`},
		{"inputs without a header", Options{Format: shape.Inputs, RowsPerRequest: 4},
			`{"inputs":[["id","name"],["1","a"],["2","b"],["3",null]]}`},
	} {
		_, out, n, err := made(t, "a.csv", csv, c.in)
		want := strings.ReplaceAll(c.want, "|", "\n") + "\n"
		if diff := cmp.Diff(want, out); diff != "" || err != nil || n != strings.Count(want, "\n") {
			t.Errorf("%s: %d bodies, %v %s", c.why, n, err, diff)
		}
	}
}

// TestMakeNastyFiles: what is well-formed, however unusual. Each row of a
// wanted table is an array of instances.
func TestMakeNastyFiles(t *testing.T) {
	for _, c := range []struct{ why, csv, want string }{
		{"quotes", "a,b\n\"x\"\"y\",\"\"\"\"\n", `["x\"y","\""]`},
		{"the separator within quotes", "a,b\n\"x,y\",\",\"\n", `["x,y",","]`},
		{"line ends within fields keep their bytes", "a,b\n\"1\n\n2\r\n3\r4\",x\n", `["1\n\n2\r\n3\r4","x"]`},
		{"a quoted header over two lines", "\"a\nb\",c\nx,y\n", `["x","y"]`},
		{"byte order mark", "\xEF\xBB\xBFa,b\nx,y\n", `["x","y"]`},
		{"byte order mark before a quote", "\xEF\xBB\xBF\"a\",b\nx,y\n", `["x","y"]`},
		{"CRLF", "a,b\r\nx,\r\n\"y\",z\r\n", `["x",null],["y","z"]`},
		{"mixed line ends, none at the end", "a,b\r\nx,1\ny,2", `["x",1],["y",2]`},
		{"a CR at the end of the file", "a,b\nx,y\r", `["x","y"]`},
		{"a quoted field at the end of the file", "a,b\nx,\"y\"", `["x","y"]`},
		{"a quoted field and a CR at the end of the file", "a,b\nx,\"y\"\r", `["x","y"]`},
		{"an empty field at the end of the file", "a,b\nx,", `["x",null]`},
		{"blank lines are no rows", "\n\r\na,b\n\nx,y\n\r\n\n", `["x","y"]`},
		{"one column, with a quoted empty field", "a\nx\n\"\"\n\ny\n", `["x"],[""],["y"]`},
		{"control characters", "a\n\"\x00\x01\t\x7F\"\n", "[\"\\u0000\\u0001\\t\x7F\"]"},
		{"characters that HTML and JavaScript mind", "a\n</script>&'\u2028\n", "[\"</script>&'\u2028\"]"},
		{"UTF-8", "a\nzażółć 🚀 العربية\n", `["zażółć 🚀 العربية"]`},
		{"names with which other files begin", "PAR1,BZh\nx,y\n", `["x","y"]`},
		{"backslashes", "a\nC:\\x\n", `["C:\\x"]`},
		{"blanks in strings are kept", "a,b\n x , y\n", `[" x "," y"]`},
		{"blanks alone are a string", "a\n  \n1\n", `["  "],["1"]`},

		{"integers", "a\n0\n-1\n-0\n42\n", `[0],[-1],[-0],[42]`},
		{"huge integers stay exact", "a\n9007199254740993\n18446744073709551616\n-123456789012345678901234567890\n",
			`[9007199254740993],[18446744073709551616],[-123456789012345678901234567890]`},
		{"an integer longer than any float is a string", "a\n1" + strings.Repeat("0", 400) + "\n",
			`["1` + strings.Repeat("0", 400) + `"]`},
		{"blanks around numbers and bools", "a, b,c\n 1,2 ,\ttrue\n", `[1,2,true]`},
		{"leading zeros are a string", "a\n007\n8\n", `["007"],["8"]`},
		{"a zero and a minus are a string", "a\n-07\n", `["-07"]`},
		{"a plus is a string", "a\n+4812\n", `["+4812"]`},
		{"one word makes a column of strings", "a\n1\n2.5\nx\n", `["1"],["2.5"],["x"]`},
		{"floats", "a\n1.50\n-0.0\n2e3\n1E-7\n", `[1.50],[-0.0],[2e3],[1E-7]`},
		{"integers among floats", "a\n1\n2.5\n-3\n", `[1.0],[2.5],[-3.0]`},
		{"floats without a zero in front", "a\n.5\n-.25\n", `[0.5],[-0.25]`},
		{"no digits behind the point: a string", "a\n1.\n", `["1."]`},
		{"a float too large is a string", "a\n1e400\n", `["1e400"]`},
		{"a float too small is one", "a\n1e-400\n", `[1e-400]`},
		{"NaN among numbers", "a,b\n1,1.5\nNaN,nan\n-nan,\n", `[1,1.5],[null,null],[null,null]`},
		{"NaN alone or among others", "a,b,c\nNaN,NaN,NaN\n,x,true\n", `["NaN","NaN","NaN"],[null,"x","true"]`},
		{"infinity is a string", "a\n1\ninf\n-Infinity\n", `["1"],["inf"],["-Infinity"]`},
		{"almost numbers", "a,b,c,d,e,f,g\n-,.,1e,0x1F,1_000,--1,1.2.3\n",
			`["-",".","1e","0x1F","1_000","--1","1.2.3"]`},
		{"digits that are not ASCII", "a\n٣\n", `["٣"]`},
		{"bools", "a\ntrue\nFALSE\nTrue\n\n\"\"\n", `[true],[false],[true],[null]`},
		{"bools and numbers", "a\ntrue\n1\n", `["true"],["1"]`},
		{"yes, no, t and f are strings", "a,b\nyes,t\nno,f\n", `["yes","t"],["no","f"]`},
		{"null and NA are strings", "a,b\nnull,NA\n", `["null","NA"]`},
		{"dates", "a,b,c\n2024-02-29,12:30,2024-02-29T12:30:00Z\n", `["2024-02-29","12:30","2024-02-29T12:30:00Z"]`},
		{"decimal commas", "a\n\"1,5\"\n", `["1,5"]`},
		{"quoted numbers", "a,b\n\"1\",\"2.5\"\n", `[1,2.5]`},
		{"empty fields", "a,b,c,d\n1,x,true,\n,,,\n\"\",\"\",\"\",\"\"\n",
			`[1,"x",true,null],[null,null,null,null],[null,"",null,""]`},
	} {
		rows := strings.Count(c.want, "],[") + 1
		_, out, _, err := made(t, "a.csv", c.csv, Options{Header: true, Unnamed: true, Format: shape.Instances,
			RowsPerRequest: rows + 1})
		if want := `{"instances":[` + c.want + "]}\n"; out != want || err != nil {
			t.Errorf("%s: %v\ngot  %swant %s", c.why, err, out, want)
		}
	}
}

func TestMakeSeparators(t *testing.T) {
	for separator, csv := range map[rune]string{
		0:    "a,b\n\"x,;\",1\n",
		';':  "a;b\n\"x,;\";1\n",
		'\t': "a\tb\n\"x,;\"\t1\n",
		'|':  "a|b\n\"x,;\"|1\n",
		' ':  "a b\n\"x,;\" 1\n",
	} {
		_, out, _, err := made(t, "a.csv", csv, Options{Header: true, Separator: Separator(separator)})
		if out != `{"dataframe_records":[{"a":"x,;","b":1}]}`+"\n" || err != nil {
			t.Errorf("%q: %s %v", separator, out, err)
		}
	}
}

// TestMakeTypes: types that are asked for.
func TestMakeTypes(t *testing.T) {
	for _, c := range []struct {
		kind         string
		columns      int
		values, want string
	}{
		{"string", 6, `1,true,,"",NaN, x`, `"1","true","","","NaN"," x"`},
		{"int", 11, `1,+7,007,-08,5.0,5., 6 ,,NaN,000,123456789012345678901234567890`,
			`1,7,7,-8,5,5,6,null,null,0,123456789012345678901234567890`},
		{"float", 11, `1,+7,007.50,-.5,5.,5.e2,1e5,,NaN,0,00`, `1.0,7.0,7.50,-0.5,5.0,5e2,1e5,null,null,0.0,0.0`},
		{"bool", 6, `true,False,1,0,," TRUE "`, `true,false,true,false,null,true`},
		{"json", 7, `"[1,  2]","{""a"": ""b c""}",1.0e+2,null,,` + "\"[\n1,\r\n2]\"" + `, 7`,
			`[1,2],{"a":"b c"},1.0e+2,null,null,[1,2],7`},
	} {
		types := make(map[string]string)
		for i := range c.columns {
			types[fmt.Sprint(i)] = c.kind
		}
		_, out, _, err := made(t, "a.csv", c.values+"\n", Options{Types: types, Format: shape.Instances})
		if want := `{"instances":[[` + c.want + "]]}\n"; out != want || err != nil {
			t.Errorf("%s: %v\ngot  %swant %s", c.kind, err, out, want)
		}
	}
}

func TestMakeExample(t *testing.T) {
	const pretty = "\xEF\xBB\xBF{\n  \"inputs\": [ 1.0e+2,\r\n\t12345678901234567890 ],\n  \"a b\" : " +
		"\"x  \\\" \\u00e9\\n \",\n  \"a b\": null\n}\n"
	const line = `{"inputs":[1.0e+2,12345678901234567890],"a b":"x  \" \u00e9\n ","a b":null}` + "\n"
	for _, c := range []struct {
		name, content string
		count, want   int
	}{
		{"a.json", pretty, 3, 3},
		{"a.JSON", pretty, 0, 1},
		{"a.txt", pretty, 2, 2},
		{"a.json.gz", filetest.Gzip(t, pretty), 2, 2},
	} {
		_, out, n, err := made(t, c.name, c.content, Options{Count: c.count})
		if want := strings.Repeat(line, c.want); out != want || n != c.want || err != nil {
			t.Errorf("%s: %d %v\ngot  %swant %s", c.name, n, err, out, want)
		}
	}
	var out strings.Builder
	if _, err := Bodies(&out, Options{Path: "-", Stdin: strings.NewReader("[ 1 ]"), Count: 2}); err != nil ||
		out.String() != "[1]\n[1]\n" {
		t.Error(out.String(), err)
	}
}

// TestMakeReadsAsOthersDo: compressed files and standard input.
func TestMakeReadsAsOthersDo(t *testing.T) {
	const csv, want = "a\n1\n2.5\n", `{"inputs":{"a":[1.0,2.5]}}` + "\n"
	for name, content := range map[string]string{"a.csv": csv, "a.csv.gz": filetest.Gzip(t, csv), "a.csv.zst": filetest.Zstd(t,
		csv), "-": csv} {
		in := Options{Header: true, Format: shape.Inputs, RowsPerRequest: 2, Path: "-",
			Stdin: strings.NewReader(content)}
		if name != "-" {
			in.Path = filetest.Write(t, name, content)
		}
		var out strings.Builder
		if n, err := Bodies(&out, in); n != 1 || err != nil || out.String() != want {
			t.Errorf("%s: %d %v %s", name, n, err, out.String())
		}
	}
}

// Rows longer than the reader's buffer, and fields over many lines.
func TestMakeLongRows(t *testing.T) {
	long := strings.Repeat("x", 700<<10)
	lines := strings.Repeat("line \"\" end\r\n", 60<<10)
	csv := "a,b\n" + long + ",1\n\"" + lines + "\",2\n\"" + long + "\",3\nshort,4\n"
	_, out, n, err := made(t, "a.csv", csv, Options{Header: true})
	text := strings.ReplaceAll(strings.ReplaceAll(lines, `""`, `\"`), "\r\n", `\r\n`)
	var want strings.Builder
	for i, a := range []string{long, text, long, "short"} {
		fmt.Fprintf(&want, `{"dataframe_records":[{"a":"%s","b":%d}]}`+"\n", a, i+1)
	}
	if n != 4 || err != nil || out != want.String() {
		t.Errorf("%d bodies, %d bytes, want %d; %v", n, len(out), want.Len(), err)
	}
}

// A failed write is an error, and ends the work.
func TestMakeToFullDisk(t *testing.T) {
	path := filetest.Write(t, "a.csv", strings.Repeat("1\n", 100_000))
	for name, in := range map[string]Options{"rows": {Path: path}, "example": {Path: path + "x", Count: 100_000}} {
		if in.Count > 0 {
			in.Path = filetest.Write(t, "a.json", "1")
		}
		_, err := Bodies(fullDisk{}, in)
		if err == nil || err.Error() != "bodies cannot be written: no space left, says the test" {
			t.Errorf("%s: %v", name, err)
		}
		if !errors.Is(err, errFull) {
			t.Errorf("%s: the cause is lost", name)
		}
	}
	if _, err := Bodies(fullDisk{}, Options{Path: filetest.Write(t, "b.csv", "1\n")}); !errors.Is(err, errFull) {
		t.Errorf("the last write: %v", err)
	}
}

var errFull = errors.New("no space left, says the test")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

var _ io.Writer = fullDisk{}
