//go:build !windows

package attack

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
)

// proxyKind is a program and what it speaks with clients; behind it there is
// always HTTP/1.1.
type proxyKind struct{ name, protocol string }

// The protocols: HTTP/1.1, HTTP/2 known beforehand, and HTTP/2 agreed on
// within TLS.
const (
	h11   = "HTTP1"
	h2c   = "h2c"
	h2TLS = "h2"
)

func (k proxyKind) secure() bool { return k.protocol == h2TLS }

// plan is testPlan in the kind's protocol.
func (k proxyKind) plan(n uint64) plan.Plan {
	p := testPlan(n)
	p.HTTP2 = k.protocol != h11
	return p
}

// words are what the proxy's configuration says of the protocol.
func (k proxyKind) words() (listen, tls string) {
	switch k {
	case proxyKind{"nginx", h2c}:
		return "http2", ""
	case proxyKind{"nginx", h2TLS}:
		return "ssl http2", "ssl_certificate DIR/pem; ssl_certificate_key DIR/pem;"
	case proxyKind{"haproxy", h2c}:
		return "proto h2", ""
	case proxyKind{"haproxy", h2TLS}:
		return "ssl crt DIR/pem alpn h2", ""
	}
	return "", ""
}

// forProxies runs a test before each proxy in each protocol, all at once: they
// wait more than they work.
func forProxies(t *testing.T, test func(t *testing.T, kind proxyKind)) {
	buildOracle(t)
	var group sync.WaitGroup
	for _, name := range []string{"nginx", "haproxy"} {
		for _, protocol := range []string{h11, h2c, h2TLS} {
			group.Go(func() {
				t.Run(name+" "+protocol, func(t *testing.T) { test(t, proxyKind{name, protocol}) })
			})
		}
	}
	group.Wait()
}

// refusedBy counts the streams that haproxy refused.
func refusedBy(kind proxyKind, s *result.Snapshot) uint64 {
	if kind.name != "haproxy" {
		return 0
	}
	return countOf(s, result.KindRefusedStream)
}

// writeCertificate puts one for loopback and its key where the proxy and its
// client find them.
func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	own := s.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]})
	for name, text := range map[string][]byte{
		"ca": certificate, "pem": slices.Concat(certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// attack begins a run through the proxy.
func (p *proxy) attack(plan plan.Plan, set *payloads.Set, sink Sink) *Run {
	p.t.Helper()
	url, o := "http://"+p.address+"/", endpoint.Options{}
	if p.secure() {
		url, o.Insecure = "https://"+p.address+"/", true
	}
	target, err := endpoint.Open(p.t.Context(), url, o, 5*time.Second)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(target.Close)
	run, err := Start(plan, Request{}, set, target, sink)
	if err != nil {
		p.t.Fatal(err)
	}
	return run
}
