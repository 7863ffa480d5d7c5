package config

import "testing"

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
		if got := RedactWord(word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}

// TestHideGiven: the words that give a secret are known in every error.
func TestHideGiven(t *testing.T) {
	for _, args := range [][]string{
		{"attack", "x", "-H", "X-Any: sEcretValue"}, {"attack", "x", "-kH", "X-Any:sEcretValue"}, {"attack", "x", "-kHX-Any:sEcretValue"}, {"x", "--header=X-Any: sEcretValue"},
		{"attack", "http://u:sEcretValue@h"}, {"attack", "u:sEcretValue@h"}, {"attack", "h?x=sEcretValue"}, {"attack", "x", "--serve-token", "sEcretValue"}, {"--serve-token=sEcretValue"},
		{"attack", "x", "-u", "me:sEcretValue"}, {"attack", "x", "-ku", "me:sEcretValue"}, {"x", "-ume:sEcretValue"}, {"x", "--user=me:sEcretValue"}, {"x", "--user", "sEcretValue"},
		{"x", "--proxy", "http://me:sEcretValue@h:1"}, {"x", "--proxy", "me:sEcretValue@h:1"}, {"x", "--proxy=me:sEcretValue@h:1"}, {"x", "--key-pass", "sEcretValue"}, {"x", "--key-pass=sEcretValue"},
		{"report", "Authorization: Bearer sEcretValue"}, {"attack", "--target=http://h?k=sEcretValue"},
	} {
		if got := RedactGiven(args, "open sEcretValue.jsonl: not found"); got != "open ***.jsonl: not found" {
			t.Errorf("%q: %s", args, got)
		}
	}
	if got := RedactGiven([]string{"attack", "http://h/?n=5", "-H", "Accept: text/plain", "-H", "A: env:NAME", "-H", "A: @file.txt", "-u", "env:WHO", "--user=me:@pw.txt"}, "text/plain 5 NAME file.txt WHO me pw.txt"); got != "text/plain 5 NAME file.txt WHO me pw.txt" {
		t.Error(got)
	}
}

func TestCommandLine(t *testing.T) {
	got := CommandLine([]string{"attack", "https://u:canary@h/p?token=canary&n=1", "-H", "Authorization: Bearer canary",
		"-HX-Key: canary", "--header=Cookie: canary", "-H", "A: env:NAME", "-H", "Accept: text/plain", "-u", "me:canary", "--user=me:canary", "-u", "env:WHO", "--proxy", "me:canary@h:1", "--proxy=socks5://me:canary@h:1", "--key-pass", "canary", "--key-pass=env:PASS", "--name", "it's", "mock://u:canary@x?tokens=8&token-gap=1ms"})
	want := `brunt attack 'https://***@h/p?token=***&n=1' -H 'Authorization: ***' '-HX-Key: ***' '--header=Cookie: ***' -H 'A: env:NAME' -H 'Accept: text/plain' -u 'me:***' '--user=me:***' -u env:WHO --proxy '***@h:1' '--proxy=socks5://***@h:1' --key-pass '***' --key-pass=env:PASS --name 'it'\''s' 'mock://***@x?tokens=8&token-gap=1ms'`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
