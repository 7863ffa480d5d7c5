package proxy

import (
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"brunt/payloads/setting"
)

// None is the word for no proxy, whatever the environment says.
const None = "none"

// Proxy is one that connections go through.
type Proxy struct {
	Host, Port string
	// From is the variable of the environment that names it; empty where it was given.
	From string

	url *url.URL
	tls *tls.Config // of a proxy that is spoken to over TLS
}

// ports are those of proxies whose URL has none.
var ports = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// Choose gives the proxy for connections to a host, by scheme ("http" or "https") and
// host:port: the one that word names, no one for None, or, for an empty word, that of
// HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as the Go library reads them. Those never hold
// for this machine itself. It is nil for none; config is how TLS is spoken to it. The
// error shows no secret.
func Choose(word, scheme, hostPort string, config *tls.Config) (*Proxy, error) {
	switch word = strings.TrimSpace(word); word {
	case None:
		return nil, nil
	case "":
		return fromEnvironment(scheme, hostPort, config)
	}
	p, why := parse(word, config)
	if p == nil {
		return nil, setting.Wrong(setting.Proxy, "", "%s; write it as http://HOST:PORT, https://…, socks5://… or none", why)
	}
	return p, nil
}

func fromEnvironment(scheme, hostPort string, config *tls.Config) (*Proxy, error) {
	if host, _, err := net.SplitHostPort(hostPort); err == nil && Local(host) {
		return nil, nil
	}
	c, from := httpproxy.FromEnvironment(), variable(scheme)
	word := c.HTTPProxy
	if scheme == "https" {
		word = c.HTTPSProxy
	}
	if word == "" {
		return nil, nil
	}
	// The library says whether the proxy is for the host. It would pass in silence over
	// what names none.
	c.HTTPProxy, c.HTTPSProxy = "http://some.invalid", "http://some.invalid"
	u, err := c.ProxyFunc()(&url.URL{Scheme: scheme, Host: hostPort})
	switch {
	case err != nil:
		return nil, setting.Errorf("%s of the environment: %w; give %v none, or a URL", from, err, setting.Proxy)
	case u == nil:
		return nil, nil
	}
	p, why := parse(word, config)
	if p == nil {
		return nil, setting.Errorf("%s of the environment: %s; set it to http://HOST:PORT, or give %v none", from, why, setting.Proxy)
	}
	p.From = from
	return p, nil
}

// Local reports whether a host is this machine, for all that its name says: no proxy
// could get there.
func Local(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.Unmap().IsLoopback()
}

// variable is the one that names the proxy for a scheme.
func variable(scheme string) string {
	name := strings.ToUpper(scheme) + "_PROXY"
	if os.Getenv(name) == "" {
		return strings.ToLower(name)
	}
	return name
}

// parse reads a proxy's URL, whose scheme may be missing; why says what is wrong with it
// where there is none.
func parse(word string, config *tls.Config) (p *Proxy, why string) {
	if !strings.Contains(word, "://") {
		word = "http://" + word
	}
	u, err := url.Parse(word)
	switch {
	case err != nil:
		return nil, "not a URL (write what a password holds of / @ : % as %2F %40 %3A %25)"
	case ports[u.Scheme] == "":
		return nil, "its scheme is none of http, https, socks5"
	case u.Hostname() == "":
		return nil, "no host"
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return nil, "a proxy has no path"
	}
	p = &Proxy{Host: u.Hostname(), Port: u.Port(), url: u}
	if p.Port == "" {
		p.Port = ports[u.Scheme]
	}
	if n, err := net.LookupPort("tcp", p.Port); err != nil || n == 0 {
		return nil, "its port is not from 1 to 65535"
	}
	if u.Scheme == "https" {
		p.tls = config.Clone()
		p.tls.ServerName, p.tls.NextProtos = p.Host, []string{"http/1.1"}
	}
	return p, ""
}

// String is the proxy's URL without user and password.
func (p *Proxy) String() string {
	return p.url.Scheme + "://" + net.JoinHostPort(p.Host, p.Port)
}

// SOCKS reports whether the proxy speaks SOCKS, and not HTTP.
func (p *Proxy) SOCKS() bool { return strings.HasPrefix(p.url.Scheme, "socks") }

// TLS reports whether the proxy itself is spoken to over TLS.
func (p *Proxy) TLS() bool { return p.tls != nil }

// Authorization is what a Proxy-Authorization header holds; empty without a user.
func (p *Proxy) Authorization() string {
	if p.url.User == nil {
		return ""
	}
	password, _ := p.url.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(p.url.User.Username()+":"+password))
}
