package payloads

import (
	"strings"
	"testing"

	"brunt/payloads/compose"
	"brunt/payloads/filetest"
)

// TestWholeFile: a file is sent as it is, and compressed where it is not yet.
func TestWholeFile(t *testing.T) {
	packed := string(must(compose.Pack([]byte("[1]"), compose.Gzip)))
	for _, c := range []struct {
		name, content string
		coding        compose.Coding
		kind, sent    string // empty for what gzip makes of the content
	}{
		{"a.json", "[1]\n", "", "application/json", "[1]\n"},
		{"a.PNG", "\x89PNG", "", "image/png", "\x89PNG"},
		{"a", "\x00", "", compose.OctetStream, "\x00"},
		{"a.json", "[1]\n", compose.Gzip, "application/json", ""},
		{"a.json.gz", packed, compose.Gzip, "application/json", packed},
		{"a.json.gz", packed, "", "application/gzip", packed},
		{"a.bin", "\x0b\x02\x80", "br", compose.OctetStream, "\x0b\x02\x80"},
	} {
		path := filetest.Write(t, c.name, c.content)
		s, err := OpenWhole(path, Options{Coding: c.coding})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		body, f := s.At(3).Body, s.Files()
		if s.Variants()[0].ContentType != c.kind || c.sent != "" && string(body) != c.sent || c.sent == "" && unpacked(t, "gzip", body) != c.content {
			t.Errorf("%s: %q, %+v", c.name, body, s.Variants())
		}
		if len(f) != 1 || f[0].Path != path || f[0].Bytes != int64(len(c.content)) || s.Where(9) != path || s.MaxBody() != len(body) {
			t.Errorf("%s: %+v, %s, %d", c.name, f, s.Where(9), s.MaxBody())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if s, err := OpenWhole("-", Options{Stdin: strings.NewReader("in")}); err != nil || string(s.At(0).Body) != "in" {
		t.Error(err)
	} else {
		s.Close()
	}
	stamped, err := OpenWhole(filetest.Write(t, "a.json", "{}"), Options{ClientRequestID: true})
	if err != nil || !stamped.Spliced() {
		t.Fatal(err)
	}
	stamped.Close()
	for path, want := range map[string]string{
		"none": "no such file", t.TempDir(): "a directory", filetest.Write(t, "e", ""): "empty",
	} {
		if _, err := OpenWhole(path, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := OpenWhole(filetest.Write(t, "a.json", "{} text"), Options{Coding: "br"}); err == nil || !strings.Contains(err.Error(), "go out plain") {
		t.Error(err)
	}
	if _, err := OpenWhole(filetest.Write(t, "a.bin", "\x00"), Options{Unique: true}); err == nil || !strings.Contains(err.Error(), "no JSON") {
		t.Error(err)
	}
}
