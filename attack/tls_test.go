package attack

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/youmark/pkcs8"

	"brunt/attack/endpoint"
	"brunt/attack/endpoint/proxytest"
	"brunt/attack/figure"
	"brunt/payloads"
)

// identity are the files of a certificate and its key.
type identity struct {
	own                                tls.Certificate
	cert, key, both, encrypted, phrase string
}

func newIdentity(t *testing.T, a *proxytest.Authority, name string) (i identity) {
	t.Helper()
	own, certificate, key, err := a.Issue(name)
	if err != nil {
		t.Fatal(err)
	}
	der, err := pkcs8.MarshalPrivateKey(own.PrivateKey, []byte("sesame-12"), nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	locked := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})
	return identity{own, file("cert.pem", certificate), file("key.pem", key), file("both.pem", append(key, certificate...)), file("locked.pem", locked), "@" + file("phrase", []byte("sesame-12\n"))}
}

func newAuthority(t *testing.T) *proxytest.Authority {
	t.Helper()
	a, err := proxytest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestClientCertificate: a server wants a client certificate, and gets it, or none, or
// one that it does not know; in each version of TLS, over HTTP/1.1 and HTTP/2.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	known := newAuthority(t)
	server, client, stranger := newIdentity(t, known, "server"), newIdentity(t, known, "client"), newIdentity(t, newAuthority(t), "stranger")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, http2 := range []bool{false, true} {
			for _, c := range []struct {
				name    string
				options endpoint.Options
				wrong   string // the failure's message, and what it advises
				advice  string
			}{
				{name: "two files", options: endpoint.Options{CertFile: client.cert, KeyFile: client.key}},
				{name: "one file", options: endpoint.Options{CertFile: client.both}},
				{name: "encrypted key", options: endpoint.Options{CertFile: client.cert, KeyFile: client.encrypted, KeyPass: client.phrase}},
				{name: "none", wrong: "the endpoint wants a client certificate", advice: "give one with client certificate FILE.pem"},
				{name: "a stranger's", options: endpoint.Options{CertFile: stranger.both}, wrong: "the endpoint does not take the client certificate", advice: "see whether client certificate is the one it wants"},
			} {
				t.Run(fmt.Sprintf("%s/h2=%v/%s", tls.VersionName(version), http2, c.name), func(t *testing.T) {
					s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if len(r.TLS.PeerCertificates) != 1 || r.TLS.PeerCertificates[0].Subject.CommonName != "client" {
							w.WriteHeader(http.StatusForbidden)
						}
					}))
					s.Config.ErrorLog = quietLog()
					s.EnableHTTP2 = http2
					s.TLS = &tls.Config{Certificates: []tls.Certificate{server.own}, ClientCAs: known.Pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: version, MaxVersion: version}
					s.StartTLS()
					defer s.Close()
					p := testPlan(8)
					p.HTTP2 = http2
					c.options.Insecure = true
					run := start(t, s.URL, p, payloads.Single("test", body), c.options)
					<-run.Done()
					shot := run.Snapshot()
					checkBooks(t, shot)
					if c.wrong == "" {
						if shot.Counts.Succeeded != 8 {
							t.Errorf("%+v", shot.Failures)
						}
						return
					}
					if len(shot.Failures) != 1 || shot.Failures[0].Kind != endpoint.TLS || shot.Failures[0].Count != 8 {
						t.Fatalf("%+v", shot.Failures)
					}
					if f := &shot.Failures[0]; !strings.HasPrefix(f.Message.String(), c.wrong) || !strings.Contains(f.Advice.String(), c.advice) {
						t.Errorf("%s → %s", f.Message, f.Advice)
					}
				})
			}
		}
	}
}

// TestHandshakes counts those that are made in full, and those that take a session up.
func TestHandshakes(t *testing.T) {
	t.Parallel()
	for _, resume := range []bool{false, true} {
		for _, keepAlive := range []bool{false, true} {
			t.Run(fmt.Sprintf("resume=%v,keepalive=%v", resume, keepAlive), func(t *testing.T) {
				var resumed, full int
				s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
				s.TLS = &tls.Config{VerifyConnection: func(c tls.ConnectionState) error {
					if c.DidResume {
						resumed++
					} else {
						full++
					}
					return nil
				}}
				s.StartTLS()
				defer s.Close()
				p := testPlan(20)
				p.Concurrency, p.KeepAlive = 1, keepAlive
				run := start(t, s.URL, p, payloads.Single("test", body), endpoint.Options{Insecure: true, Resume: resume})
				<-run.Done()
				shot := run.Snapshot()
				checkBooks(t, shot)
				c := &shot.Counts
				if c.TLSFull != uint64(full) || c.TLSResumed != uint64(resumed) || c.TLSFull+c.TLSResumed != c.Connections || c.Connections != uint64(shot.Latencies[figure.TLS].TotalCount()) {
					t.Errorf("%d full and %d resumed of %d, at the server %d and %d", c.TLSFull, c.TLSResumed, c.Connections, full, resumed)
				}
				switch {
				case keepAlive && full != 1, !keepAlive && !resume && full != 20, !keepAlive && resume && (full == 20 || resumed == 0):
					t.Errorf("%d full, %d resumed", full, resumed)
				}
			})
		}
	}
}

// TestTLSVersions: the versions of both sides have to meet, and it is said by which
// setting they would.
func TestTLSVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		server           uint16 // the only one it speaks
		min, max         string
		version, advises string
	}{
		{name: "1.2 at most", server: tls.VersionTLS12, max: "1.2", version: "1.2"},
		{name: "1.3 at least", server: tls.VersionTLS13, min: "1.3", version: "1.3"},
		{name: "an old server", server: tls.VersionTLS11, min: "1.0", version: "1.1"},
		{name: "an old client", server: tls.VersionTLS11, max: "1.1", version: "1.1"},
		{name: "server too old", server: tls.VersionTLS11, advises: "least TLS version"},
		{name: "server too new", server: tls.VersionTLS13, max: "1.2", advises: "highest TLS version"},
		{name: "server of 1.2", server: tls.VersionTLS12, min: "1.3", advises: "least TLS version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			s.Config.ErrorLog = quietLog()
			s.TLS = &tls.Config{MinVersion: c.server, MaxVersion: c.server}
			s.StartTLS()
			defer s.Close()
			run := start(t, s.URL, testPlan(2), payloads.Single("test", body), endpoint.Options{Insecure: true, TLSMin: c.min, TLSMax: c.max})
			<-run.Done()
			shot := run.Snapshot()
			if c.version != "" && (shot.Counts.Succeeded != 2 || shot.TLSVersion != c.version) {
				t.Errorf("TLS %q, %+v", shot.TLSVersion, shot.Failures)
			}
			if c.advises != "" && (len(shot.Failures) != 1 || shot.Failures[0].Kind != endpoint.TLS || !strings.Contains(shot.Failures[0].Advice.String(), c.advises)) {
				t.Errorf("%+v", shot.Failures)
			}
		})
	}
}

// TestServerName: another name than the URL's is asked for, and looked for in the
// certificate.
func TestServerName(t *testing.T) {
	t.Parallel()
	authority := newAuthority(t)
	own := newIdentity(t, authority, "inside.test")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, authority.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	var host string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { host = r.Host }))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{own.own}, GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		if h.ServerName != "inside.test" {
			return nil, fmt.Errorf("asked for %q", h.ServerName)
		}
		return nil, nil
	}}
	s.StartTLS()
	defer s.Close()
	o := endpoint.Options{CAFile: ca, ServerName: "inside.test", ConnectTo: []string{"outside.test:443:" + strings.TrimPrefix(s.URL, "https://")}}
	p := testPlan(2)
	p.Concurrency = 1
	run := start(t, "https://outside.test/", p, payloads.Single("test", body), o)
	<-run.Done()
	if shot := run.Snapshot(); shot.Counts.Succeeded != 2 || host != "outside.test" {
		t.Errorf("Host %q, %+v", host, shot.Failures)
	}
}
