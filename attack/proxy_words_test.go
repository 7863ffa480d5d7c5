//go:build !windows

package attack

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"brunt/attack/endpoint"
	"brunt/attack/endpoint/proxytest"
	"brunt/payloads"
)

// TestWordsOfTheWay: what answers in the endpoint's place, or speaks nothing but HTTP/2,
// is called by its name, with the setting that helps.
func TestWordsOfTheWay(t *testing.T) {
	t.Parallel()
	proxy := startProxyFor(t, proxytest.Config{}, false)
	locked := startProxyFor(t, proxytest.Config{User: "moon", Password: "river"}, false)
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(plain.Close)
	squid := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
		if request(in) {
			io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nServer: squid/5.7\r\nX-Squid-Error: ERR_INVALID_URL 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}
	})
	hasty := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
		if request(in) {
			io.WriteString(conn, "\x00\x00\x00\x04\x00\x00\x00\x00\x00")
		}
	})
	picky := httptest.NewUnstartedServer(nil) // which wants a protocol of its own
	picky.Config.ErrorLog = quietLog()
	picky.TLS = &tls.Config{NextProtos: []string{"other"}}
	picky.StartTLS()
	t.Cleanup(picky.Close)
	for _, c := range []struct{ name, target, proxy, says string }{
		{"a proxy for target", squid, "", "a proxy answers at this address, and no endpoint: give it with proxy"},
		{"the proxy's own 503", "http://127.0.0.1:1/", proxy.URL(), "it is the proxy " + proxy.URL() + " that answers so"},
		{"the proxy's own 407", plain.URL, without(locked.URL()), "it is the proxy that wants a user and a password: give them by proxy"},
		{"HTTP/2 only", hasty, "", "the port speaks HTTP/2 only: give HTTP/2"},
		{"another protocol of TLS", picky.URL, "", "it may speak nothing but HTTP/2: give HTTP/2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := start(t, c.target, testPlan(2), payloads.Single("test", body), endpoint.Options{Insecure: true, Proxy: c.proxy})
			<-run.Done()
			s := run.Snapshot()
			if len(s.Failures) != 1 || !strings.Contains(s.Failures[0].Advice.String(), c.says) {
				t.Errorf("%+v", s.Failures)
			}
		})
	}
}
