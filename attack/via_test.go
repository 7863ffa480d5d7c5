//go:build !windows

package attack

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"brunt/attack/endpoint"
	"brunt/attack/endpoint/proxytest"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/needs"
)

// startProxyFor starts a proxy until the test's end. Its certificate is that of any
// server of httptest.
func startProxyFor(t *testing.T, c proxytest.Config, secure bool) *proxytest.Server {
	t.Helper()
	if secure {
		s := httptest.NewUnstartedServer(nil)
		s.StartTLS()
		c.TLS = &tls.Config{Certificates: s.TLS.Certificates}
		s.Close()
	}
	p, err := proxytest.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// throughProxies are proxies of every kind.
var throughProxies = map[string]struct {
	config proxytest.Config
	secure bool
}{
	"HTTP":   {proxytest.Config{User: "moon", Password: "ri:ver@7/5"}, false},
	"HTTPS":  {proxytest.Config{}, true},
	"SOCKS5": {proxytest.Config{User: "moon", Password: "river", SOCKS: true}, false},
}

// TestEveryRequestCountedVia holds the counts against the server's when the requests
// go through tunnels of proxies, or through a Unix socket.
func TestEveryRequestCountedVia(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	n := scale(6_000, 500_000)
	p := testPlan(uint64(n))
	p.Concurrency = 16
	for name, via := range throughProxies {
		t.Run(name, func(t *testing.T) {
			server := startProxyFor(t, via.config, via.secure)
			// Where the host is given an address, a proxy is asked for that.
			o := endpoint.Options{Proxy: server.URL(), Insecure: true, ConnectTo: []string{":::"}}
			everyRequestCounted(t, ownHost()+":0", o, n, p, nil)
			if server.Tunnels.Load() < 16 || server.Forwarded.Load() > 0 {
				t.Errorf("%d tunnels, %d requests passed on", server.Tunnels.Load(), server.Forwarded.Load())
			}
		})
	}
	t.Run("socket", func(t *testing.T) {
		everyRequestCounted(t, filepath.Join(t.TempDir(), "s"), endpoint.Options{}, n, p, nil)
	})
	t.Run("passed on", func(t *testing.T) {
		const n = 2000
		server := startProxyFor(t, throughProxies["HTTP"].config, false)
		oracle := startOracle(t, 2*n, "-expect", fmt.Sprint(n))
		run := startVia(t, oracle.url(), endpoint.Options{Proxy: server.URL()}, testPlan(n), Request{}, indexedBodies(t, n, 100), nil)
		<-run.Done()
		s := run.Snapshot()
		checkBooks(t, s)
		if sum := oracle.summary(); s.Counts.Succeeded != n || sum.Distinct != n || server.Forwarded.Load() != n || server.Tunnels.Load() > 0 {
			t.Errorf("%d succeeded, %d arrived, %d passed on, %d tunnels: %+v", s.Counts.Succeeded, sum.Distinct, server.Forwarded.Load(), server.Tunnels.Load(), s.Failures)
		}
	})
}

// TestViaProxies sends over every kind of connection through every kind of proxy. No
// server gets to see what is for the proxy alone.
func TestViaProxies(t *testing.T) {
	t.Parallel()
	for name, via := range throughProxies {
		for _, c := range []struct {
			name       string
			tls, http2 bool
			host       string // header
			passedOn   bool
		}{
			{name: "plain", passedOn: !via.config.SOCKS},
			{name: "plain, Host of one's own", host: "other.test"},
			{name: "TLS", tls: true},
			{name: "HTTP2", http2: true},
			{name: "HTTP2 over TLS", tls: true, http2: true},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				var leaked atomic.Int64
				var hosts atomic.Value
				s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					hosts.Store(r.Host)
					if r.Header.Get("Proxy-Authorization") != "" || !strings.HasPrefix(r.RequestURI, "/x") {
						leaked.Add(1)
					}
				}))
				switch {
				case c.http2:
					startH2(t, s, c.tls)
				case c.tls:
					s.StartTLS()
					t.Cleanup(s.Close)
				default:
					s.Start()
					t.Cleanup(s.Close)
				}
				proxy := startProxyFor(t, via.config, via.secure)
				p := testPlan(40)
				p.HTTP2 = c.http2
				request := Request{}
				if c.host != "" {
					request.Headers = append(request.Headers, payloads.Header{Name: "Host", Value: c.host})
				}
				run := startVia(t, s.URL+"/x?y=1", endpoint.Options{Proxy: proxy.URL(), Insecure: true}, p, request, payloads.Single("test", body), nil)
				<-run.Done()
				shot := run.Snapshot()
				checkBooks(t, shot)
				_, address, _ := strings.Cut(s.URL, "://")
				if shot.Counts.Succeeded != 40 || leaked.Load() > 0 || (proxy.Tunnels.Load() > 0) == c.passedOn || (proxy.Forwarded.Load() == 40) != c.passedOn || !slices.Equal(proxy.To(), []string{address}) {
					t.Errorf("%d succeeded, %d leaked, %d tunnels, %d passed on, to %v: %+v", shot.Counts.Succeeded, leaked.Load(), proxy.Tunnels.Load(), proxy.Forwarded.Load(), proxy.To(), shot.Failures)
				}
				if host := hosts.Load(); c.host != "" && host != c.host || c.host == "" && host != address {
					t.Errorf("Host: %v", host)
				}
				if strings.Contains(shot.Proxy, "moon") || !strings.HasSuffix(shot.Proxy, proxy.Address()) || !slices.Equal(shot.Addresses, []string{proxy.Address()}) {
					t.Errorf("proxy %q, addresses %v", shot.Proxy, shot.Addresses)
				}
			})
		}
	}
}

// TestProxyRefuses has proxies say no, each in its way.
func TestProxyRefuses(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(s.Close)
	forbid := func(string) int { return http.StatusForbidden }
	for _, c := range []struct {
		name, target string
		config       proxytest.Config
		proxy        func(url string) string
		kind         string
		words        []string
	}{
		{name: "no user", config: proxytest.Config{User: "moon", Password: "river"}, proxy: without, kind: endpoint.ProxyAuth, words: []string{"wants a user and a password", "407", "proxy http://USER:PASSWORD@"}},
		{name: "wrong password", config: proxytest.Config{User: "moon", Password: "river"}, proxy: wrong, kind: endpoint.ProxyAuth, words: []string{"refuses the user and the password given"}},
		{name: "403", config: proxytest.Config{Refuse: forbid}, kind: endpoint.ProxyRefused, words: []string{"refuses to connect to the endpoint: 403 Forbidden", "proxy none"}},
		{name: "nobody there", target: "https://127.0.0.1:1/", kind: endpoint.ProxyUpstream, words: []string{"could not connect to the endpoint: 503"}},
		{name: "SOCKS, no user", config: proxytest.Config{SOCKS: true, User: "moon", Password: "river"}, proxy: without, kind: endpoint.ProxyAuth, words: []string{"wants a user and a password", "proxy socks5://USER:PASSWORD@"}},
		{name: "SOCKS, wrong password", config: proxytest.Config{SOCKS: true, User: "moon", Password: "river"}, proxy: wrong, kind: endpoint.ProxyAuth, words: []string{"refuses the user and the password given"}},
		{name: "SOCKS, not allowed", config: proxytest.Config{SOCKS: true, Refuse: forbid}, kind: endpoint.ProxyRefused, words: []string{"refuses to connect to the endpoint: connection not allowed by ruleset"}},
		{name: "SOCKS, nobody there", target: "https://127.0.0.1:1/", config: proxytest.Config{SOCKS: true}, kind: endpoint.ProxyUpstream, words: []string{"could not connect to the endpoint: connection refused"}},
		{name: "HTTP to one of SOCKS", config: proxytest.Config{SOCKS: true}, proxy: func(url string) string { return strings.Replace(url, "socks5", "http", 1) }, kind: endpoint.ProxyUpstream},
		{name: "SOCKS to one of HTTP", proxy: func(url string) string { return strings.Replace(url, "http", "socks5", 1) }, kind: endpoint.ProxyRefused, words: []string{"is no SOCKS5", "http://"}},
		{name: "none", proxy: func(string) string { return "http://127.0.0.1:1" }, kind: endpoint.ProxyUnreachable, words: []string{"no connection to the proxy http://127.0.0.1:1: ", "refused", "see whether the proxy is up"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxy := startProxyFor(t, c.config, false)
			url := proxy.URL()
			if c.proxy != nil {
				url = c.proxy(url)
			}
			if c.target == "" {
				c.target = s.URL
			}
			run := startVia(t, c.target, endpoint.Options{Proxy: url, Insecure: true}, testPlan(4), Request{}, payloads.Single("test", body), nil)
			<-run.Done()
			shot := run.Snapshot()
			checkBooks(t, shot)
			if len(shot.Failures) != 1 || shot.Failures[0].Kind != c.kind || unsent(shot) != 4 {
				t.Fatalf("%+v", shot.Failures)
			}
			text := shot.Failures[0].Message.String() + " → " + shot.Failures[0].Advice.String() + " " + shot.Verdict.Headline.String()
			for _, word := range append(c.words, "proxy") {
				if !strings.Contains(text, word) {
					t.Errorf("no %q in %s", word, text)
				}
			}
			if strings.Contains(text, "moon") || strings.Contains(text, "river") {
				t.Errorf("a secret is in %s", text)
			}
			if limit := shot.Verdict.LimitedBy; c.kind != endpoint.ProxyUpstream && limit != result.LimitConnections {
				t.Errorf("limited by %s", limit)
			}
		})
	}
}

func without(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	_, host, _ := strings.Cut(rest, "@")
	return scheme + "://" + host
}

func wrong(url string) string { return strings.Replace(url, "river", "riwer", 1) }
