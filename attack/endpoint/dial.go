package endpoint

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"brunt/payloads/file"
	"brunt/payloads/setting"
)

// Options of connections.
type Options struct {
	Insecure bool     // do not verify the server's certificate
	CAFile   string   // PEM file with the authorities to trust instead of the system's
	Resolve  []string // HOST:ADDR words: connections to HOST go to ADDR

	// What follows is of targets in a Databricks workspace.

	Profile      string            // of the Databricks configuration file
	NoAuth       bool              // attach no credentials, and ask no workspace
	OwnAuth      bool              // requests carry an Authorization of the user's own
	ServedModel  string            // the only served entity to be asked
	WaitReady    time.Duration     // how long an endpoint that is not ready is waited for
	Waiting      func(text string) // called with what is waited for; may be nil
	describeOnly bool              // nothing will be sent to the endpoint
}

// Dialer opens connections to one target, spread over all of its addresses.
// It is safe for use by many goroutines.
type Dialer struct {
	target       Target
	overrides    []override
	tls          *tls.Config // nil for http
	wrapUnderTLS func(net.Conn) net.Conn
	dialer       net.Dialer
	http2        bool
	next         atomic.Uint32
	version      atomic.Uint32 // TLS version of the last handshake

	mu         sync.RWMutex
	addresses  []*address // as the last successful look-up has them
	removed    []*address // that earlier ones had
	resolvedAt time.Time  // when the last look-up began
	resolving  bool       // one is under way in the background

	life   context.Context // of what goes on in the background
	end    context.CancelFunc
	closed bool
	group  sync.WaitGroup
}

// NewDialer prepares connections to t; the error is about the options. Who is
// done with it is to Close it.
func NewDialer(t Target, o Options) (*Dialer, error) {
	d := &Dialer{target: t}
	d.life, d.end = context.WithCancel(context.Background())
	for _, word := range o.Resolve {
		override, err := parseOverride(word)
		if err != nil {
			return nil, err
		}
		d.overrides = append(d.overrides, override)
	}
	// Keep-alive probes would be load that nobody planned.
	d.dialer.KeepAlive = -1
	if !t.TLS {
		return d, nil
	}
	var err error
	if d.tls, err = o.tls(); err != nil {
		return nil, err
	}
	d.tls.ServerName = unzoned(t.Name)
	d.tls.NextProtos = []string{"http/1.1"}
	d.tls.ClientSessionCache = tls.NewLRUClientSessionCache(64)
	return d, nil
}

// tls is what the options say of certificates.
func (o *Options) tls() (*tls.Config, error) {
	c := &tls.Config{InsecureSkipVerify: o.Insecure}
	if o.CAFile == "" {
		return c, nil
	}
	pem, err := file.ReadText(o.CAFile)
	if err != nil {
		return nil, setting.Wrong(setting.CA, "", "%w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM([]byte(pem)) {
		return nil, setting.Wrong(setting.CA, o.CAFile, "no certificate in it; give a PEM file")
	}
	return c, nil
}

// UseHTTP2 makes connections for HTTP/2: over TLS by ALPN, where the endpoint must
// agree, without TLS by prior knowledge. It must be called before the first Dial.
func (d *Dialer) UseHTTP2() {
	d.http2 = true
	if d.tls != nil {
		// HTTP/1.1 is offered as well, for a server without HTTP/2 to say so
		// instead of breaking the handshake off.
		d.tls.NextProtos = []string{"h2", "http/1.1"}
	}
}

// WrapUnderTLS has TLS read and write through what wrap returns for each connection.
// It must be called before the first Dial.
func (d *Dialer) WrapUnderTLS(wrap func(net.Conn) net.Conn) { d.wrapUnderTLS = wrap }

// TLSVersion is the version of the last handshake ("1.3"), empty without one.
func (d *Dialer) TLSVersion() string {
	switch v := d.version.Load(); v {
	case 0:
		return ""
	case tls.VersionTLS12:
		return "1.2"
	default:
		return strings.TrimPrefix(tls.VersionName(uint16(v)), "TLS ")
	}
}

// TLSError is a failed handshake.
type TLSError struct{ Err error }

// Error implements error.
func (e *TLSError) Error() string { return "TLS: " + strings.TrimPrefix(e.Err.Error(), "tls: ") }

// Unwrap gives the handshake's own error.
func (e *TLSError) Unwrap() error { return e.Err }

// Dial opens one connection. Addresses take turns; one that refuses, or does
// not answer for a while, is passed over from then on and the next is tried at
// once, for no request has been sent yet. The error is the last address's, a
// *TLSError where the handshake failed.
func (d *Dialer) Dial(ctx context.Context) (conn net.Conn, connect, handshake time.Duration, err error) {
	begin := time.Now()
	raw, err := d.connect(ctx)
	if err != nil {
		return nil, 0, 0, err
	}
	connected := time.Now()
	connect = connected.Sub(begin)
	if d.tls == nil {
		return raw, connect, 0, nil
	}
	if d.wrapUnderTLS != nil {
		raw = d.wrapUnderTLS(raw)
	}
	c := tls.Client(raw, d.tls)
	if err := c.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, connect, 0, &TLSError{err}
	}
	state := c.ConnectionState()
	if d.http2 && state.NegotiatedProtocol != "h2" {
		raw.Close()
		return nil, connect, 0, ErrNoHTTP2
	}
	d.version.Store(uint32(state.Version))
	return c, connect, time.Since(connected), nil
}
