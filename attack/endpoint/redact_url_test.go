package endpoint

import (
	"strings"
	"testing"

	"brunt/payloads"
)

// TestErrorsShowNothing: no error about a target or a header repeats a secret.
func TestErrorsShowNothing(t *testing.T) {
	for _, word := range []string{
		"user:PASS@host.test/x", "http://u:PASS@host:x/", "http://u:PASS@:9/", "http://h:80x/?sig=PASS", "http://h/%zz?sig=PASS", "ftp://h/?sig=PASS", "h/x?sig=PASS",
		"http://u:PA/SS@h/", "http://u:PA#SS@h", "http://[::1/?sig=PASS", "http://h/\x7f?sig=PASS", "http:// u:PASS@h/", "mailto:u:PASS@h", "http://h:99999/?sig=PASS", "//u:PASS@h/x",
		"http:/u:PASS@h:1/", "https:u:PASS@h/", "ftp://h/?sig=" + strings.Repeat("x", 57) + "PASS", "https://u:%PASS@h/", "http://h/?sig=%PASS",
	} {
		_, err := Parse(word)
		if err == nil && strings.Contains(word, "sig=%") {
			continue // which is sent as it stands
		}
		if err == nil || strings.Contains(err.Error(), "PA") && strings.Contains(err.Error(), "SS") {
			t.Errorf("%s: %v", word, err)
		}
	}
	t.Setenv("SET", "")
	for _, word := range []string{"Authorization Bearer PASS", "A: env:abcPASS", "A: env:$abcPASS", "A: @4eC39HqLyjWDarjtT1zdPASS", ": PASS", "PASS"} {
		if _, err := Headers([]string{word}, nil); err == nil || strings.Contains(err.Error(), "PASS") {
			t.Errorf("%s: %v", word, err)
		}
	}
	for _, file := range []string{"Authorization: Bearer PASS", "4eC39HqLyjWDarjtT1zdPASS"} {
		if _, err := Headers(nil, []string{file}); err == nil || strings.Contains(err.Error(), "PASS") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestWithhold(t *testing.T) {
	list, kept := Withhold([]payloads.Header{{Name: "Accept", Value: "text/html"}, {Name: "X-Any", Value: "hunter2"}, {Name: "X-Mode", Value: "true"}})
	if len(list) != 2 || list[1].Name != "X-Mode" || len(kept) != 1 || kept[0] != "X-Any" {
		t.Errorf("%v, %v", list, kept)
	}
	for path, want := range map[string]string{"/x": "/x", "/x?sig=abc&v=1&4eC39HqLyjWDarjtT1zd": "/x?v=1", "/x?pwd=1": "/x", "/x?v=2": "/x?v=2"} {
		if got, _ := WithholdQuery(path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}
