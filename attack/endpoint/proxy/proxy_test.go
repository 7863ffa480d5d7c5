package proxy

import (
	"crypto/tls"
	"strings"
	"testing"
)

// TestChoose: what is given comes before the environment, which says nothing of this
// machine itself.
func TestChoose(t *testing.T) {
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy", "REQUEST_METHOD"} {
		t.Setenv(name, "")
	}
	t.Setenv("HTTP_PROXY", "plain.test:81")
	t.Setenv("HTTPS_PROXY", "http://u:sEcret@secure.test")
	t.Setenv("NO_PROXY", "near.test,.inside.test,192.0.2.0/24")
	for _, c := range []struct{ word, scheme, to, want, from string }{
		{"", "http", "far.test:80", "http://plain.test:81", "HTTP_PROXY"},
		{"", "https", "far.test:443", "http://secure.test:80", "HTTPS_PROXY"},
		{"", "https", "near.test:443", "", ""},
		{"", "https", "x.inside.test:443", "", ""},
		{"", "https", "192.0.2.7:443", "", ""},
		{"", "https", "127.0.0.1:443", "", ""},
		{"", "https", "127.9.9.9:443", "", ""},
		{"", "http", "localhost:80", "", ""},
		{"", "http", "a.localhost:80", "", ""},
		{"", "http", "[::1]:80", "", ""},
		{None, "https", "far.test:443", "", ""},
		{"socks5://given.test", "https", "127.0.0.1:443", "socks5://given.test:1080", ""},
		{"socks5h://given.test", "https", "far.test:443", "socks5h://given.test:1080", ""},
		{"https://given.test", "https", "far.test:443", "https://given.test:443", ""},
		{"given.test:3128", "https", "far.test:443", "http://given.test:3128", ""},
		{"http://u:p@[::1]:3128/", "https", "far.test:443", "http://[::1]:3128", ""},
	} {
		p, err := Choose(c.word, c.scheme, c.to, &tls.Config{})
		got, from := "", ""
		if p != nil {
			got, from = p.String(), p.From
		}
		if err != nil || got != c.want || from != c.from {
			t.Errorf("%q for %s %s: %q by %q, %v", c.word, c.scheme, c.to, got, from, err)
		}
	}
}

// TestChooseWrong: what names no proxy is refused, and no secret of it is shown.
func TestChooseWrong(t *testing.T) {
	for _, word := range []string{"ftp://u:sEcret@h", "http://", "http://u:sEc%ret@h:1", "http://u:sEcret@h:0", "http://u:sEcret@h:70000", "http://u:sEcret@h/path", "http://u:sEcret@h?x=1", "u:sEcret@h:port", "http://u:sEcret@h x"} {
		if p, err := Choose(word, "https", "far.test:443", &tls.Config{}); err == nil || strings.Contains(err.Error(), "sEc") {
			t.Errorf("%q: %v, %v", word, p, err)
		}
		t.Setenv("HTTPS_PROXY", word)
		if p, err := Choose("", "https", "far.test:443", &tls.Config{}); err == nil || strings.Contains(err.Error(), "sEc") || !strings.Contains(err.Error(), "HTTPS_PROXY") {
			t.Errorf("%q of the environment: %v, %v", word, p, err)
		}
	}
}

func FuzzProxy(f *testing.F) {
	for _, word := range []string{"http://u:p@h:1", "socks5://h", "h:1", "none", "https://[::1]:3", "%", "http://u:p@h/x"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		p, err := Choose(word+"x", "https", "far.test:443", &tls.Config{})
		if err == nil && (p == nil || p.Host == "" || p.Port == "") {
			t.Errorf("%q: %+v", word, p)
		}
	})
}
