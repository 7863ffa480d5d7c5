package secret

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
)

func TestHarmless(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"Accept", "application/json, text/event-stream;q=0.9", true}, {"content-type", "application/vnd.api+json; charset=utf-8", true},
		{"User-Agent", "curl/8.5.0", true}, {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0", true},
		{"Accept-Encoding", "gzip, br;q=0.5", true}, {"Accept-Language", "de-DE, en;q=0.7", true}, {"Host", "dbc-a1b2345c-d6e7.cloud.example.com:8443", true},
		{"Cache-Control", "no-cache, max-age=0", true}, {"api-version", "2024-05-01", true}, {"api-version", "2024-05-01-preview", true},
		{"X-Stream", "true", true}, {"n", "1", true}, {"anthropic-version", "2023-06-01", true}, {"v", "v1.2.3", true}, {"X-Kind", "application/json", true},
		{"timeout", "250ms", true}, {"max_tokens", "100", true}, {"stream", "", true}, {"X-Env", "production", true},
		// The name alone is not enough, nor is the value.
		{"Accept", "sk-live-4eC39HqLyjWDarjtT1zdp7dc", false}, {"Content-Type", "application/x; token=4eC39HqLyjWDarjtT1", false},
		{"User-Agent", "4eC39HqLyjWDarjtT1zdp7dc", false}, {"User-Agent", "curl/8.5 (4eC39HqLyjWDarjtT1zdp7dc)", false}, {"Host", "user:pass@host", false},
		{"token", "1", false}, {"pwd", "true", false}, {"sig", "2024-05-01", false}, {"X-Pin", "1234", false}, {"api_key", "v1", false}, {"Authorization", "Basic", false},
		{"Ocp-Apim-Subscription-Key", "1", false}, {"X-Functions-Key", "1", false}, {"jwt", "1", false}, {"sid", "1", false}, {"sas", "1", false}, {"code", "1", false},
		{"X-Anything", "hunter2", false}, {"q", "blue whale", false}, {"id", "1234567890", false}, {"X-Trace", "4eC39HqLyj", false},
	} {
		if got := Harmless(c.name, c.value); got != c.want {
			t.Errorf("%s: %s: %v", c.name, c.value, got)
		}
	}
}

// TestGiven: what is given in a header, a query and a URL, and how servers write
// it.
func TestGiven(t *testing.T) {
	var s Set
	s.Header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("someone:pa$$w0rd")))
	s.Header("Authorization", "Basic "+base64.RawURLEncoding.EncodeToString([]byte("someone:???>>>pass!")))
	s.Header("Proxy-Authorization", "basic "+base64.RawStdEncoding.EncodeToString([]byte("someone:MoonRiver775")))
	s.Header("X-Anything", "hunter2")
	s.Header("Cookie", `sid=c00kie; theme="night9"; lang=en-GB; n=1`)
	s.Header("X-Signature", `keyId="k-77",signature="sgn/+8=="`)
	s.Header("Ocp-Apim-Subscription-Key", "0123456789abcdef0123456789abcdef")
	s.Header("Accept", "application/json")
	s.Header("X-Stream", "true")
	s.Query("sig=Qu%2BeryS%3Digned%2F77&jwt=abcd1&api-version=2024-05-01&pwd=%24ecre7&debug=true&a=b")
	s.URL("http://us%3Aer:P%40ss/w?rd@host:80/x?code=c0de9&v=1#access_token=fr4gment")
	s.URL("proxy.test:8080/p@v1")
	for _, text := range []string{
		"pa$$w0rd", "someone:pa$$w0rd", base64.StdEncoding.EncodeToString([]byte("someone:pa$$w0rd")), "???>>>pass!", "MoonRiver775", "someone:MoonRiver775", "hunter2", "HUNTER2", `x\nhunter2`, "p%3Dhunter2%26", `\u003dhunter2`,
		"c00kie", "night9", "sgn/+8==", url.QueryEscape("sgn/+8=="), "0123456789ABCDEF0123456789ABCDEF", "Qu%2BeryS%3Digned%2F77", "Qu+eryS=igned/77", "Qu%252BeryS%253Digned%252F77",
		html.EscapeString(`"Qu+eryS=igned/77"`), "abcd1", "$ecre7", "%24ecre7", "P@ss/w?rd", "c0de9", "fr4gment",
	} {
		got := s.Redact("no route for <" + text + "> here")
		if !strings.Contains(got, redacted) || strings.Contains(strings.ToLower(got), strings.ToLower(text)) {
			t.Errorf("%s: %s", text, got)
		}
	}
	for _, text := range []string{"hunter20 and a hunter", "application/json, true, 2024-05-01, a=b, en, 1", "Basic and signature", "v1, proxy.test:8080", "the theme"} {
		if got := s.Redact(text); got != text {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// TestCut: a text that was cut shows no more than three characters of a secret.
func TestCut(t *testing.T) {
	var s Set
	s.Keep(canary)
	s.Note("hunter2")
	for _, word := range []string{canary, "hunter2", url.QueryEscape("ä" + canary)[6:]} {
		for n := shortest; n < len(word); n++ {
			for what, got := range map[string]string{"cut": s.RedactCut("it was " + word[:n]), "marked": s.Redact("it was " + word[:n] + "…"), "within": s.Redact(`size "` + word[:n] + `…" and more`)} {
				if !strings.Contains(got, redacted) || len(strip(word[:n])) >= shortest && strings.Contains(got, word[:shortest]) {
					t.Errorf("%s: %q: %s", what, word[:n], got)
				}
			}
		}
	}
	if got := s.Redact("dapi is a beginning, hunt is one…, no more"); got != "dapi is a beginning, hunt is one…, no more" {
		t.Error(got)
	}
}

// TestMany: ten thousand values of payload lines are known, in little memory.
func TestMany(t *testing.T) {
	var s Set
	s.Keep(canary)
	word := func(i int) string { return fmt.Sprintf("line-%08x-value", i*7919*7919) }
	for range 2 {
		for i := range 10_000 {
			s.Header("X-Line", word(i))
		}
	}
	if got := s.Redact("no " + word(9_999) + " and no " + canary); strings.Contains(got, word(9_999)) || strings.Contains(got, canary) {
		t.Error(got)
	}
	if len(s.runs) > 150_000 || len(s.noted) != 10_000 {
		t.Errorf("%d runs of %d words", len(s.runs), len(s.noted))
	}
}

func TestUserinfo(t *testing.T) {
	for word, want := range map[string]string{
		"https://u:p@h/x": "u:p", "u:p@h": "u:p", "key@h/x": "key", "http://u:p/@?#:@h:1/x": "u:p/@?#:", "http://[::1]:80/a@b": "", "http://h/a@b": "", "http://h:80/a@b?c=d@e": "",
		"my-endpoint": "", "http://u:p@h/x?mail=a@b": "u:p@h/x?mail=a",
		"http:/u:p@h/x": "u:p", "https:u:p@h": "u:p", "HTTP:/u:p@h": "u:p", "http:/h/x": "", "http:h": "",
	} {
		if user, rest := Userinfo(word); user != want || user == "" && rest != word || user != "" && (strings.Contains(rest, "@") || strings.Contains(rest, user)) {
			t.Errorf("%s: %s, %s", word, user, rest)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://someone:pr0xyPass@proxy.test:3128")
	t.Setenv("DATABRICKS_TOKEN", "environment-token-1")
	t.Setenv("DATABRICKS_PASSWORD", "pwShort9")
	t.Setenv("BRUNT_HEADER", "X-Anything: hunter2\nAccept: text/html")
	t.Setenv("SSH_AUTH_SOCK", "/run/agent-of-someone")
	var s Set
	s.Environment()
	got := s.Redact("pr0xyPass environment-token-1 pwShort9 hunter2 text/html /run/agent-of-someone proxy.test")
	if got != "*** *** *** *** text/html /run/agent-of-someone proxy.test" {
		t.Error(got)
	}
}
