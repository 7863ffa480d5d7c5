package payloads

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"brunt/payloads/compose"
	"brunt/payloads/filetest"

	"github.com/google/go-cmp/cmp"
)

func TestRequestLines(t *testing.T) {
	path := filetest.Write(t, "r.jsonl", strings.Join([]string{
		`{"body":{"inputs":[1, 2]}}`,
		`{"name":"chat","body":"x","path":"/v1/chat?x=%20"}`,
		` { "weight" : 2 , "body" : [ ] , "headers" : { "X-Key" : "a\tb" , "x-key":"" } } `,
		`{"body":null,"path":"/v1/chat?x=%20","name":"ch\u0061t","headers":{}}`,
		`{"\u0062ody":1,"name":"zażółć"}`,
		`{"body":2,"headers":{"Host":"other.example","Content-Type":"text/plain"},"name":"","weight":1}`,
	}, "\n"))
	s := mustOpen(t, Options{Format: RequestFormat}, Spec{path, 1})
	if diff := cmp.Diff([]string{`{"inputs":[1, 2]}`, `"x"`, `[ ]`, `[ ]`, `null`, `1`, `2`}, sent(s, 7)); diff != "" {
		t.Error(diff)
	}
	want := []Variant{
		{},
		{Name: "chat"},
		{Headers: []Header{{Name: "X-Key", Value: "a\tb"}, {Name: "x-key"}}},
		{Name: "zażółć"},
		{Headers: []Header{{Name: "Host", Value: "other.example"}, {Name: "Content-Type", Value: "text/plain"}}},
	}
	if diff := cmp.Diff(want, s.Variants()); diff != "" {
		t.Error(diff)
	}
	var variants []int
	for i := range uint64(7) {
		variants = append(variants, s.At(i).Variant)
	}
	if diff := cmp.Diff([]int{0, 1, 2, 2, 1, 3, 4}, variants); diff != "" {
		t.Error(diff)
	}
	for i, want := range []string{"", "/v1/chat?x=%20", "", "", "/v1/chat?x=%20", "", ""} {
		if got := s.Path(uint64(i)); string(got) != want || want == "" && got != nil {
			t.Errorf("%d: path %q", i, got)
		}
	}
	if got := s.Where(6); got != path+":6" {
		t.Error(got)
	}
	if got := s.MaxBody(); got != len(`{"inputs":[1, 2]}`) {
		t.Error(got)
	}
}

// A request may be spread over lines in a .json file; so may its body.
func TestRequestDocument(t *testing.T) {
	path := filetest.Write(t, "r.json", "\n{\n\"name\": \"a\",\n\"body\": {\n}\n}\n")
	s := mustOpen(t, Options{Format: RequestFormat}, Spec{path, 1})
	if got := sent(s, 1)[0]; got != "{\n}" {
		t.Errorf("%q", got)
	}
	if got := s.Where(0); got != path+":4" {
		t.Error(got)
	}
}

// filePlace stands for the path of a test's file.
const filePlace = "THEFILE"

func TestBadRequestLines(t *testing.T) {
	const allowed = "; a request line may have body, text, base64, file or form, and name, method, url, path, headers, weight, timestamp_ms, session, think_ms and reply"
	const bodiless = `no "body"; a request line is an object such as {"body":…}, or {"path":…} for a request without one`
	long := strings.Repeat("n", 257)
	for line, want := range map[string]string{
		`1`:                                      `not an object; a request line is an object such as {"body":…}`,
		`[{"body":1}]`:                           `not an object; a request line is an object such as {"body":…}`,
		`{}`:                                     bodiless,
		`{"name":"x"}`:                           bodiless,
		`{"inputs":[1]}`:                         `unknown key "inputs"` + allowed,
		`{"Body":1}`:                             `unknown key "Body"` + allowed,
		`{"body":1,"a\n":2}`:                     `unknown key "a\n"` + allowed,
		`{"body":1,"body":2}`:                    `"body" given twice; leave one out`,
		`{"body":1,"b\u006fdy":2}`:               `"body" given twice; leave one out`,
		`{"body":1,"weight":1`:                   `not JSON: unexpected end; each line must be one JSON value`,
		`{"boddy":1`:                             `not JSON: unexpected end; each line must be one JSON value`,
		`{"body":1} 2`:                           `not JSON: something follows the value at column 12; each line must be one JSON value`,
		"{\"body\":\"\xff\"}":                    `not UTF-8: invalid byte 0xFF at column 10; each line must be one JSON value`,
		`{"body":1,"name":7}`:                    `name "7": must be a string of valid Unicode`,
		`{"body":1,"name":"\ud800"}`:             `name "\"\\ud800\"": must be a string of valid Unicode`,
		`{"body":1,"name":"a\u001b["}`:           `name "a\x1b[": must be printable characters`,
		`{"body":1,"name":"` + long[1:] + `x"}`:  `name "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"…: must not be longer than 256 bytes`,
		`{"body":1,"path":"v1"}`:                 `path "v1": must start with "/"`,
		`{"body":1,"path":""}`:                   `path "": must start with "/"`,
		`{"body":1,"path":null}`:                 `path: must be a string that starts with "/", not null`,
		`{"body":1,"path":"/a#b"}`:               `path "/a#": must hold no # and no control characters; percent-encode them`,
		`{"body":1,"path":"/a\r\nX: y"}`:         `path "/a\r\nX:": must hold no # and no control characters; percent-encode them`,
		`{"body":1,"headers":["a"]}`:             `headers: must be an object of strings, such as {"X-Key":"value"}`,
		`{"body":1,"headers":null}`:              `headers: must be an object of strings, such as {"X-Key":"value"}`,
		`{"body":1,"headers":{"A":1}}`:           `header "A": must be a string, or null for none of that name, not a number`,
		`{"body":1,"headers":{"A":"b\r\nC: d"}}`: `header "A": its value must not hold line ends or other control characters`,
		`{"body":1,"headers":{"A":"\u0000"}}`:    `header "A": its value must not hold line ends or other control characters`,
		`{"body":1,"headers":{"A B":"c"}}`: "header name \"A \": " +
			"must be letters, digits and !#$%&'*+-.^_`|~",
		`{"body":1,"headers":{"A:":"c"}}`: "header name \"A:\": " +
			"must be letters, digits and !#$%&'*+-.^_`|~",
		`{"body":1,"headers":{"Authorization: Bearer hunter2":""}}`: "header name \"Authorization:\": " +
			"must be letters, digits and !#$%&'*+-.^_`|~",
		`{"body":1,"headers":{"A":"hunter2\ud800"}}`: `header "A": must be a string, or null for none of that name, not one that is no valid Unicode`,
		`{"body":1,"headers":"A: hunter2"}`:          `headers: must be an object of strings, such as {"X-Key":"value"}`,
		`{"body":1,"headers":{"A":["hunter2"]}}`:     `header "A": must be a string, or null for none of that name, not an array`,
		`{"body":1,"path":{"A":"hunter2"}}`:          `path: must be a string that starts with "/", not an object`,
		`{"body":1,"path":"x?token=hunter2"}`:        `path "x?": must start with "/"`,
		`{"body":1,"path":"https://u:hunter2@h/x"}`:  `path "https:": must start with "/"`,
		`{"body":1,"path":"/x#token=hunter2"}`:       `path "/x#": must hold no # and no control characters; percent-encode them`,
		`{"body":1,"headers":{"":"c"}}`: "header name \"\": " +
			"must be letters, digits and !#$%&'*+-.^_`|~",
		`{"body":1,"headers":{"content-LENGTH":"1"}}`:          `header "content-LENGTH": follows from the body; leave it out`,
		`{"body":1,"headers":{"Transfer-Encoding":"chunked"}}`: `header "Transfer-Encoding": follows from the body; leave it out`,
		`{"body":1,"headers":{"A\n":null}}`: "header name \"A\\n\": " +
			"must be letters, digits and !#$%&'*+-.^_`|~",
		`{"body":1,"text":"x"}`:                          `"body" and "text": a request has one body; leave one out`,
		`{"text":1}`:                                     `text: must be a string of valid Unicode`,
		`{"base64":"=="}`:                                "",
		`{"base64":"A"}`:                                 `base64: not base64 (RFC 4648): at input byte 0`,
		`{"base64":["QQ"]}`:                              `base64: must be a string of base64`,
		`{"file":""}`:                                    `file: must be a string, the name of a file`,
		`{"file":"none.bin"}`:                            `file "none.bin": no such file; its name counts from the folder of ` + filePlace,
		`{"form":[]}`:                                    `form: must be an object, such as {"model":"x","file":{"file":"speech.wav"}}`,
		`{"form":{"a":null}}`:                            `form: "a" must be a string, a number or an object such as {"file":"speech.wav"}`,
		`{"form":{"a":[["x"]]}}`:                         `form: "a" must be a string, a number or an object such as {"file":"speech.wav"}`,
		`{"form":{"a":{"type":"text/plain"}}}`:           `form: "a": a part has one of file, text and base64`,
		`{"form":{"a":{"text":"1","base64":""}}}`:        `form: "a": a part has one of file, text and base64`,
		`{"form":{"a":{"text":"1","x":""}}}`:             `form: "a": unknown key "x"; a part has file, text or base64, and may have filename and type`,
		`{"form":{"a":{"file":"none.png"}}}`:             `form: "a": file "none.png": no such file; its name counts from the folder of ` + filePlace,
		`{"form":{"a":{"text":"1","type":"a\r\nX: y"}}}`: `form: "a": type must be on one line`,
		`{"method":"G T"}`:                               `method "G T": not an HTTP method`,
		`{"method":""}`:                                  `method "": not an HTTP method`,
		`{"method":1}`:                                   `method: must be a string such as GET, not a number`,
		`{"method":"CONNECT","path":"/"}`:                `method CONNECT: opens a tunnel, which cannot be measured; use GET, POST, PUT …`,
		`{"url":"ftp://h/x"}`:                            `url "ftp:": must start with http:// or https://`,
		`{"url":"h/x?token=hunter2"}`:                    `url "h/x?": must start with http:// or https://`,
		`{"url":"http:///x"}`:                            `url: no host in it; give a URL such as https://host/path`,
		`{"url":"http://u:hunter2@h/x"}`:                 `url: a user or password in it would show up in reports; give {"headers":{"Authorization":…}}, or --user for all`,
		`{"url":"http://h/x","path":"/y"}`:               `"url" and "path": the URL has a path; leave one out`,
		`{"path":"/y","url":"http://h/x"}`:               `"url" and "path": the URL has a path; leave one out`,
		`{"url":"http://h/a\nb"}`:                        `url "/a\nb": must hold no # and no control characters; percent-encode them`,
		`{"body":1,"headers":{"Content-Encoding":"br"}}`: `Content-Encoding "br": bodies are compressed as gzip, zstd or deflate only, and this one would go out plain under that header; leave it out, or give bodies that are so coded as "file" or "base64"`,
		`{"body":1,"timestamp_ms":"1"}`:                  `timestamp_ms "\"1\"": must be a number of milliseconds`,
		`{"body":1,"timestamp_ms":1e300}`:                `timestamp_ms "1e300": must be a number of milliseconds`,
		`{"body":1,"timestamp_ms":1,"timestamp_ms":1}`:   `"timestamp_ms" given twice; leave one out`,
		`{"body":1,"weight":0}`:                          `weight "0": must be a whole number from 1 to 1,000,000`,
		`{"body":1,"weight":-1}`:                         `weight "-1": must be a whole number from 1 to 1,000,000`,
		`{"body":1,"weight":1.0}`:                        `weight "1.0": must be a whole number from 1 to 1,000,000`,
		`{"body":1,"weight":1000001}`:                    `weight "1000001": must be a whole number from 1 to 1,000,000`,
		`{"body":1,"weight":"2"}`:                        `weight "\"2\"": must be a whole number from 1 to 1,000,000`,
	} {
		path := filetest.Write(t, "r.jsonl", `{"body":1}`+"\n"+line+"\n")
		set, err := Open([]Spec{{path, 1}}, Options{Format: RequestFormat})
		if want == "" && err == nil {
			set.Close()
			continue
		}
		if want = strings.ReplaceAll(want, filePlace, path); err == nil || err.Error() != path+":2: "+want {
			t.Errorf("%s:\ngot  %v\nwant %s", line, err, want)
		}
	}
}

// TestEscapedPath: what cannot stand in a path is escaped, and what is escaped
// already stays as it is.
func TestEscapedPath(t *testing.T) {
	for path, want := range map[string]string{
		"/a b": "/a%20b", "/a%2Fb c": "/a%2Fb%20c", "/%2f%3b%40%2B é?q=x y": "/%2f%3b%40%2B%20%C3%A9?q=x%20y",
		"/a%20b": "/a%20b", "/100%": "/100%", `/\u00fc`: "/%C3%BC",
	} {
		file := filetest.Write(t, "r.jsonl", `{"body":1,"path":"`+strings.ReplaceAll(path, `\\`, `\`)+`"}`+"\n")
		set, err := Open([]Spec{{file, 1}}, Options{Format: RequestFormat})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got := string(set.Path(0)); got != want {
			t.Errorf("%s: %s", path, got)
		}
		set.Close()
	}
}

// Numbers of variants follow the file, however the chunks were scheduled.
func TestVariantsInOrder(t *testing.T) {
	withChunkSize(t, 64)
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "{\"body\":%d,\"name\":\"n%d\"}\n", i, i/3)
	}
	path := filetest.Write(t, "r.jsonl", b.String())
	for range 5 {
		s := mustOpen(t, Options{Format: RequestFormat}, Spec{path, 1})
		if got := len(s.Variants()); got != 1001 {
			t.Fatalf("%d variants", got)
		}
		for i := range 3000 {
			it := s.At(uint64(i))
			if want := fmt.Sprintf("n%d", i/3); it.Variant != 1+i/3 || s.Variants()[it.Variant].Name != want {
				t.Fatalf("body %d has variant %d, %+v", i, it.Variant, s.Variants()[it.Variant])
			}
		}
	}
}

// Variants of several files are numbered together.
func TestVariantsOfSeveralFiles(t *testing.T) {
	a := filetest.Write(t, "a.jsonl", `{"body":1,"name":"x"}`+"\n"+`{"body":2,"name":"y"}`)
	b := filetest.Write(t, "b.jsonl", `{"body":3,"name":"z"}`+"\n"+`{"body":4,"name":"x"}`)
	s := mustOpen(t, Options{Format: RequestFormat}, Spec{a, 1}, Spec{b, 1})
	var names []string
	for i := range uint64(4) {
		names = append(names, s.Variants()[s.At(i).Variant].Name)
	}
	if diff := cmp.Diff([]string{"x", "z", "y", "x"}, names); diff != "" || len(s.Variants()) != 4 {
		t.Error(diff, s.Variants())
	}
}

func TestTooManyVariants(t *testing.T) {
	var b strings.Builder
	for i := range maxVariants {
		fmt.Fprintf(&b, "{\"body\":1,\"name\":\"%d\"}\n", i)
	}
	path := filetest.Write(t, "r.jsonl", b.String())
	s := mustOpen(t, Options{Format: RequestFormat}, Spec{path, 1})
	if got := len(s.Variants()); got != maxVariants+1 {
		t.Error(got)
	}
	path = filetest.Write(t, "r.jsonl", b.String()+`{"body":1,"name":"x"}`)
	_, err := Open([]Spec{{path, 1}}, Options{Format: RequestFormat})
	want := path + ": more than 10,000 distinct combinations of name, method, host and headers; " +
		"put what differs from line to line into the path or the body"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// plainRequest is a request line as encoding/json reads it.
type plainRequest struct {
	body         string
	name, path   string
	method, kind string
	headers      []Header
	weight       uint64
}

var errOracle = fmt.Errorf("refused")

// readPlain is an independent reading of a request line, rule by rule.
func readPlain(line []byte) (r plainRequest, err error) {
	if !plainValid(line) {
		return r, errOracle
	}
	r.weight = 1
	members, err := plainMembers(line)
	if err != nil {
		return r, err
	}
	seen := make(map[string]bool)
	for _, m := range members {
		if seen[m.key] {
			return r, errOracle
		}
		seen[m.key] = true
		switch m.key {
		case "body", "text", "base64", "file", "form":
			if r.kind != "" {
				err = errOracle
			}
			r.kind, r.body = m.key, m.raw
		case "method":
			r.method, err = plainText(m.raw)
			if !regexp.MustCompile("\\A[-!#$%&'*+.^_`|~0-9A-Za-z]{1,256}\\z").MatchString(r.method) || r.method == "CONNECT" {
				err = errOracle
			}
		case "name":
			r.name, err = plainText(m.raw)
			if len(r.name) > 256 || strings.ContainsFunc(r.name, func(c rune) bool { return !unicode.IsPrint(c) }) {
				err = errOracle
			}
		case "path":
			r.path, err = plainText(m.raw)
			if !regexp.MustCompile(`\A/[^\x00-\x1f\x7f#]*\z`).MatchString(r.path) {
				err = errOracle
			}
			r.path = regexp.MustCompile(`[^!-~]`).ReplaceAllStringFunc(r.path, func(c string) string {
				s := ""
				for _, b := range []byte(c) {
					s += fmt.Sprintf("%%%02X", b)
				}
				return s
			})
		case "weight":
			if !regexp.MustCompile(`\A[0-9]+\z`).MatchString(m.raw) {
				return r, errOracle
			}
			r.weight, err = strconv.ParseUint(m.raw, 10, 64)
			if r.weight < 1 || r.weight > 1_000_000 {
				err = errOracle
			}
		case "headers":
			r.headers, err = plainHeaders(m.raw)
		default:
			err = errOracle
		}
		if err != nil {
			return r, err
		}
	}
	if r.kind == "" && !seen["path"] && !seen["method"] {
		return r, errOracle
	}
	return r, nil
}

func plainHeaders(raw string) (headers []Header, err error) {
	members, err := plainMembers([]byte(raw))
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		value, err := plainText(m.raw)
		remove := m.raw == "null"
		if err != nil && !remove || strings.EqualFold(m.key, "Content-Length") || strings.EqualFold(m.key, "Transfer-Encoding") ||
			!regexp.MustCompile("\\A[-!#$%&'*+.^_`|~0-9A-Za-z]+\\z").MatchString(m.key) ||
			regexp.MustCompile("[\x00-\x08\x0a-\x1f\x7f]").MatchString(value) {
			return nil, errOracle
		}
		headers = append(headers, Header{Name: m.key, Value: value, Remove: remove})
	}
	return headers, nil
}

type plainMember struct{ key, raw string }

func plainMembers(object []byte) (members []plainMember, err error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, errOracle
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, err
		}
		members = append(members, plainMember{key.(string), string(raw)})
	}
	return members, nil
}

func plainText(raw string) (s string, err error) {
	if raw[0] != '"' {
		return "", errOracle
	}
	err = json.Unmarshal([]byte(raw), &s)
	return s, err
}

// FuzzRequestLine compares what a request line is taken for with an
// independent reading by encoding/json.
func FuzzRequestLine(f *testing.F) {
	for _, s := range []string{
		`{"body":{"a":[1,2]},"name":"n","path":"/p","headers":{"A":"b","C":"d"},"weight":3}`,
		` { "body" : null } `, `{"body":1,"body":2}`, `{"\u0062ody":"\ud83d"}`, `{"body":1,"x":2}`,
		`{"body":1,"weight":1e3}`,
		`{"body":1,"headers":{"Host":"h","Content-Length":"1"}}`, `{"body":[[[]]],"name":"\u00e9"}`, `[]`, `{}`,
		`{"body":1}}`, "{\"body\":\"\xff\"}", `{"method":"GET","path":"/\u0061"}`, `{"text":"a","headers":{"A":null}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.Contains(line, []byte(`\u`)) && utf8.Valid(line) && unpairedSurrogate(line) {
			return // encoding/json silently replaces these; we refuse them but in bodies
		}
		if bytes.Contains(line, []byte("url")) || bytes.Contains(line, []byte(`\u`)) && bytes.Contains(line, []byte("method")) {
			return // see FuzzURLs
		}
		names := newInterner()
		r := newRequestReader(names, compose.NewMaker("f", "f", nil), "")
		what, err := r.read(line)
		if err != nil || strings.ContainsAny(what, "\r\n") {
			t.Fatalf("%q: %q, %v", line, what, err)
		}
		want, bad := readPlain(line)
		if (what == "") != (bad == nil) {
			t.Fatalf("%q: %q, want %v", line, what, bad)
		}
		if bad != nil {
			return
		}
		if err := r.internVariant(); err != nil {
			t.Fatal(err)
		}
		v := names.list[r.variant]
		if got := string(line[r.offset : r.offset+r.length]); got != want.body || v.Name != want.name ||
			string(r.path) != want.path || v.Method != want.method || v.Bodiless != (want.kind == "") ||
			uint64(r.weight) != want.weight || !slices.Equal(v.Headers, want.headers) {
			t.Fatalf("%q: got body %q, %+v, weight %d; want %+v", line, got, v, r.weight, want)
		}
		if at := r.pathAt; at > 0 && string(line[at:at+len(r.path)]) != want.path {
			t.Fatalf("%q: no path %q at %d", line, want.path, at)
		}
		if again, _ := r.read(line); again != "" || r.internVariant() != nil || names.list[r.variant].Name != want.name || len(names.list) > 2 {
			t.Fatalf("%q: a second reading differs", line)
		}
	})
}

// unpairedSurrogate tells if decoding any string in the line gives U+FFFD.
func unpairedSurrogate(line []byte) bool {
	var v any
	if json.Unmarshal(line, &v) != nil {
		return false
	}
	out, err := json.Marshal(v)
	return err == nil && bytes.ContainsRune(out, utf8.RuneError)
}
