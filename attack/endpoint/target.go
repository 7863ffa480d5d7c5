package endpoint

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"brunt/attack/endpoint/secret"
	"brunt/payloads/regex"
	"brunt/payloads/setting"
)

// Target is one place that requests go to.
type Target struct {
	// URL as given, without fragment and without the values of query
	// parameters that look like secrets; safe to show.
	URL string
	// Host is the Host header: name, in punycode where it is international, and,
	// unless the scheme's own, port.
	Host string
	// Name and Port are what is resolved and dialled.
	Name, Port string
	// Path is the request target: escaped path and query.
	Path string
	// TLS says whether the scheme is https.
	TLS bool
	// Socket is the path of the Unix socket that is dialled in place of name and port;
	// empty for others.
	Socket string
}

// Parse reads a TARGET that is a URL, or a Unix socket. The error is one line with the remedy.
func Parse(word string) (Target, error) {
	if word = trim(word); ofSocket(word) {
		return parseSocket(word)
	}
	word, u, err := parseURL(word)
	if err != nil {
		return Target{}, setting.Errorf("target %q: %v; give a URL such as https://host/path", clip(RedactTarget(word)),
			cause(word, err))
	}
	bad := func(why string, args ...any) (Target, error) {
		return Target{}, setting.Errorf("target %q: %v", clip(RedactTarget(word)), setting.Textf(why, args...))
	}
	switch {
	case u.Scheme == "mock":
		return bad("mock:// starts an endpoint inside brunt; it is not an address")
	case u.Scheme == "" || u.Host == "" && u.Opaque != "":
		return bad("no scheme; give a URL such as http://%s or mock://%s", clip(RedactTarget(word)), serviceHint(word))
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("scheme %s is none of http, https, unix, mock", u.Scheme)
	case u.Hostname() == "":
		return bad("no host; give a URL such as https://host/path")
	case strings.EqualFold(u.Host, "unix:"):
		return bad("a socket is written as unix:///run/x.sock:/path")
	case u.User != nil:
		return bad("a user or password in the URL would show up in reports; use %v", setting.Credentials)
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return bad("the host holds a space or control character")
	}
	if err := useASCIIHost(u); err != nil {
		return bad("its host is no name that can be looked up (%v); check how it is spelt", strings.TrimPrefix(err.Error(), "idna: "))
	}
	t := Target{TLS: u.Scheme == "https", Name: u.Hostname(), Port: u.Port(), Host: unzoned(u.Host)}
	if t.Port == "" {
		t.Port = "80"
		if t.TLS {
			t.Port = "443"
		}
	}
	if n, err := net.LookupPort("tcp", t.Port); err != nil || n == 0 {
		return bad("port %s is not from 1 to 65535", t.Port)
	}
	t.Host = strings.TrimSuffix(t.Host, ":")
	u.Fragment, u.RawFragment = "", ""
	t.Path = escape(u.RequestURI())
	u.RawQuery = redactQuery(u.RawQuery)
	t.URL = u.String()
	return t, nil
}

// origin is what tells the target's host from others.
func (t *Target) origin() string {
	scheme := "http"
	if t.TLS {
		scheme = "https"
	}
	return scheme + "://" + strings.ToLower(net.JoinHostPort(t.Name, t.Port))
}

// serviceHint tells how a model service of a user's own is given, where the word
// looks like the full name of one; "" elsewhere.
func serviceHint(word string) string {
	if !fullName().MatchString(word) {
		return ""
	}
	return ", or for a model service of Unity AI Gateway https://WORKSPACE" + gatewayPath + " with bodies that hold its name as model"
}

var fullName = regex.Lazy(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

// parseURL parses a URL whose path may hold what has no place there, such as a
// blank or an é: that is escaped first, so that what is escaped already, such as
// %2F, stays as it was typed.
func parseURL(word string) (string, *url.URL, error) {
	word = trim(word)
	if scheme, rest, ok := strings.Cut(word, "://"); ok {
		if start := strings.IndexAny(rest, "/?#"); start >= 0 && rest[start] == '/' {
			end := len(rest)
			if i := strings.IndexAny(rest[start:], "?#"); i >= 0 {
				end = start + i
			}
			word = scheme + "://" + escapeZone(rest[:start]) + escapePath(rest[start:end]) + rest[end:]
		} else if start < 0 {
			word = scheme + "://" + escapeZone(rest)
		}
	}
	u, err := url.Parse(word)
	return word, u, err
}

// escapePath writes what cannot stand in a path (RFC 3986) in hexadecimal.
func escapePath(path string) string {
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c < ' ' || c == 0x7f || // which url.Parse refuses
			c|0x20 >= 'a' &&
				c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("/%:@-._~!$&'()*+,;=[]", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// escape writes what cannot stand in a request line, such as a query's space
// typed as it is, in hexadecimal.
func escape(path string) string {
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// cause drops the prefix of url.Parse's errors, which repeats the URL and with
// it whatever secret it holds.
func cause(word string, err error) setting.Text {
	if user, _ := secret.Userinfo(word); user != "" {
		return setting.Textf("its host cannot be read, and a user or password in the URL would show up in reports "+
			"(use %v)", setting.Credentials)
	}
	if ue, ok := err.(*url.Error); ok {
		err = ue.Err
	}
	var escape url.EscapeError
	if errors.As(err, &escape) { // which may be a piece of a query's value
		return setting.Plain("a % is not followed by two hexadecimal digits (write %25 for %)")
	}
	return setting.Plain(err.Error())
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:77] + "..."
	}
	return s
}
