package targetlist

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"brunt/payloads/file"
	"brunt/payloads/filetest"

	"github.com/google/go-cmp/cmp"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// line is a request line as encoding/json reads it.
type line struct {
	Method, URL, File, Base64 string
	Headers                   headers
}

// headers keep those that are given several times.
type headers http.Header

// UnmarshalJSON implements json.Unmarshaler.
func (h *headers) UnmarshalJSON(b []byte) error {
	*h = headers{}
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, _ := d.Token()
		value, err := d.Token()
		if err != nil {
			return err
		}
		(*h)[name.(string)] = append((*h)[name.(string)], value.(string))
	}
	return nil
}

// converted gives the targets of a list, by the number of the line where each begins.
func converted(t testing.TB, text, body string) (targets []vegeta.Target, numbers []int, err error) {
	t.Helper()
	m, err := file.Open(filetest.Write(t, "list", text), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	lines, err := Convert(m, body)
	if err != nil {
		return nil, nil, err
	}
	defer lines.Close()
	for i, one := range strings.Split(strings.TrimSuffix(string(lines.Data), "\n"), "\n") {
		if one == "" {
			continue
		}
		var l line
		if err := json.Unmarshal([]byte(one), &l); err != nil {
			t.Fatalf("%s: %v", one, err)
		}
		target := vegeta.Target{Method: l.Method, URL: l.URL, Header: http.Header(l.Headers)}
		if l.File != "" {
			if target.Body, err = os.ReadFile(l.File); err != nil {
				t.Fatal(err)
			}
		}
		if l.Base64 != "" {
			if target.Body, err = base64.StdEncoding.DecodeString(l.Base64); err != nil {
				t.Fatal(err)
			}
		}
		if target.Header == nil {
			target.Header = http.Header{}
		}
		targets, numbers = append(targets, target), append(numbers, i+1)
	}
	return targets, numbers, nil
}

// byVegeta are the targets as vegeta itself reads them.
func byVegeta(text string, body []byte) ([]vegeta.Target, error) {
	read := vegeta.NewHTTPTargeter
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		read = vegeta.NewJSONTargeter
	}
	return vegeta.ReadAllTargets(read(strings.NewReader(text), body, http.Header{}))
}

const httpList = `# a list
GET http://goku:9090/path/to/dragon?item=ball

HEAD http://goku:9090/path
X-Key: a:b
x-key:  c
# a comment
X-Key: d

POST http://goku:9090/things
Content-Type: application/json
@BODY

DELETE http://h/%2F
GET http://h/next
@BODY
PUT http://h/last
`

const jsonList = `{"method":"POST","url":"https://goku/1","header":{"Content-Type":["text/plain"],"X":["1","2"]},"body":"Rk9P"}

{"url":"https://goku/2?a=\u0062","method":"GET","header":null,"body":null}
{"body":"","method":"PUT","url":"/3"}
`

// TestAsVegetaReads: both formats give the targets that vegeta gives.
func TestAsVegetaReads(t *testing.T) {
	body := filetest.Write(t, "body", "from a file\n")
	for _, text := range []string{
		strings.ReplaceAll(httpList, "BODY", body), jsonList, strings.ReplaceAll(strings.ReplaceAll(httpList, "BODY", body), "\n", "\r\n"),
		"GET http://h/\n", "GET http://h/", "\n\n# only\nGET http://h/x\nA: b", "\xef\xbb\xbfGET http://h/",
	} {
		want, err := byVegeta(strings.TrimPrefix(text, "\xef\xbb\xbf"), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := converted(t, text, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
		want, _ = byVegeta(strings.TrimPrefix(text, "\xef\xbb\xbf"), []byte("from a file\n"))
		if got, _, err = converted(t, text, body); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
	_, numbers, err := converted(t, strings.ReplaceAll(httpList, "BODY", body), "")
	if diff := cmp.Diff([]int{2, 4, 10, 14, 15, 17}, numbers); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// TestBodiesBeside: a body's name counts from where brunt runs, else from the list's
// own folder.
func TestBodiesBeside(t *testing.T) {
	c := &converter{found: map[string]string{}}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("here", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := c.place("here"); !filepath.IsAbs(got) {
		t.Error(got)
	}
	if got := c.place("there"); got != "there" {
		t.Error(got)
	}
}

// TestBadLists: what is wrong is said with its line, and no secret.
func TestBadLists(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       ": no targets in it; a target is a line such as GET https://host/path",
		"\n# x\n":                                ": no targets in it; a target is a line such as GET https://host/path",
		"get http://h/":                          `:1: "get http:" begins no target; write it as METHOD URL, such as GET https://host/path, with a blank line before it`,
		"\nhttp://u:hunter2@h/?t=hunter2":        `:2: "http:" begins no target; write it as METHOD URL, such as GET https://host/path, with a blank line before it`,
		"GET":                                    `:1: "GET" begins no target; write it as METHOD URL, such as GET https://host/path, with a blank line before it`,
		"GET http://h/\n@":                       ":2: no file after @; write it as @body.json",
		"GET http://h/\nX-Key: 1\nhunter2\n":     ":3: neither a header (NAME: VALUE) nor the body's file (@FILE); a target ends with a blank line",
		"GET http://h/\nX-Key:\n":                ":2: neither a header (NAME: VALUE) nor the body's file (@FILE); a target ends with a blank line",
		"GET http://h/\n@x\nX: 1\n":              `:3: "X:" begins no target; write it as METHOD URL, such as GET https://host/path, with a blank line before it`,
		"{}":                                     ":1: a target needs a method and a url",
		`{"method":"GET"}`:                       ":1: a target needs a method and a url",
		"{\"method\":\"GET\",\"url\":\"/\"}\n[]": `:2: a target is an object such as {"method":"GET","url":"https://host/path"}`,
		`{"method":1,"url":"/"}`:                 ":1: method: must be a string",
		`{"method":"GET","url":"/","headers":{}}`:       `:1: unknown key "headers"; a target has method, url, header and body`,
		`{"method":"GET","url":"/","url":"/"}`:          `:1: "url" given twice; leave one out`,
		`{"method":"GET","url":"/","header":[]}`:        `:1: header: must be an object such as {"X-Key":["value"]}`,
		`{"method":"GET","url":"/","header":{"A":"b"}}`: `:1: header "A": must be a list of strings`,
		`{"method":"GET","url":"/","header":{"A":[1]}}`: `:1: header "A": must be a list of strings`,
		`{"method":"GET","url":"/","body":{}}`:          ":1: body: must be a string",
		`{"method":"GET"`:                               ":1: not JSON: unexpected end; each line must be one JSON value",
	} {
		_, _, err := converted(t, text, "")
		if err == nil || !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q:\ngot  %v\nwant %s", text, err, want)
		}
	}
}

// FuzzTargets: what vegeta reads without an error is read alike, unless it is refused
// with its line.
func FuzzTargets(f *testing.F) {
	for _, s := range []string{strings.ReplaceAll(httpList, "@BODY", ""), jsonList, "GET http://h/\nA: b\n\n\nPOST /x\n#\nB:c", "GET http://h/\n\u00a0\nA: b", `{"method":"A","url":"b","body":"AA=="}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "@") || len(text) == 0 { // files of this machine
			return
		}
		got, _, err := converted(t, text, "")
		if err != nil {
			if _, ofLine := errors.AsType[*file.LineError](err); !ofLine && !strings.Contains(err.Error(), "list: ") || strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		want, err := byVegeta(strings.TrimPrefix(text, "\xef\xbb\xbf"), nil)
		if err != nil || strings.ContainsAny(text, "\r\x00\u0085\u00a0\u2028") || strings.Contains(text, `\u`) {
			return // vegeta minds more of a URL; line ends are its own
		}
		if len(want) != len(got) {
			t.Fatalf("%q: %d targets, vegeta has %d", text, len(got), len(want))
		}
		for i := range want {
			if want[i].Method != got[i].Method || want[i].URL != got[i].URL || fmt.Sprint(want[i].Header) != fmt.Sprint(got[i].Header) {
				t.Fatalf("%q: %+v, vegeta has %+v", text, got[i], want[i])
			}
		}
	})
}
