package endpoint

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"brunt/payloads/setting"
)

const (
	// maxConnectTimeout is how long one address may take to answer a probe.
	maxConnectTimeout = 5 * time.Second
	// expiryWarning is how near a certificate's end is worth a word.
	expiryWarning = 14 * 24 * time.Hour
)

// network looks at a host: its addresses, whether they answer, and TLS. The
// error is about the options.
func (p *ProbeReport) network(t Target, prefix string) error {
	d, err := NewDialer(t, p.options)
	if err != nil {
		return err
	}
	if p.options.HTTP2 {
		d.UseHTTP2()
	}
	defer d.Close()
	if d.way.proxy != nil {
		prefix += "proxy "
	}
	if !p.resolve(d, prefix) {
		return nil
	}
	conn := p.connect(d, prefix)
	if conn == nil {
		return nil
	}
	defer func() { conn.Close() }()
	if d.way.proxy != nil {
		prefix = strings.TrimSuffix(prefix, "proxy ")
		through := p.through(d, conn, prefix)
		if through == nil {
			return nil
		}
		conn = through
	}
	if t.TLS {
		p.handshake(d, conn, prefix)
	}
	return nil
}

// through has the proxy connect to the target, and tells which one it is. It returns nil
// where it does not.
func (p *ProbeReport) through(d *Dialer, conn net.Conn, prefix string) net.Conn {
	ctx, cancel := context.WithTimeout(p.ctx, p.timeout)
	defer cancel()
	began := time.Now()
	through, err := d.way.through(ctx, conn)
	if err != nil {
		p.fails(prefix+"proxy", err, Remedy(err))
		return nil
	}
	text := "through " + d.way.proxy.String()
	if from := d.way.proxy.From; from != "" {
		text += ", which " + from + " names"
	}
	if took := time.Since(began); d.way.tunnels() {
		p.well(prefix+"proxy", text+"; it has connected to "+d.way.to, took)
	} else {
		p.well(prefix+"proxy", text+", which each request is sent to", 0)
	}
	return through
}

func (p *ProbeReport) resolve(d *Dialer, prefix string) bool {
	ctx, cancel := context.WithTimeout(p.ctx, p.timeout)
	defer cancel()
	began := time.Now()
	err := d.Resolve(ctx)
	took := time.Since(began)
	var dns *net.DNSError
	switch {
	case err == nil:
	case errors.As(err, &dns) && dns.IsNotFound:
		p.bad(prefix+"addresses", fmt.Sprintf("no host is called %s", d.way.host), Remedy(err))
		return false
	case d.way.network == "unix":
		p.fails("socket", err, setting.Text{})
		return false
	default:
		p.fails(prefix+"addresses", err, Remedy(err))
		return false
	}
	if d.way.network == "unix" {
		return true // there is none
	}
	if !d.way.named() {
		took = 0 // there was nothing to look up
	}
	p.well(prefix+"addresses", listSome(d.Addresses(), 3), took)
	return true
}

func listSome(list []string, limit int) string {
	if len(list) <= limit {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:limit], ", "), len(list)-limit)
}

// connect tries every address, and returns a connection to the first that
// answered.
func (p *ProbeReport) connect(d *Dialer, prefix string) (first net.Conn) {
	addresses := d.Addresses()
	p.Addresses = d.Ways()
	var silent []string
	var failure error
	var took time.Duration
	for _, a := range addresses {
		ctx, cancel := context.WithTimeout(p.ctx, min(p.timeout, maxConnectTimeout))
		began := time.Now()
		c, err := d.dialTo(ctx, a)
		cancel()
		switch {
		case err != nil:
			silent, failure = append(silent, a), err
		case first == nil:
			first, took = c, time.Since(began)
		default:
			c.Close()
		}
	}
	f := Finding{Check: prefix + d.way.kind(), State: Well, Text: "connected", Took: took}
	switch {
	case first == nil:
		f.State = Bad
		f.Text, f.Remedy = unreached(failure, len(addresses))
	case len(silent) > 0:
		f.State, f.Text = Doubtful, fmt.Sprintf(
			"%d of %d addresses do not answer: %s",
			len(silent),
			len(addresses),
			listSome(silent, 3),
		)
		f.Remedy = setting.Plain("load would go to the others only")
	case len(addresses) > 1:
		f.Text = fmt.Sprintf("all %d addresses answer", len(addresses))
	}
	p.add(f)
	return first
}

// unreached explains a failed connection.
func unreached(err error, addresses int) (text string, remedy setting.Text) {
	text = err.Error()
	switch DialKind(err) {
	case Refused:
		text = "connection refused"
	case TimeoutConnect:
		text = "no answer"
		if addresses > 1 {
			text = fmt.Sprintf("none of %d addresses answers", addresses)
		}
	case NoFiles, NoPorts:
	default:
		if op := (*net.OpError)(nil); errors.As(err, &op) {
			text = op.Err.Error()
		}
	}
	return text, Remedy(err)
}

// handshake makes the TLS connection, and verifies the certificate itself, to say
// more of it than an error does.
func (p *ProbeReport) handshake(d *Dialer, conn net.Conn, prefix string) {
	ctx, cancel := context.WithTimeout(p.ctx, p.timeout)
	defer cancel()
	config := d.tls.Clone()
	config.InsecureSkipVerify, config.ClientSessionCache = true, nil
	c := tls.Client(conn, config)
	began := time.Now()
	if err := c.HandshakeContext(ctx); err != nil {
		var plain tls.RecordHeaderError
		if errors.As(err, &plain) {
			p.bad(prefix+"tls", "the port does not speak TLS", advisePlain)
			return
		}
		failure := d.tlsError(err)
		if failure.noHTTP11 && p.speaksHTTP2(d) {
			p.bad(prefix+"tls", "the endpoint speaks nothing but HTTP/2", setting.Textf("give %v", setting.HTTP2))
			return
		}
		p.fails(prefix+"tls", failure, Remedy(failure))
		return
	}
	took := time.Since(began)
	state := c.ConnectionState()
	leaf := state.PeerCertificates[0]
	f := Finding{Check: prefix + "tls", Took: took}
	f.State, f.Text, f.Remedy = judgeCertificate(leaf, state.PeerCertificates[1:], d, time.Now())
	if f.State == Bad && p.options.Insecure {
		f.State, f.Remedy = Doubtful, setting.Textf("not looked at by load, for %v was given", setting.Insecure)
	}
	f.Text = tls.VersionName(state.Version) + ", " + f.Text
	p.options.trusted(&f)
	p.add(f)
	if d.asked.Load() {
		p.clientCertificate(d, c, prefix)
	}
}

// speaksHTTP2 reports whether the target that d is of speaks HTTP/2.
func (p *ProbeReport) speaksHTTP2(d *Dialer) bool {
	o := p.options
	o.Insecure = true // it is of the certificate that is asked later
	other, err := NewDialer(d.target, o)
	if err != nil {
		return false
	}
	defer other.Close()
	other.UseHTTP2()
	ctx, cancel := context.WithTimeout(p.ctx, p.timeout)
	defer cancel()
	if other.Resolve(ctx) != nil {
		return false
	}
	opened, err := other.Dial(ctx)
	if err != nil {
		return false
	}
	opened.Conn.Close()
	return true
}

// refusalTime is how long a server may take to refuse a client certificate, or that there
// was none: those of TLS 1.3 do so when the handshake is over.
const refusalTime = time.Second

// clientCertificate tells what the endpoint, which has asked for a client certificate,
// makes of it.
func (p *ProbeReport) clientCertificate(d *Dialer, c *tls.Conn, prefix string) {
	_ = c.SetReadDeadline(time.Now().Add(min(p.timeout, refusalTime))) // which TCP always takes
	_, err := c.Read(make([]byte, 1))
	check := prefix + "client certificate"
	switch refusal := d.Refusal(err); {
	case refusal != nil:
		p.fails(check, refusal, Remedy(refusal))
	case d.shows:
		p.well(check, "asked for, and shown", 0)
	default:
		p.add(Finding{Check: check, State: Doubtful, Text: "the endpoint asks for one, and was shown none",
			Remedy: setting.Textf("it may do without; else give one with %v FILE.pem", setting.ClientCert)})
	}
}

// judgeCertificate says what is wrong with a certificate, or how long it lasts.
func judgeCertificate(
	leaf *x509.Certificate,
	more []*x509.Certificate,
	d *Dialer,
	now time.Time,
) (State, string, setting.Text) {
	pool := x509.NewCertPool()
	for _, c := range more {
		pool.AddCert(c)
	}
	_, err := leaf.Verify(
		x509.VerifyOptions{Roots: d.tls.RootCAs, Intermediates: pool, DNSName: d.tls.ServerName, CurrentTime: now},
	)
	until := leaf.NotAfter.UTC().Format("2006-01-02")
	switch {
	case now.After(leaf.NotAfter):
		return Bad, fmt.Sprintf("the certificate expired on %s", until), adviseRenew
	case now.Before(leaf.NotBefore):
		return Bad, fmt.Sprintf(
			"the certificate is not valid before %s",
			leaf.NotBefore.UTC().Format("2006-01-02 15:04"),
		), adviseClock
	case leaf.VerifyHostname(d.tls.ServerName) != nil:
		return Bad, fmt.Sprintf(
			"the certificate is for %s, not for %s",
			certificateNames(leaf),
			d.tls.ServerName,
		), adviseName
	case err != nil:
		text := "the certificate cannot be verified: " + strings.TrimPrefix(err.Error(), "x509: ")
		if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
			text = fmt.Sprintf("the certificate is signed by an unknown authority (%s)", clip(leaf.Issuer.String()))
		}
		return Bad, text, adviseAuthority()
	case leaf.NotAfter.Sub(now) < expiryWarning:
		return Doubtful, fmt.Sprintf(
				"the certificate expires in %s, on %s",
				Span(leaf.NotAfter.Sub(now)),
				until,
			), setting.Plain(
				"have it renewed in time",
			)
	}
	return Well, fmt.Sprintf("certificate good for %s, until %s", Span(leaf.NotAfter.Sub(now)), until), setting.Text{}
}

func certificateNames(leaf *x509.Certificate) string {
	names := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "nobody"
	}
	return clip(listSome(names, 3))
}
