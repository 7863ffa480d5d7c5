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
		{Name: "chat", Path: "/v1/chat?x=%20"},
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

func TestBadRequestLines(t *testing.T) {
	const allowed = "; a request line may have body, name, path, headers, weight, timestamp_ms, session, think_ms and reply"
	long := strings.Repeat("n", 257)
	for line, want := range map[string]string{
		`1`:                                      `not an object; a request line is an object such as {"body":…}`,
		`[{"body":1}]`:                           `not an object; a request line is an object such as {"body":…}`,
		`{}`:                                     `no "body"; a request line is an object such as {"body":…}`,
		`{"name":"x"}`:                           `no "body"; a request line is an object such as {"body":…}`,
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
		`{"body":1,"headers":{"A":1}}`:           `header "A": must be a string, not a number`,
		`{"body":1,"headers":{"A":"b\r\nC: d"}}`: `header "A": its value must not hold line ends or other control characters`,
		`{"body":1,"headers":{"A":"\u0000"}}`:    `header "A": its value must not hold line ends or other control characters`,
		`{"body":1,"headers":{"A B":"c"}}`: "header name \"A \": " +
			"must be letters, digits and !#$%&'*+-.^_`|~",
		`{"body":1,"headers":{"A:":"c"}}`: "header name \"A:\": " +
			"must be letters, digits and !#$%&'*+-.^_`|~",
		`{"body":1,"headers":{"Authorization: Bearer hunter2":""}}`: "header name \"Authorization:\": " +
			"must be letters, digits and !#$%&'*+-.^_`|~",
		`{"body":1,"headers":{"A":"hunter2\ud800"}}`: `header "A": must be a string, not one that is no valid Unicode`,
		`{"body":1,"headers":"A: hunter2"}`:          `headers: must be an object of strings, such as {"X-Key":"value"}`,
		`{"body":1,"headers":{"A":["hunter2"]}}`:     `header "A": must be a string, not an array`,
		`{"body":1,"path":{"A":"hunter2"}}`:          `path: must be a string that starts with "/", not an object`,
		`{"body":1,"path":"x?token=hunter2"}`:        `path "x?": must start with "/"`,
		`{"body":1,"path":"https://u:hunter2@h/x"}`:  `path "https:": must start with "/"`,
		`{"body":1,"path":"/x#token=hunter2"}`:       `path "/x#": must hold no # and no control characters; percent-encode them`,
		`{"body":1,"headers":{"":"c"}}`: "header name \"\": " +
			"must be letters, digits and !#$%&'*+-.^_`|~",
		`{"body":1,"headers":{"content-LENGTH":"1"}}`:          `header "content-LENGTH": follows from the body; leave it out`,
		`{"body":1,"headers":{"Transfer-Encoding":"chunked"}}`: `header "Transfer-Encoding": follows from the body; leave it out`,
		`{"body":1,"timestamp_ms":"1"}`:                        `timestamp_ms "\"1\"": must be a number of milliseconds`,
		`{"body":1,"timestamp_ms":1e300}`:                      `timestamp_ms "1e300": must be a number of milliseconds`,
		`{"body":1,"timestamp_ms":1,"timestamp_ms":1}`:         `"timestamp_ms" given twice; leave one out`,
		`{"body":1,"weight":0}`:                                `weight "0": must be a whole number from 1 to 1,000,000`,
		`{"body":1,"weight":-1}`:                               `weight "-1": must be a whole number from 1 to 1,000,000`,
		`{"body":1,"weight":1.0}`:                              `weight "1.0": must be a whole number from 1 to 1,000,000`,
		`{"body":1,"weight":1000001}`:                          `weight "1000001": must be a whole number from 1 to 1,000,000`,
		`{"body":1,"weight":"2"}`:                              `weight "\"2\"": must be a whole number from 1 to 1,000,000`,
	} {
		path := filetest.Write(t, "r.jsonl", `{"body":1}`+"\n"+line+"\n")
		_, err := Open([]Spec{{path, 1}}, Options{Format: RequestFormat})
		if err == nil || err.Error() != path+":2: "+want {
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
		if got := set.Variants()[1].Path; got != want {
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
	want := path + ": more than 10,000 distinct combinations of name, path and headers; " +
		"put what differs from line to line into the body"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// plainRequest is a request line as encoding/json reads it.
type plainRequest struct {
	body       string
	name, path string
	headers    []Header
	weight     uint64
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
		case "body":
			r.body = m.raw
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
	if !seen["body"] {
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
		if err != nil || strings.EqualFold(m.key, "Content-Length") || strings.EqualFold(m.key, "Transfer-Encoding") ||
			!regexp.MustCompile("\\A[-!#$%&'*+.^_`|~0-9A-Za-z]+\\z").MatchString(m.key) ||
			regexp.MustCompile("[\x00-\x08\x0a-\x1f\x7f]").MatchString(value) {
			return nil, errOracle
		}
		headers = append(headers, Header{Name: m.key, Value: value})
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
		`{"body":1}}`, "{\"body\":\"\xff\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.Contains(line, []byte(`\u`)) && utf8.Valid(line) && unpairedSurrogate(line) {
			return // encoding/json silently replaces these; we refuse them but in bodies
		}
		names := newInterner()
		r := newRequestReader(names)
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
		v := names.list[r.variant]
		if got := string(line[r.offset : r.offset+r.length]); got != want.body || v.Name != want.name ||
			v.Path != want.path ||
			uint64(r.weight) != want.weight || !slices.Equal(v.Headers, want.headers) {
			t.Fatalf("%q: got body %q, %+v, weight %d; want %+v", line, got, v, r.weight, want)
		}
		if again, _ := r.read(line); again != "" || names.list[r.variant].Name != want.name || len(names.list) > 2 {
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
