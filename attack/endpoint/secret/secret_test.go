package secret

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
)

const canary = "dapi0123-Canary/of_the.token+89=="

func TestHide(t *testing.T) {
	var s Set
	s.Keep(canary)
	s.Keep(`pass"w rd`)
	escaped := ""
	for i := range len(canary) {
		escaped += fmt.Sprintf(`\u%04X`, canary[i])
	}
	for what, text := range map[string]string{
		"as it is":        "no " + canary + " here",
		"twice":           canary + " and " + canary,
		"short":           `so pass"w rd it is`,
		"short, wrapped":  "dapi0123-Cana\nry/of_the.token+89==",
		"each its line":   strings.Join(strings.Split(canary, ""), "\r\n"),
		"cut off":         "Authorization: " + canary[:15],
		"its end":         canary[12:],
		"base64 of user":  base64.StdEncoding.EncodeToString([]byte("user:" + canary)),
		"and of others":   base64.URLEncoding.EncodeToString([]byte("a-user:" + canary + "\r\n")),
		"and third":       base64.StdEncoding.EncodeToString([]byte("user-1:" + canary)),
		"in a URL":        "https://h/?x=" + url.QueryEscape(canary),
		"percent":         "https://h/%" + strings.Join(pairs(hex.EncodeToString([]byte(canary))), "%"),
		"in hexadecimal":  strings.ToUpper(hex.EncodeToString([]byte(canary))),
		"in JSON":         `{"x":"` + strings.ReplaceAll(canary, "/", `\/`) + `"}`,
		"in JSON escapes": escaped,
		"in HTML":         html.EscapeString("<" + canary + ">"),
		"in tags":         "<b>" + canary[:16] + "</b><i>" + canary[16:] + "</i>",
		"in upper case":   strings.ToUpper(canary),
	} {
		got := s.Redact(text)
		if !strings.Contains(got, redacted) || !s.In(text) {
			t.Errorf("%s: %q of %q", what, got, text)
		}
		bare := strip(got)
		for _, word := range []string{canary, `pass"w rd`} {
			for _, spelling := range spellings(word) {
				secret := strip(spelling)
				for i := 0; i+run <= len(secret); i++ {
					if strings.Contains(string(bare), string(secret[i:i+run])) {
						t.Errorf("%s: %q holds %q", what, got, secret[i:i+run])
					}
				}
			}
		}
	}
	for _, text := range []string{"", "abc", "Too many concurrent requests", "dapi 0123", "6c1f2a8e-4f0b-4c4e-9a51-0d2f7f9a9f31"} {
		if got := s.Redact(text); got != text {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got := s.Redact("before " + canary + " between " + canary + " after"); got != "before *** between *** after" {
		t.Error(got)
	}
	if got := s.Redact("before dapi0123-\nCanary and token+89== after, Canary/of_the.token"); got != "before *** and token+89== after, ***" {
		t.Error(got)
	}
	if (&Set{}).Redact(canary) != canary {
		t.Error("no secrets, but one is hidden")
	}
}

func pairs(text string) (list []string) {
	for i := 0; i < len(text); i += 2 {
		list = append(list, text[i:i+2])
	}
	return list
}

// TestLong cuts pieces out of a long token, and encodes them.
func TestLong(t *testing.T) {
	var s Set
	word := "eyJ"
	for i := range 150 {
		word += fmt.Sprintf("%x.", i*7919*7919+i)
	}
	s.Pass(word)
	for from := range 40 {
		for _, text := range []string{word[from : from+30], base64.StdEncoding.EncodeToString([]byte("x" + word))[from+4 : from+30]} {
			if got := s.Redact("a " + text + " b"); !strings.Contains(got, redacted) || len(got) > len("a  b")+len(redacted)+8 {
				t.Errorf("%q: %q", text, got)
			}
		}
	}
	if got := s.Redact(word); got != redacted {
		t.Errorf("%q", got)
	}
}

// TestBounded passes many tokens: the last ones are known, and no more.
func TestBounded(t *testing.T) {
	var s Set
	s.Keep(canary)
	for i := range 1000 {
		s.Pass(fmt.Sprintf("token-%d-%x", i, i*7919*7919*7919))
	}
	if len(s.passed) != latest || len(s.fixed) != 1 {
		t.Errorf("%d and %d are kept", len(s.fixed), len(s.passed))
	}
	if !s.In(s.passed[0]) || !s.In(canary) {
		t.Error("a token of now is not hidden")
	}
}

func FuzzHide(f *testing.F) {
	f.Add(canary, "no "+canary+" here")
	f.Add("geheim", "ge heim")
	f.Add("a", "\xff\x00")
	f.Fuzz(func(t *testing.T, word, text string) {
		var s Set
		s.Keep(word)
		got := s.Redact(text)
		if len(word) >= shortest && word != redacted && !strings.Contains(redacted, word) && !strings.Contains(word, "*") && strings.Contains(got, word) {
			t.Errorf("%q in %q: %q", word, text, got)
		}
	})
}

// BenchmarkLearn is what a renewed token costs, once, before the next text.
func BenchmarkLearn(b *testing.B) {
	b.ReportAllocs()
	var s Set
	s.Keep(canary)
	word := make([]byte, 1200)
	for i := 0; b.Loop(); i++ {
		for j := range word {
			word[j] = 'a' + byte((i*j*7919+j*j*31)%26)
		}
		s.Pass(fmt.Sprint(i, string(word)))
		s.Redact("6c1f2a8e-4f0b-4c4e-9a51-0d2f7f9a9f31")
	}
}
