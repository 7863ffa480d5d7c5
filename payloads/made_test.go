package payloads

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"brunt/payloads/compose"
	"brunt/payloads/filetest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// unpacked is what was compressed, as other libraries read it.
func unpacked(t *testing.T, coding string, b []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(b)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "deflate":
		r, err = zlib.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatalf("%s: %v", coding, err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", coding, err)
	}
	return string(text)
}

// TestMadeBodies: bodies of every kind are sent as their lines say, with the type that
// they have.
func TestMadeBodies(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	path := filetest.Write(t, "r.jsonl", strings.Join([]string{
		`{"body": {"a":1}}`,
		`{"text":"caf\u00e9\n"}`,
		`{"base64":"AP/+\n"}`, `{"base64":"AP_-"}`,
		`{"file":"a.png","headers":{"X":"y"}}`, `{"file":"a.png"}`,
		`{"text":""}`,
		`{"method":"GET","path":"/x"}`,
		`{"form":{"model":"m \"1\"","n":3,"f":{"file":"a.png"},"t":[{"text":"x","type":"text/csv"},{"base64":"AA==","filename":"b\".bin"}]}}`,
	}, "\n"))
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "a.png"), []byte("\x89PNG"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, Options{Format: RequestFormat}, Spec{path, 1})
	for i, want := range []struct {
		body, kind string
		bodiless   bool
	}{
		{`{"a":1}`, "", false}, {"café\n", "text/plain; charset=utf-8", false},
		{"\x00\xff\xfe", compose.OctetStream, false}, {"\x00\xff\xfe", compose.OctetStream, false},
		{"\x89PNG", "image/png", false}, {"\x89PNG", "image/png", false},
		{"", "text/plain; charset=utf-8", false}, {"", "", true},
	} {
		it := s.At(uint64(i))
		v := s.Variants()[it.Variant]
		if string(it.Body) != want.body || v.ContentType != want.kind || v.Bodiless != want.bodiless {
			t.Errorf("%d: %q, %+v", i, it.Body, v)
		}
		if got := s.Where(uint64(i)); got != fmt.Sprintf("%s:%d", path, i+1) {
			t.Error(got)
		}
	}
	form := s.At(8)
	_, params, err := mime.ParseMediaType(s.Variants()[form.Variant].ContentType)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for r := multipart.NewReader(bytes.NewReader(form.Body), params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(p)
		parts = append(parts, fmt.Sprintf("%s|%s|%s|%s", p.FormName(), p.FileName(), p.Header.Get("Content-Type"), content))
	}
	want := []string{"model|||m \"1\"", "n|||3", "f|a.png|image/png|\x89PNG", "t||text/csv|x", "t|b\".bin|application/octet-stream|\x00"}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Error(diff)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	if got := s.MaxBody(); got != len(form.Body) {
		t.Error(got)
	}
}

// TestCompressedBodies: bodies are compressed as the run or their lines say, but for what
// is compressed already; what they were stays known.
func TestCompressedBodies(t *testing.T) {
	packed := string(must(compose.Pack([]byte("inside"), compose.Gzip)))
	lines := []struct{ line, coding, plain string }{
		{`{"body":{"a":1}}`, "", `{"a":1}`},
		{`{"body":{"a":2},"headers":{"content-encoding":"GZIP"}}`, "gzip", `{"a":2}`},
		{`{"body":{"a":3},"headers":{"Content-Encoding":"zstd"}}`, "zstd", `{"a":3}`},
		{`{"text":"x","headers":{"Content-Encoding":"deflate"}}`, "deflate", "x"},
		{`{"body":4,"headers":{"Content-Encoding":"identity"}}`, "plain", "4"},
		{`{"body":5,"headers":{"Content-Encoding":null}}`, "plain", "5"},
		{`{"file":"in.bin.gz","headers":{"Content-Encoding":"gzip"}}`, "gzip", "inside"},
		{`{"file":"in.bin.gz","headers":{"Content-Encoding":"identity"}}`, "plain", packed},
		{`{"base64":"AAAA","headers":{"Content-Encoding":"br"}}`, "plain", "\x00\x00\x00"},
	}
	var text []string
	for _, l := range lines {
		text = append(text, l.line)
	}
	path := filetest.Write(t, "r.jsonl", strings.Join(text, "\n"))
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "in.bin.gz"), []byte(packed), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, coding := range []compose.Coding{"", compose.Gzip, compose.Zstd} {
		s := mustOpen(t, Options{Format: RequestFormat, Coding: coding}, Spec{path, 1})
		for i, l := range lines {
			is := l.coding
			if is == "" {
				is = string(coding)
			}
			if got := unpacked(t, is, s.At(uint64(i)).Body); got != l.plain {
				t.Errorf("%q %s: %q", coding, l.line, got)
			}
			if got := s.Plain(uint64(i)); strings.HasPrefix(l.line, `{"body"`) && string(got) != l.plain {
				t.Errorf("%q %s: %q", coding, l.line, got)
			}
		}
	}
	body := filetest.Write(t, "b.jsonl", "{\"a\":1}\n[2]\n")
	s := mustOpen(t, Options{Coding: compose.Gzip}, Spec{body, 1})
	if got := unpacked(t, "gzip", s.At(1).Body); got != "[2]" || string(s.Plain(1)) != "[2]" || s.Where(1) != body+":2" {
		t.Errorf("%q", got)
	}
	one, err := SingleSpliced("x", []byte("[3]"), Options{Coding: compose.Zstd})
	if err != nil || unpacked(t, "zstd", one.At(7).Body) != "[3]" || string(one.Plain(7)) != "[3]" {
		t.Error(err)
	}
	if _, err := Open([]Spec{{body, 1}}, Options{Coding: compose.Gzip, Unique: true}); err == nil || !strings.Contains(err.Error(), "compress") {
		t.Error(err)
	}
	for _, line := range []string{`{"base64":"e30K"}`, `{"text":"x"}`, `{"form":{"a":1}}`, `{"body":1}`} {
		path := filetest.Write(t, "x.jsonl", line)
		if _, err := Open([]Spec{{path, 1}}, Options{Format: RequestFormat, Coding: "br"}); err == nil || !strings.Contains(err.Error(), "go out plain") {
			t.Errorf("%s: %v", line, err)
		}
	}
	session := filetest.Write(t, "s.jsonl", `{"session":"a","body":{"messages":[1]},"headers":{"Content-Encoding":"gzip"}}`)
	if _, err := Open([]Spec{{session, 1}}, Options{Format: RequestFormat}); err == nil || !strings.Contains(err.Error(), "put together while it is sent") {
		t.Error(err)
	}
}

func must(b []byte, what string) []byte {
	if what != "" {
		panic(what)
	}
	return b
}

// TestURLs: where a line's request goes, as it is written there.
func TestURLs(t *testing.T) {
	for line, want := range map[string]string{
		`{"url":"http://h:81/a%2Fb é?q=%2B#f"}`: "http://h:81 /a%2Fb%20%C3%A9?q=%2B",
		`{"url":"HTTPS://H"}`:                   "HTTPS://H /", `{"url":"http://h?x=1"}`: "http://h /?x=1",
		`{"url":"/p?q"}`: " /p?q", `{"path":"/p?q=a\/b"}`: " /p?q=a/b", `{"url":"http:\/\/h\/p"}`: "http://h /p",
		`{"url":"http://[::1]:80/@x"}`: "http://[::1]:80 /@x",
	} {
		s := mustOpen(t, Options{Format: RequestFormat}, Spec{filetest.Write(t, "r.jsonl", "\n"+line), 1})
		if got := s.Variants()[s.At(0).Variant].Origin + " " + string(s.Path(0)); got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
}

// FuzzURLs: what is taken for a URL breaks no request's framing, and holds no secret in
// its host.
func FuzzURLs(f *testing.F) {
	for _, s := range []string{`http://h/x`, `https://u:p@h`, `http://h?x#y`, `/p`, `HTTP://[::1]:8/é`, `http:\/\/h\u002f`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		line := append(append([]byte(`{"url":"`), text...), `"}`...)
		r := newRequestReader(newInterner(), compose.NewMaker("f", "f", nil), "")
		what, err := r.read(line)
		if err != nil || strings.ContainsAny(what, "\r\n") {
			t.Fatalf("%q: %q, %v", line, what, err)
		}
		if what != "" {
			return
		}
		if len(r.path) == 0 || r.path[0] != '/' || bytes.ContainsFunc(r.path, func(c rune) bool { return c <= ' ' || c >= 0x7F || c == '#' }) ||
			bytes.ContainsAny(r.origin, "@?#") || bytes.Count(r.origin, []byte("/")) > 2 {
			t.Fatalf("%q: origin %q, path %q", line, r.origin, r.path)
		}
		if at := r.pathAt; at > 0 && string(line[at:at+len(r.path)]) != string(r.path) {
			t.Fatalf("%q: no path %q at %d", line, r.path, at)
		}
	})
}

// FuzzForm: a form that is taken is one for another library, with as many parts as it
// was given.
func FuzzForm(f *testing.F) {
	for _, s := range []string{`{"a":"b"}`, `{"a":[1,{"text":"x","filename":"y\"z"}],"":true}`, `{"a":{"base64":"AA"}}`, `{"a":{"file":"x"}}`, `[]`, `{"a\r\nb":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, form []byte) {
		line := append(append([]byte(`{"form":`), form...), '}')
		m := compose.NewMaker("f", t.TempDir()+"/f", nil)
		defer m.Discard()
		r := newRequestReader(newInterner(), m, "")
		if what, err := r.read(line); what != "" || err != nil {
			return
		}
		place, _, what, err := r.compose(line)
		if err != nil || strings.ContainsAny(what, "\r\n") {
			t.Fatalf("%q: %q, %v", line, what, err)
		}
		if what != "" {
			return
		}
		made, err := m.Map()
		if err != nil {
			t.Fatal(err)
		}
		defer made.Close()
		body := made.Data[place.Offset : place.Offset+place.Length]
		_, params, err := mime.ParseMediaType(compose.FormType)
		if err != nil {
			t.Fatal(err)
		}
		for parts := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatalf("%q became %q: %v", form, body, err)
			}
			if _, err := io.Copy(io.Discard, p); err != nil {
				t.Fatal(err)
			}
		}
	})
}
