package live

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"brunt/report/live/guard"
)

const testToken = "0123456789abcdef"

// guardRow is one request and what becomes of it.
type guardRow struct {
	why     string
	method  string
	path    string
	headers string // "Name: value|Name: value"; Host is one of them
	want    int
}

func (row guardRow) send(t *testing.T, v *View) *reply {
	t.Helper()
	body := ""
	if row.method == http.MethodPost {
		body = `{"how":"drain"}`
	}
	req := request(row.method, v.at(row.path), body)
	for header := range strings.SplitSeq(row.headers, "|") {
		name, value, _ := strings.Cut(header, ": ")
		switch name {
		case "":
		case "Host":
			req.Host = value
		case "Content-Type":
			req.Header.Set(name, value)
		default:
			req.Header.Add(name, strings.ReplaceAll(value, "SELF", req.URL.Host))
		}
	}
	return do(t, req)
}

func (row guardRow) test(t *testing.T, v *View) {
	t.Helper()
	if r := row.send(t, v); r.status != row.want {
		t.Errorf("%s: %s %s [%s]: %.200s, want %d", row.why, row.method, row.path, row.headers, r, row.want)
	}
}

const idle = 409 // a stop that was let through, while nothing runs

// On loopback there is no token; names tell a web page of elsewhere apart.
func TestGuardOnLoopback(t *testing.T) {
	v := serve(t, nil)
	if strings.Contains(v.URL(), "token") {
		t.Errorf("URL %s", v.URL())
	}
	for _, row := range []guardRow{
		{"plain", "GET", "/api/runs", "", 200},
		{"page", "GET", "/", "", 200},
		{"by name", "GET", "/api/runs", "Host: localhost:1234", 200},
		{"by name without port", "GET", "/api/runs", "Host: LOCALHOST", 200},
		{"another loopback address", "GET", "/api/runs", "Host: 127.8.9.1:80", 200},
		{"IPv6", "GET", "/api/runs", "Host: [::1]:80", 200},
		{"IPv6 without port", "GET", "/api/runs", "Host: [::1]", 200},
		{"DNS rebinding", "GET", "/api/runs", "Host: evil.example", 403},
		{"DNS rebinding of the page", "GET", "/", "Host: evil.example:80", 403},
		{"a name that begins alike", "GET", "/api/runs", "Host: localhost.evil.example", 403},
		{"an address as a name's beginning", "GET", "/api/runs", "Host: 127.0.0.1.evil.example", 403},
		{"a name that ends with a dot", "GET", "/api/runs", "Host: localhost.", 403},
		{"no address, though some take it for one", "GET", "/api/runs", "Host: 127.1", 403},
		{"an address in one number", "GET", "/api/runs", "Host: 2130706433", 403},
		{"all addresses", "GET", "/api/runs", "Host: 0.0.0.0", 403},
		{"all addresses of IPv6", "GET", "/api/runs", "Host: [::]:80", 403},
		{"two ports", "GET", "/api/runs", "Host: localhost:80:80", 403},
		{"an IPv4 address as IPv6", "GET", "/api/runs", "Host: [::ffff:127.0.0.1]", 200},
		{"an address of elsewhere as IPv6", "GET", "/api/runs", "Host: [::ffff:192.0.2.1]", 403},
		{"another address of this machine", "GET", "/api/runs", "Host: 192.0.2.1", 403},
		{"a rebound POST", "POST", "/api/stop", "Host: evil.example", 403},
		{"own page", "POST", "/api/stop", "Origin: http://SELF|Sec-Fetch-Site: same-origin", idle},
		{"curl", "POST", "/api/stop", "", idle},
		{"another site's page", "POST", "/api/stop", "Origin: http://evil.example", 403},
		{"another port's page", "POST", "/api/stop", "Origin: http://127.0.0.1:1", 403},
		{"a sandboxed page", "POST", "/api/stop", "Origin: null", 403},
		{"two origins", "POST", "/api/stop", "Origin: http://SELF|Origin: http://evil.example", 403},
		{"an empty origin", "POST", "/api/stop", "Origin: ", 403},
		{"another port's page, as its browser says", "POST", "/api/stop", "Sec-Fetch-Site: same-site", 403},
		{"another port's image", "GET", "/api/runs", "Sec-Fetch-Site: same-site", 403},
		{"a link on another port's page", "GET", "/", "Sec-Fetch-Site: same-site|Sec-Fetch-Mode: navigate", 200},
		{"two words on where it comes from", "GET", "/api/runs", "Sec-Fetch-Site: same-origin|Sec-Fetch-Site: cross-site", 403},
		{"another scheme", "POST", "/api/stop", "Origin: file://SELF", 403},
		{"reading from another site's page", "GET", "/api/report", "Origin: http://evil.example", 403},
		{"another site's image", "GET", "/api/runs", "Sec-Fetch-Site: cross-site", 403},
		{"another site's form", "POST", "/api/stop", "Sec-Fetch-Site: cross-site", 403},
		{"typed in", "GET", "/", "Sec-Fetch-Site: none", 200},
		{"a run's page", "GET", "/runs/abc", "", 200},
		{"a run's page, rebound", "GET", "/runs/abc", "Host: evil.example", 403},
		{"a run's page from a link", "GET", "/runs/abc", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate", 200},
		{"a run's page in a frame's script", "GET", "/runs/abc", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: cors", 403},
		{"below a run's page", "GET", "/runs/a/b", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate", 403},
		{"a run's data from another site", "GET", "/api/runs/abc", "Sec-Fetch-Site: cross-site", 403},
		{"a comparison from another site", "GET", "/api/compare?base=1&new=2", "Origin: http://evil.example", 403},
		{"a link with a token that none is asked for", "GET", "/?token=x", "", 303},
		{"a link in a message", "GET", "/", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate", 200},
		{"a link past the page", "GET", "/api/report", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate", 403},
		{"another site's frame", "GET", "/", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: no-cors", 403},
		{"a form's type", "POST", "/api/stop", "Content-Type: text/plain", 415},
		{"another form's type", "POST", "/api/stop", "Content-Type: application/x-www-form-urlencoded", 415},
		{"a type that begins alike", "POST", "/api/stop", "Content-Type: application/jsonx", 415},
		{"a character set", "POST", "/api/stop", "Content-Type: application/json; charset=utf-8", idle},
		{"acting by GET", "GET", "/api/stop", "", 405},
		{"starting by GET", "GET", "/api/start", "", 405},
		{"looking by POST", "POST", "/api/report", "", 405},
		{"acting by HEAD", "HEAD", "/api/stop", "", 405},
		{"acting by PUT", "PUT", "/api/stop", "Content-Type: application/json", 405},
		{"another method's name in a header", "GET", "/api/stop", "X-HTTP-Method-Override: POST|X-Method-Override: POST", 405},
		{"another method's name in the query", "GET", "/api/reset?_method=POST", "", 405},
		{"changing by GET", "GET", "/api/change", "", 405},
		{"deleting", "DELETE", "/api/runs", "", 405},
		{"asking for CORS", "OPTIONS", "/api/stop", "Origin: http://evil.example|Access-Control-Request-Method: POST", 403},
		{"no such path", "GET", "/api/secret", "", 404},
		{"health", "GET", "/healthz", "Host: probe.example", 200},
	} {
		row.test(t, v)
	}
	if r := (guardRow{method: "GET", path: "/api/stop"}).send(t, v); r.header.Get("Allow") != "POST" {
		t.Errorf("Allow: %q", r.header.Get("Allow"))
	}
	if r := do(t, request("POST", v.at("/api/start"), `{"target":"`+strings.Repeat("x", maxBody)+`"}`)); r.status != 413 {
		t.Errorf("a large body: %s", r)
	}
}

// Off this machine the token decides; the URL has it once.
func TestGuardByToken(t *testing.T) {
	v := serve(t, func(c *Config) { c.Serve = "0.0.0.0:0" })
	u, err := url.Parse(v.URL())
	if err != nil {
		t.Fatal(err)
	}
	token := u.Query().Get("token")
	if len(token) < 26 || strings.HasPrefix(u.Hostname(), "0.") {
		t.Fatalf("URL %s", v.URL())
	}
	u.Host = "127.0.0.1:" + u.Port()
	v.url = u.String()
	cookie := guard.CookieName(&net.TCPAddr{Port: atoi(u.Port())})
	for _, row := range []guardRow{
		{"no token", "GET", "/", "", 401},
		{"no token", "GET", "/web/app.css", "", 401},
		{"no token", "GET", "/api/events", "", 401},
		{"no token", "GET", "/metrics", "", 401},
		{"no token", "GET", "/download/report.json", "", 401},
		{"no token", "POST", "/api/stop", "", 401},
		{"no token", "GET", "/no/such/path", "", 401},
		{"no token", "GET", "/runs/abc", "", 401},
		{"no token", "GET", "/api/runs/abc", "", 401},
		{"no token", "GET", "/api/compare?base=1&new=2", "", 401},
		{"a wrong token by the form", "POST", "/token", "", 403},
		{"health", "GET", "/healthz", "", 200},
		{"bearer", "GET", "/api/runs", "Authorization: Bearer " + token, 200},
		{"bearer in lower case", "GET", "/api/runs", "Authorization: bearer " + token, 200},
		{"bearer", "POST", "/api/stop", "Authorization: Bearer " + token, idle},
		{"any Host", "GET", "/api/runs", "Host: load.example|Authorization: Bearer " + token, 200},
		{"wrong bearer", "GET", "/api/runs", "Authorization: Bearer " + token + "x", 403},
		{"no bearer", "GET", "/api/runs", "Authorization: Bearer ", 401},
		{"basic", "GET", "/api/runs", "Authorization: Basic " + token, 401},
		{"cookie", "GET", "/", "Cookie: " + cookie + "=" + token, 200},
		{"cookie", "POST", "/api/stop", "Cookie: " + cookie + "=" + token, idle},
		{"wrong cookie", "GET", "/", "Cookie: " + cookie + "=" + token[1:], 403},
		{"another's cookie", "GET", "/", "Cookie: brunt_1=" + token, 401},
		{"another's cookie beside it", "GET", "/", "Cookie: brunt_1=x; " + cookie + "=" + token, 200},
		{"another port's page with the cookie", "POST", "/api/stop", "Sec-Fetch-Site: same-site|Cookie: " + cookie + "=" + token, 403},
		{"the link", "GET", "/?token=" + token, "", 303},
		{"the link, as somebody sent it", "GET", "/?token=" + token, "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate", 200},
		{"a wrong link", "GET", "/?token=" + token + "x", "", 403},
		{"an empty link", "GET", "/?token=", "", 403},
		{"a token in another path", "GET", "/api/runs?token=" + token, "", 401},
		{"a token in a POST's path", "POST", "/api/stop?token=" + token, "", 401},
		{"another site's page with the cookie", "POST", "/api/stop", "Origin: http://evil.example|Cookie: " + cookie + "=" + token, 403},
		{"another site's script with the cookie", "GET", "/api/runs", "Sec-Fetch-Site: cross-site|Cookie: " + cookie + "=" + token, 403},
	} {
		row.test(t, v)
	}
	r := v.get(t, "/?token="+token)
	set := r.header.Get("Set-Cookie")
	if r.header.Get("Location") != "/" || !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Strict") || strings.Contains(set, "Secure") {
		t.Errorf("to %q with %q", r.header.Get("Location"), set)
	}
	_, _, s := v.controller.view()
	if text := string(marshal(s)); strings.Contains(text, token) {
		t.Errorf("the token is in the state: %s", text)
	}
}

// Whoever opens the page in a browser without being let in reads why, as a page.
func TestRefusalIsAPage(t *testing.T) {
	v := serve(t, func(c *Config) { c.ServeToken = testToken })
	for _, row := range []guardRow{
		{"without a token", "GET", "/", "Accept: text/html,*/*", 401},
		{"for a run, without a token", "GET", "/runs/abc", "Accept: text/html,*/*", 401},
		{"after a wrong link", "GET", "/?refused", "Accept: text/html,*/*", 403},
		{"by another name", "GET", "/", "Accept: text/html,*/*|Host: evil.example", 403},
	} {
		row.test(t, v)
		if r := row.send(t, v); !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") || !strings.Contains(string(r.body), "open ") && !strings.Contains(string(r.body), "token of this page") && !strings.Contains(string(r.body), "needs its token") {
			t.Errorf("%s: %s", row.why, r)
		}
	}
	if r := (guardRow{method: "GET", path: "/", headers: "Accept: */*"}).send(t, v); r.header.Get("Content-Type") != "application/json" {
		t.Errorf("a script is told %s", r)
	}
}

// With --serve-open anybody may look, and nobody act.
func TestGuardOpen(t *testing.T) {
	v := serve(t, func(c *Config) { c.ServeOpen, c.ServeToken = true, testToken })
	for _, row := range []guardRow{
		{"looking", "GET", "/", "", 200},
		{"looking", "GET", "/api/runs", "", 200},
		{"looking, with an old cookie", "GET", "/", "Authorization: Bearer old", 200},
		{"acting", "POST", "/api/stop", "", 401},
		{"starting", "POST", "/api/start", "", 401},
		{"changing", "POST", "/api/change", "", 401},
		{"resetting", "POST", "/api/reset", "", 401},
		{"starting by GET", "GET", "/api/start", "", 405},
		{"acting with a wrong token", "POST", "/api/stop", "Authorization: Bearer old", 403},
		{"acting with the token", "POST", "/api/stop", "Authorization: Bearer " + testToken, idle},
	} {
		row.test(t, v)
	}
	s := v.stream(t, "")
	s.next()
	if s.newest.View.MayStart || len(s.newest.View.Actions) > 0 {
		t.Errorf("who may only look may start %v, %v", s.newest.View.MayStart, s.newest.View.Actions)
	}
}

// Every answer, refusals too, carries the headers; there is no CORS.
func TestHeaders(t *testing.T) {
	v := serve(t, nil)
	for _, path := range []string{"/", "/web/app.css", "/api/runs", "/healthz", "/metrics", "/no/such"} {
		for _, host := range []string{"127.0.0.1", "evil.example"} {
			req := request("GET", v.at(path), "")
			req.Host = host
			h := do(t, req).header
			if h.Get("Content-Security-Policy") != guard.Policy || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
				h.Get("Cross-Origin-Resource-Policy") != "same-origin" || !strings.HasPrefix(h.Get("Cache-Control"), "no-") || h.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s by %s: %v", path, host, h)
			}
		}
	}
	etag := v.get(t, "/").header.Get("ETag")
	req := request("GET", v.at("/"), "")
	req.Header.Set("If-None-Match", etag)
	if r := do(t, req); r.status != http.StatusNotModified {
		t.Errorf("the same page again: %d", r.status)
	}
}

// Names in paths and queries reach no file.
func TestTraversal(t *testing.T) {
	v := serve(t, nil)
	secret := filepath.Join(t.TempDir(), "secret")
	must(os.WriteFile(secret, []byte("secret"), 0o600))
	for _, path := range []string{
		"/download/..%2f..%2f" + url.PathEscape(secret), "/download/" + url.PathEscape(secret), "/download/%2e%2e/results", "/download/results%00",
		"/download/report.json?run=../1", "/download/results?run=-1", "/download/results?run=99999999999999999999", "/download/results?run=1%00",
		"/api/runs/..%2f1", "/api/runs/0", "/api/runs/1e3", "/api/report?run=" + url.QueryEscape(secret), "/web/..%2flive.go", "/web/%2e%2e%2fpage.go",
	} {
		if r := v.get(t, path); r.status != 404 && r.status != 400 && r.status/100 != 3 || strings.Contains(string(r.body), "secret\n") {
			t.Errorf("%s: %.200s", path, r)
		}
	}
}

// Over TLS the cookie is sent over TLS only.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pool := makeCertificate(t, cert, key)
	v := serve(t, func(c *Config) { c.ServeCert, c.ServeKey, c.ServeToken = cert, key, testToken })
	if !strings.HasPrefix(v.URL(), "https://127.0.0.1:") {
		t.Fatalf("URL %s", v.URL())
	}
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Get(v.URL())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if set := resp.Header.Get("Set-Cookie"); resp.StatusCode != 303 || !strings.Contains(set, "; Secure") {
		t.Errorf("%s, cookie %q", resp.Status, set)
	}
}

func makeCertificate(t *testing.T, certFile, keyFile string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	must(os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	parsed, err := x509.ParseCertificate(der)
	must(err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool
}
