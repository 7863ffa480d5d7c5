package live

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/alecthomas/kong"
)

func atoi(s string) int { n, err := strconv.Atoi(s); must(err); return n }

type grammar struct {
	Live Flags  `embed:""`
	Word string `arg:"" optional:""`
}

func parse(t *testing.T, args ...string) (*grammar, error) {
	t.Helper()
	var g grammar
	_, err := kong.Must(&g, kong.Exit(func(int) {}), kong.DefaultEnvars("BRUNT")).Parse(args)
	return &g, err
}

// --serve stands alone or takes a value after "=", never the next word.
func TestServeFlag(t *testing.T) {
	for _, row := range []struct {
		args string
		want Address
	}{
		{"", ""}, {"--serve", ":80"}, {"--serve word", ":80"}, {"--serve=:8080", ":8080"}, {"--serve=8080", ":8080"},
		{"--serve=127.0.0.1:0 word", "127.0.0.1:0"}, {"--serve --open", ":80"}, {"--serve=[::1]:80", "[::1]:80"}, {"--serve=true", ":80"},
	} {
		g, err := parse(t, strings.Fields(row.args)...)
		if err != nil || g.Live.Serve != row.want {
			t.Errorf("%s: %q, %v", row.args, g.Live.Serve, err)
		}
		if strings.HasSuffix(row.args, "word") && g.Word != "word" {
			t.Errorf("%s: took the word", row.args)
		}
	}
	t.Setenv("BRUNT_SERVE", "127.0.0.1:81")
	if g, err := parse(t); err != nil || g.Live.Serve != "127.0.0.1:81" {
		t.Errorf("by environment: %q, %v", g.Live.Serve, err)
	}
}

// Flags without a page, and other contradictions, are one line with a way out.
func TestFlagsThatContradict(t *testing.T) {
	short := filepath.Join(t.TempDir(), "token")
	must(os.WriteFile(short, []byte("short\n"), 0o600))
	for _, row := range []struct{ args, want string }{
		{"--wait", "--wait without --serve"}, {"--linger=1m", "--linger without --serve"}, {"--open", "--open without --serve"},
		{"--serve-token=x", "--serve-token without --serve"}, {"--serve-open", "--serve-open without --serve"},
		{"--serve-any-target", "--serve-any-target without --serve"}, {"--serve-cert=x", "--serve-cert without --serve"},
		{"--serve --serve-cert=x", "--serve-cert and --serve-key belong together"}, {"--serve --wait --linger=1m", "--wait with --linger"},
		{"--serve=localhost", "no port"}, {"--serve=127.0.0.1:0 --serve-token=short", "at least 16"},
		{"--serve=127.0.0.1:0 --serve-token=@" + short, "at least 16"}, {"--serve=127.0.0.1:0 --serve-token=@/no/such", "no such file"},
		{"--serve=127.0.0.1:0 --serve-cert=/no/such --serve-key=/no/such", "--serve-cert: "}, {"--serve=127.0.0.1:99999", "--serve=127.0.0.1:99999: "},
		{"--serve=192.0.2.1:0", "does not have that address"},
	} {
		g, err := parse(t, strings.Fields(row.args)...)
		if err == nil {
			_, err = Open(Config{Flags: g.Live})
		}
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want …%s…", row.args, err, row.want)
		}
	}
}

// A port that cannot be had is one line with the ways out.
func TestListenErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer l.Close()
	if _, err := Open(Config{Flags: Flags{Serve: Address(l.Addr().String())}}); err == nil || !strings.Contains(err.Error(), "something else listens there") {
		t.Errorf("%v", err)
	}
	denied := &net.OpError{Op: "listen", Err: &os.SyscallError{Syscall: "bind", Err: syscall.EACCES}}
	text := listenError(":80", denied).Error()
	if !strings.Contains(text, "--serve=:8080") || strings.Contains(text, "\n") {
		t.Error(text)
	}
}

// The URL is one that can be opened.
func TestPageURL(t *testing.T) {
	tcp := func(s string) net.Addr { a, err := net.ResolveTCPAddr("tcp", s); must(err); return a }
	for _, row := range []struct {
		at     string
		asked  Address
		secure bool
		token  string
		want   string
	}{
		{"127.0.0.1:8080", "127.0.0.1:8080", false, "", "http://127.0.0.1:8080/"},
		{"127.0.0.1:80", "localhost:80", false, "", "http://localhost/"},
		{"[::1]:80", "[::1]:80", false, "", "http://[::1]/"},
		{"[::1]:81", "[::1]:81", false, "", "http://[::1]:81/"},
		{"192.0.2.7:443", "load.example:443", true, "abc", "https://load.example/?token=abc"},
		{"192.0.2.7:80", "load.example:80", true, "", "https://load.example:80/"},
		{"[::]:80", ":80", false, "abc", "http://" + bracketed(ownName()) + "/?token=abc"},
	} {
		if got := pageURL(tcp(row.at), row.asked, row.secure, row.token); got != row.want {
			t.Errorf("%s: %s, want %s", row.asked, got, row.want)
		}
	}
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
