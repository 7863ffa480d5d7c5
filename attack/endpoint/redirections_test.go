package endpoint

import (
	"strings"
	"testing"
)

// TestParseOverride reads curl's words and brunt's own, and refuses what it would have to
// guess.
func TestParseOverride(t *testing.T) {
	for word, want := range map[string]string{
		"api.test:127.0.0.1":                "api.test  127.0.0.1",
		"api.test:[::1]":                    "api.test  ::1",
		"api.test:::1":                      "api.test  ::1",
		"api.test:443:127.0.0.1":            "api.test 443 127.0.0.1",
		"+api.test:443:127.0.0.1,127.0.0.2": "api.test 443 127.0.0.1,127.0.0.2",
		"api.test:443:[::1],[2001:db8::1]":  "api.test 443 ::1,2001:db8::1",
		"*:443:127.0.0.1":                   "* 443 127.0.0.1",
		"[::1]:443:127.0.0.1":               "::1 443 127.0.0.1",
		"api.test:443:2001:db8::1":          "", // 443:2001:db8::1 is an address, too
		"api.test:0:127.0.0.1":              "",
		"api.test:70000:127.0.0.1":          "",
		"api.test:host":                     "",
		"api.test:443:":                     "",
		"api.test":                          "",
		":127.0.0.1":                        "",
		"[::1:127.0.0.1":                    "",
		"api.test:443:[::1":                 "",
	} {
		o, err := parseOverride(word)
		var addrs []string
		for _, a := range o.addrs {
			addrs = append(addrs, a.String())
		}
		if got := o.host + " " + o.port + " " + strings.Join(addrs, ","); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%s: %q, %v", word, got, err)
		}
	}
}

func TestParseRedirection(t *testing.T) {
	for word, want := range map[string]redirection{
		"a:1:b:2":         {"a", "1", "b", "2"},
		"::b:2":           {"", "", "b", "2"},
		"a:1::":           {"a", "1", "", ""},
		":::2":            {"", "", "", "2"},
		"[::1]:1:[::2]:2": {"::1", "1", "::2", "2"},
	} {
		if got, err := parseRedirection(word); err != nil || got != want {
			t.Errorf("%s: %+v, %v", word, got, err)
		}
	}
	for _, word := range []string{"", "a", "a:1:b", "a:1:b:2:3", "a:x:b:2", "a:1:b:0", "[::1:1:b:2", "[::1]1:b:2", "a:1:b:99999"} {
		if got, err := parseRedirection(word); err == nil {
			t.Errorf("%q was read as %+v", word, got)
		}
	}
}

func TestRedirect(t *testing.T) {
	list := []redirection{{"a.test", "443", "b.test", "8443"}, {"A.test", "", "c.test", ""}, {"", "80", "", "8080"}}
	for _, c := range []struct{ host, port, want string }{
		{"a.test", "443", "b.test:8443"}, {"a.test", "80", "c.test:80"}, {"x.test", "80", "x.test:8080"}, {"x.test", "443", "x.test:443"},
	} {
		host, port, _ := redirect(list, c.host, c.port)
		if got := host + ":" + port; got != c.want {
			t.Errorf("%s:%s: %s", c.host, c.port, got)
		}
	}
}

func TestSocketTarget(t *testing.T) {
	for word, want := range map[string][3]string{
		"unix:///run/x.sock":               {"/run/x.sock", "/", "unix:///run/x.sock:/"},
		" unix:///run/x.sock:/a%2Fb c?q=1": {"/run/x.sock", "/a%2Fb%20c?q=1", "unix:///run/x.sock:/a%2Fb%20c?q=1"},
		"unix:/run/x.sock:/p?key=secret1":  {"/run/x.sock", "/p?key=secret1", "unix:///run/x.sock:/p?key=***"},
		"unix:x.sock":                      {"x.sock", "/", "unix://x.sock:/"},
	} {
		got, err := Parse(word)
		if err != nil || got.Socket != want[0] || got.Path != want[1] || got.URL != want[2] || got.Host != "localhost" || got.TLS {
			t.Errorf("%s: %+v, %v", word, got, err)
		}
	}
	for _, word := range []string{"unix:", "unix://", "unix:///" + strings.Repeat("x", 108), "http://unix:/run/x.sock:/p"} {
		if got, err := Parse(word); err == nil {
			t.Errorf("%q was read as %+v", word, got)
		}
	}
	if SameHost("unix:///a:/x", "unix:///b:/x") || !SameHost("unix:///a:/x", "unix:/a") || SameHost("unix:///a", "http://localhost/") {
		t.Error("another socket is taken for the same")
	}
}

// TestWays: each pair of addresses, here and there, has ports of its own; a socket has no
// need of any.
func TestWays(t *testing.T) {
	for _, c := range []struct {
		target string
		o      Options
		want   int
	}{
		{"http://a.test/", Options{Resolve: []string{"a.test:127.0.0.1"}}, 1},
		{"http://a.test/", Options{Resolve: []string{"a.test:80:127.0.0.1,127.0.0.2", "a.test:81:127.0.0.3"}, LocalAddr: []string{"127.0.0.1", "127.0.0.1"}}, 4},
		{"unix:@x", Options{}, noPorts},
	} {
		target, err := Parse(c.target)
		if err != nil {
			t.Fatal(err)
		}
		d, err := NewDialer(target, c.o)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if err = d.Resolve(t.Context()); err != nil || d.Ways() != c.want {
			t.Errorf("%s: %d, %v", c.target, d.Ways(), err)
		}
	}
}

func FuzzRedirections(f *testing.F) {
	for _, word := range []string{"a:1:b:2", "[::1]:1:[::2]:2", "::::", "api.test:443:[::1],127.0.0.1", "unix:///x:/y", "+*:1:::1"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if r, err := parseRedirection(word); err == nil && (r.port != "" && !isPort(r.port) || r.toPort != "" && !isPort(r.toPort)) {
			t.Errorf("%q: %+v", word, r)
		}
		if o, err := parseOverride(word); err == nil && (o.host == "" || len(o.addrs) == 0 || o.port != "" && !isPort(o.port)) {
			t.Errorf("%q: %+v", word, o)
		}
		if ofSocket(word) {
			if target, err := Parse(word); err == nil && (target.Socket == "" || !strings.HasPrefix(target.Path, "/")) {
				t.Errorf("%q: %+v", word, target)
			}
		}
	})
}
