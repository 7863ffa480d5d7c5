package endpoint

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	for _, c := range []struct{ word, host, name, port, path string }{
		{"http://h", "h", "h", "80", "/"},
		{"https://h/a b?x=1#f", "h", "h", "443", "/a%20b?x=1"},
		{"http://h:81/p", "h:81", "h", "81", "/p"},
		{"http://[::1]:8080/", "[::1]:8080", "::1", "8080", "/"},
		{"http://h/?q=a b\u00e9", "h", "h", "80", "/?q=a%20b%C3%A9"},
		{"http://h/a%2Fb c", "h", "h", "80", "/a%2Fb%20c"},
		{"http://h/%2f%3B%40%2B\u00e9/{x}?q=%2F a", "h", "h", "80", "/%2f%3B%40%2B%C3%A9/%7Bx%7D?q=%2F%20a"},
		{"http://h/a;b@c+d=[1]", "h", "h", "80", "/a;b@c+d=[1]"},
		{"http://h:/p", "h", "h", "80", "/p"},
		{"http://h/%2F%2B%3B%40é x?a=%2F%2B%3B%40 é+", "h", "h", "80", "/%2F%2B%3B%40%C3%A9%20x?a=%2F%2B%3B%40%20%C3%A9+"},
		{"http://h//x//y/../z?", "h", "h", "80", "//x//y/../z?"},
		{"http://Bücher.example:8080/x", "xn--bcher-kva.example:8080", "xn--bcher-kva.example", "8080", "/x"},
		{"https://日本語.jp", "xn--wgv71a119e.jp", "xn--wgv71a119e.jp", "443", "/"},
		{"http://faß.de/", "xn--fa-hia.de", "xn--fa-hia.de", "80", "/"},
		{"http://[fe80::1%25lo]:81/x", "[fe80::1]:81", "fe80::1%lo", "81", "/x"},
		{"http://[fe80::1%lo]/x", "[fe80::1]", "fe80::1%lo", "80", "/x"},
		{"http://[fe80::1%eth0]", "[fe80::1]", "fe80::1%eth0", "80", "/"},
	} {
		got, err := Parse(c.word)
		if err != nil || got.Host != c.host || got.Name != c.name || got.Port != c.port || got.Path != c.path {
			t.Errorf("%s: %+v %v", c.word, got, err)
		}
	}
	if got, err := Parse("http://Bücher.example/x"); err != nil || got.URL != "http://xn--bcher-kva.example/x" {
		t.Errorf("%s %v", got.URL, err)
	}
	if _, err := Parse("http://xn--́.test/"); err == nil || !strings.Contains(err.Error(), "spelt") {
		t.Error(err)
	}
	got, err := Parse("https://h/p?a=1&access_token=canary&sig=canary")
	if err != nil || strings.Contains(got.URL, "canary") || !strings.Contains(got.Path, "access_token=canary") {
		t.Errorf("shown as %s, asked as %s", got.URL, got.Path)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"http://h", "mock://", "h:1", "http://u:p@h", "http://[::1", "https://h/%zz", "http://h:99999", "HTTP://H\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		target, err := Parse(s)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") && !strings.ContainsAny(s, "\n\r") {
				t.Errorf("%q: an error of several lines: %v", s, err)
			}
			return
		}
		if target.Name == "" || target.Port == "" || !strings.HasPrefix(target.Path, "/") && !strings.HasPrefix(target.Path, "?") && target.Path != "*" {
			t.Errorf("%q is read as %+v", s, target)
		}
		if strings.ContainsAny(target.Path+target.Host, " \r\n") {
			t.Errorf("%q would break the request's framing: %+v", s, target)
		}
	})
}

func TestHeaders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "h")
	if err := os.WriteFile(file, []byte("# comment\n\nA: 1\nB:2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_SECRET", "canary")
	list, err := Headers([]string{"Authorization: env:TEST_SECRET", "C: @" + file}, []string{file})
	if err != nil || len(list) != 4 || list[0].Value != "1" || list[2].Value != "canary" || !strings.HasPrefix(list[3].Value, "# comment") {
		t.Errorf("%v %v", list, err)
	}
	for word, removes := range map[string]bool{"Accept:": true, "Accept : ": true, "A: env:EMPTY": false} {
		t.Setenv("EMPTY", "")
		if list, err := Headers([]string{word}, nil); err != nil || len(list) != 1 || list[0].Remove != removes || list[0].Value != "" {
			t.Errorf("%s: %+v %v", word, list, err)
		}
	}
	// As editors on Windows write it.
	if err := os.WriteFile(file, []byte("\xef\xbb\xbfA: 1\r\nB: 2\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err = Headers([]string{"C: @" + file}, []string{file}); err != nil || len(list) != 3 || list[0].Name != "A" || list[0].Value != "1" || !strings.HasPrefix(list[2].Value, "A: 1") {
		t.Errorf("%v %v", list, err)
	}
}

// TestBasicAuth: a name and a password, wherever they are kept; and no error shows them.
func TestBasicAuth(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pw")
	if err := os.WriteFile(file, []byte("p:w\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PASS", "p:w")
	t.Setenv("PAIR", "me:p:w")
	for _, word := range []string{"me:p:w", "me:env:PASS", "me:@" + file, "env:PAIR"} {
		if h, err := BasicAuth(word); err != nil || h.Name != "Authorization" || h.Value != "Basic bWU6cDp3" {
			t.Errorf("%s: %+v %v", word, h, err)
		}
	}
	for _, word := range []string{"canary", "env:canary", "canary:env:$canary", "me:@/none/such"} {
		if h, err := BasicAuth(word); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %+v %v", word, h, err)
		}
	}
}

// TestAddresses spreads connections over live addresses and passes a dead one
// over without failing anything.
func TestAddresses(t *testing.T) {
	var listeners []net.Listener
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, port, _ := net.SplitHostPort(first.Addr().String())
	second, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	listeners = append(listeners, first, second)
	target, err := Parse("http://several.test:" + port)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDialer(target, Options{Resolve: []string{"several.test:127.0.0.1", "several.test:127.0.0.2", "several.test:127.0.0.3"}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := d.Resolve(ctx); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for range 30 {
		c, err := d.Dial(ctx)
		if err != nil {
			t.Fatal(err)
		}
		seen[c.Conn.RemoteAddr().String()]++
		c.Conn.Close()
	}
	if len(seen) != len(listeners) || seen["127.0.0.1:"+port] < 10 || seen["127.0.0.2:"+port] < 10 {
		t.Errorf("spread %v", seen)
	}
	if dead := d.Dead(); len(dead) != 1 || dead[0] != "127.0.0.3:"+port {
		t.Errorf("dead: %v", dead)
	}
}

// TestDeadAddressRemembered has an address fail, and then be due for another
// try: until one succeeds, it is still what a report names.
func TestDeadAddressRemembered(t *testing.T) {
	d := &Dialer{addresses: []*Address{{hostPort: "a:1"}, {hostPort: "b:1"}}}
	d.addresses[1].dead.Store(time.Now().Add(-time.Minute).UnixNano())
	if dead := d.Dead(); len(dead) != 1 || dead[0] != "b:1" {
		t.Errorf("dead: %q", dead)
	}
}

// await looks until there is what it looks for.
func await(t testing.TB, what string, found func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for end := time.After(2 * time.Minute); !found(); {
		select {
		case <-look.C:
		case <-end:
			t.Error("never came: ", what)
			return
		}
	}
}
