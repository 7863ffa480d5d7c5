package endpoint

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// retryDead is how long an address that could not be connected to is passed
// over while others answer.
const retryDead = 5 * time.Second

// Options of connections.
type Options struct {
	Insecure bool     // do not verify the server's certificate
	CAFile   string   // PEM file with the authorities to trust instead of the system's
	Resolve  []string // HOST:ADDR words: connections to HOST go to ADDR
}

// Dialer opens connections to one target, spread over all of its addresses.
// It is safe for use by many goroutines.
type Dialer struct {
	target    Target
	overrides []override
	tls       *tls.Config // nil for http
	dialer    net.Dialer
	http2     bool
	next      atomic.Uint32
	version   atomic.Uint32 // TLS version of the last handshake

	mu        sync.RWMutex
	addresses []*address
	resolved  time.Time
}

type address struct {
	hostPort string
	dead     atomic.Int64 // unix ns until which it is passed over
}

// NewDialer prepares connections to t; the error is about the options.
func NewDialer(t Target, o Options) (*Dialer, error) {
	d := &Dialer{target: t}
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
	d.tls = &tls.Config{
		ServerName:         t.Name,
		InsecureSkipVerify: o.Insecure,
		NextProtos:         []string{"http/1.1"},
		ClientSessionCache: tls.NewLRUClientSessionCache(64),
	}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("--ca: %w", err)
		}
		d.tls.RootCAs = x509.NewCertPool()
		if !d.tls.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--ca %s: no certificate in it; give a PEM file", o.CAFile)
		}
	}
	return d, nil
}

// UseHTTP2 makes connections that speak HTTP/2: over TLS the endpoint must
// agree to it (ALPN), without TLS it must know beforehand. It is to be called
// before the first Dial.
func (d *Dialer) UseHTTP2() {
	d.http2 = true
	if d.tls != nil {
		// HTTP/1.1 is offered as well, for a server without HTTP/2 to say so
		// instead of breaking the handshake off.
		d.tls.NextProtos = []string{"h2", "http/1.1"}
	}
}

// Resolve looks the target's addresses up, again if it has been done before.
func (d *Dialer) Resolve(ctx context.Context) error {
	ips, err := d.lookup(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known := map[string]*address{}
	for _, a := range d.addresses {
		known[a.hostPort] = a
	}
	d.addresses = d.addresses[:0:0]
	for _, ip := range ips {
		hostPort := net.JoinHostPort(ip.Unmap().String(), d.target.Port)
		a := known[hostPort]
		if a == nil {
			a = &address{hostPort: hostPort}
			known[hostPort] = a
		}
		d.addresses = append(d.addresses, a)
	}
	d.resolved = time.Now()
	return nil
}

func (d *Dialer) lookup(ctx context.Context) ([]netip.Addr, error) {
	var ips []netip.Addr
	for _, o := range d.overrides {
		if strings.EqualFold(o.name, d.target.Name) {
			ips = append(ips, o.addr)
		}
	}
	if len(ips) > 0 {
		return ips, nil
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", d.target.Name)
}

// Addresses lists the target's addresses as host:port.
func (d *Dialer) Addresses() []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	list := make([]string, len(d.addresses))
	for i, a := range d.addresses {
		list[i] = a.hostPort
	}
	return list
}

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

func (e *TLSError) Error() string { return "TLS: " + strings.TrimPrefix(e.Err.Error(), "tls: ") }

// Unwrap gives the handshake's own error.
func (e *TLSError) Unwrap() error { return e.Err }

// Dial opens one connection. Addresses take turns; one that cannot be
// connected to is passed over for a while and the next is tried at once, for
// no request has been sent yet. The error is the last address's, a *TLSError
// where the handshake failed.
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

func (d *Dialer) connect(ctx context.Context) (net.Conn, error) {
	list := d.live(ctx)
	if len(list) == 0 {
		return nil, &net.DNSError{Err: "no addresses", Name: d.target.Name, IsNotFound: true}
	}
	first := int(d.next.Add(1)-1) % len(list)
	var failure error
	for i := range list {
		a := list[(first+i)%len(list)]
		c, err := d.dialOne(ctx, a, len(list)-i)
		if err == nil {
			a.dead.Store(0)
			return c, nil
		}
		failure = err
		if ctx.Err() != nil || local(err) {
			break
		}
		if len(list) > 1 {
			a.dead.Store(time.Now().Add(retryDead).UnixNano())
		}
	}
	return nil, failure
}

// dialOne gives an address its share of the time left, so that one that never
// answers does not use up the others' time.
func (d *Dialer) dialOne(ctx context.Context, a *address, left int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
		defer cancel()
	}
	return d.dialer.DialContext(ctx, "tcp", a.hostPort)
}

// live lists the addresses worth trying: those not found dead lately, or all
// of them when that leaves none. When every address is dead the name is looked
// up again.
func (d *Dialer) live(ctx context.Context) []*address {
	now := time.Now()
	d.mu.RLock()
	list, resolved := d.addresses, d.resolved
	d.mu.RUnlock()
	var alive []*address
	for _, a := range list {
		if a.dead.Load() <= now.UnixNano() {
			alive = append(alive, a)
		}
	}
	if len(alive) > 0 {
		return alive
	}
	if now.Sub(resolved) > retryDead {
		if d.Resolve(ctx) == nil {
			d.mu.RLock()
			defer d.mu.RUnlock()
			return d.addresses
		}
	}
	return list
}

// local reports whether an error is this host's own shortage, of which no
// other address can know better.
func local(err error) bool {
	return errors.Is(err, errNoPorts) || errors.Is(err, errNoFiles) || errors.Is(err, errNoFilesSystem)
}

// Dead lists the addresses to which the last attempt to connect failed, even if
// it is time to try them again.
func (d *Dialer) Dead() []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var list []string
	for _, a := range d.addresses {
		if a.dead.Load() != 0 {
			list = append(list, a.hostPort)
		}
	}
	return list
}
