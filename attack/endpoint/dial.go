package endpoint

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options of connections.
type Options struct {
	Insecure bool   // do not verify the server's certificate
	CAFile   string // PEM file with the authorities to trust instead of the system's

	CertFile string // PEM file of the client's certificate, and of those that vouch for it
	KeyFile  string // PEM file of its key; empty where that is in CertFile
	KeyPass  string // passphrase of the key, as env:NAME or @FILE

	TLSMin, TLSMax string // versions, such as 1.2; empty for the library's own
	ServerName     string // asked for by TLS, and looked for in the certificate; empty for the target's
	Resume         bool   // take up earlier TLS sessions

	HTTP2 bool // a probe says what that would find; loads are told by UseHTTP2

	Resolve []string // HOST:ADDR and HOST:PORT:ADDR words: connections to HOST go to ADDR
	// ConnectTo are HOST:PORT:HOST:PORT words: connections to the first go to the second.
	ConnectTo []string
	// LocalAddr are addresses of this machine that connections come from, in turn.
	LocalAddr []string
	// DNSTTL is how old addresses may become before a run looks them up again; 0 for as
	// old as it gets, unless one of them dies.
	DNSTTL time.Duration
	// Proxy is the URL of the one that all goes through, or proxy.None; empty for what
	// the environment says.
	Proxy string

	// What follows is of targets in a Databricks workspace.

	Profile     string            // of the Databricks configuration file
	NoAuth      bool              // attach no credentials, and ask no workspace
	OwnAuth     bool              // requests carry an Authorization of the user's own
	ServedModel string            // the only served entity to be asked
	WaitReady   time.Duration     // how long an endpoint that is not ready is waited for
	Waiting     func(text string) // called with what is waited for; may be nil
	// Handed asks another process for the credentials, whose workspace has the target; no
	// other credentials are looked for then. nil for none.
	Handed       func(ctx context.Context) (Handed, error)
	describeOnly bool // nothing will be sent to the endpoint
}

// Dialer opens connections to one target, spread over all of its addresses.
// It is safe for use by many goroutines.
type Dialer struct {
	target       Target
	way          way
	tls          *tls.Config // nil for http
	wrapUnderTLS func(net.Conn) net.Conn
	dialer       net.Dialer
	locals       []netip.Addr // that connections come from, in turn; none for the system's choice
	nextLocal    atomic.Uint32
	http2        bool
	next         atomic.Uint32
	version      atomic.Uint32 // TLS version of the last handshake
	asked        atomic.Bool   // the endpoint has asked for a client certificate
	shows        bool          // there is one to show

	mu         sync.RWMutex
	addresses  []*Address // as the last successful look-up has them
	removed    []*Address // that earlier ones had
	resolvedAt time.Time  // when the last look-up began
	resolving  bool       // one is under way in the background

	ttl      time.Duration // age at which addresses are looked up again; 0 for none
	unfollow func()        // ends that
	moveMu   sync.Mutex
	moved    func(Move) // called with each change; nil for nobody

	life   context.Context // of what goes on in the background
	end    context.CancelFunc
	closed bool
	group  sync.WaitGroup
}

// sessions is how many TLS sessions are kept to be taken up again.
const sessions = 64

// NewDialer prepares connections to t; the error is about the options. Who is
// done with it is to Close it.
func NewDialer(t Target, o Options) (*Dialer, error) {
	d := &Dialer{target: t, ttl: o.DNSTTL}
	d.life, d.end = context.WithCancel(context.Background())
	config, err := o.tls()
	if err != nil {
		return nil, err
	}
	own := config.Certificates
	config.Certificates = nil // a proxy is shown none
	if d.way, err = o.wayTo(t, config); err != nil {
		return nil, err
	}
	if err = d.from(o.LocalAddr); err != nil {
		return nil, err
	}
	// Keep-alive probes would be load that nobody planned.
	d.dialer.KeepAlive = -1
	if !t.TLS {
		return d, nil
	}
	d.tls = config
	d.tls.ServerName = cmp.Or(o.ServerName, unzoned(t.Name))
	d.tls.NextProtos = []string{"http/1.1"}
	d.tls.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		d.asked.Store(true)
		if len(own) > 0 {
			return &own[0], nil
		}
		return &tls.Certificate{}, nil
	}
	d.shows = len(own) > 0
	if o.Resume {
		d.tls.ClientSessionCache = tls.NewLRUClientSessionCache(sessions)
	}
	return d, nil
}

// UseHTTP2 makes connections for HTTP/2: over TLS by ALPN, where the endpoint must
// agree, without TLS by prior knowledge. It must be called before the first Dial.
func (d *Dialer) UseHTTP2() {
	d.UseTunnel()
	d.http2 = true
	if d.tls != nil {
		// HTTP/1.1 is offered as well, for a server without HTTP/2 to say so
		// instead of breaking the handshake off.
		d.tls.NextProtos = []string{"h2", "http/1.1"}
	}
}

// UseTunnel has a proxy, if there is one, asked for connections to the target also where
// it would read from each request where to pass it on. It must be called before the first
// Dial.
func (d *Dialer) UseTunnel() { d.way.absolute = false }

// PassedOn is what stands before the path in request lines of HTTP/1.1, and the value of
// their Proxy-Authorization header, where they go to a proxy that reads from them where to
// pass them on; empty elsewhere.
func (d *Dialer) PassedOn() (origin, authorization string) {
	if !d.way.absolute {
		return "", ""
	}
	return "http://" + d.target.Host, d.way.proxy.Authorization()
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

// Opened is a connection that Dial has opened.
type Opened struct {
	Conn      net.Conn
	At        *Address
	Connect   time.Duration // until it stood, the proxy's part included
	Handshake time.Duration // of TLS with the endpoint; 0 without
	Resumed   bool          // it took up an earlier session
}

// Dial opens one connection. Addresses take turns; one that refuses, or does
// not answer for a while, is passed over from then on and the next is tried at
// once, for no request has been sent yet. The error is the last address's, a
// *TLSError where the handshake failed.
func (d *Dialer) Dial(ctx context.Context) (o Opened, err error) {
	begin := time.Now()
	if o.Conn, o.At, err = d.connect(ctx); err != nil {
		return Opened{}, d.unreached(err)
	}
	layered := d.Layered()
	if d.wrapUnderTLS != nil && !layered && (d.tls != nil || d.way.secure()) {
		o.Conn = d.wrapUnderTLS(o.Conn)
	}
	if o.Conn, err = d.way.through(ctx, o.Conn); err != nil {
		return Opened{}, err
	}
	connected := time.Now()
	if o.Connect = connected.Sub(begin); d.tls == nil {
		return o, nil
	}
	raw := o.Conn
	c := tls.Client(raw, d.tls)
	if err := c.HandshakeContext(ctx); err != nil {
		raw.Close()
		return Opened{}, d.tlsError(err)
	}
	state := c.ConnectionState()
	if d.http2 && state.NegotiatedProtocol != "h2" {
		raw.Close()
		return Opened{}, ErrNoHTTP2
	}
	d.version.Store(uint32(state.Version))
	o.Conn, o.Handshake, o.Resumed = c, time.Since(connected), state.DidResume
	return o, nil
}

// unreached names the proxy that an error of connecting is about.
func (d *Dialer) unreached(err error) error {
	if d.way.proxy == nil || local(err) {
		return err
	}
	return d.way.proxy.Unreached(err)
}

// Layered reports whether connections are of TLS within TLS.
func (d *Dialer) Layered() bool { return d.way.layered(&d.target) }

// Proxy is the URL of the proxy that connections go through, without user and password,
// and the variable of the environment that names it, if any; empty without one.
func (d *Dialer) Proxy() (url, from string) {
	if d.way.proxy == nil {
		return "", ""
	}
	return d.way.proxy.String(), d.way.proxy.From
}
