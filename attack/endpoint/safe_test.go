package endpoint

import (
	"strings"
	"testing"

	"brunt/payloads"
)

// TestSafeWords: what may be shown of a word of the command line.
func TestSafeWords(t *testing.T) {
	for word, want := range map[string]string{
		"user:PASS@host.test/x":            "***@host.test/x",
		"https://u:PASS@host/x?sig=PASS":   "https://***@host/x?sig=***",
		"http://u:PA/SS@host/x":            "http://***@host/x",
		"http://u:PA?SS@host/x":            "http://***@host/x",
		"http://h/x?sig=PASS&v=1#t=PASS":   "http://h/x?sig=***&v=1#t=***",
		"h/x?subscription-key=PASS&pwd=1":  "h/x?subscription-key=***&pwd=***",
		"http://h/x?4eC39HqLyjWDarjtT1zd":  "http://h/x?***",
		"http://h/x?debug":                 "http://h/x?debug",
		"Authorization: Bearer PASS":       "Authorization: ***",
		"X-Pwd:PASS":                       "X-Pwd: ***",
		"4eC39HqLyjWDarjtT1zd":             "***",
		"--api-key=PASS":                   "--api-key=***",
		"--cuncurrency=5":                  "--cuncurrency=5",
		"my-endpoint":                      "my-endpoint",
		"localhost:8080":                   "localhost:8080",
		"bodies.jsonl:3":                   "bodies.jsonl:3",
		"http://h/%zz?sig=PASS":            "http://h/%zz?sig=***",
		"https://h/models/llama@v2?sig=PA": "https://h/models/llama@v2?sig=***",
	} {
		if got := SafeWord(word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}

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

// TestHideGiven: the words that give a secret are known in every error.
func TestHideGiven(t *testing.T) {
	for _, args := range [][]string{
		{"attack", "x", "-H", "X-Any: sEcretValue"}, {"attack", "x", "-kH", "X-Any:sEcretValue"}, {"attack", "x", "-kHX-Any:sEcretValue"}, {"x", "--header=X-Any: sEcretValue"},
		{"attack", "http://u:sEcretValue@h"}, {"attack", "u:sEcretValue@h"}, {"attack", "h?x=sEcretValue"}, {"attack", "x", "--serve-token", "sEcretValue"}, {"--serve-token=sEcretValue"},
		{"report", "Authorization: Bearer sEcretValue"}, {"attack", "--target=http://h?k=sEcretValue"},
	} {
		if got := HideGiven(args, "open sEcretValue.jsonl: not found"); got != "open ***.jsonl: not found" {
			t.Errorf("%q: %s", args, got)
		}
	}
	if got := HideGiven([]string{"attack", "http://h/?n=5", "-H", "Accept: text/plain", "-H", "A: env:NAME", "-H", "A: @file.txt"}, "text/plain 5 NAME file.txt"); got != "text/plain 5 NAME file.txt" {
		t.Error(got)
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
