package endpoint

import (
	"errors"
	"net"
	"strings"

	"brunt/payloads/setting"
)

// TLSError is a failed handshake, or one that the other side refuses just after it, as
// servers of TLS 1.3 do.
type TLSError struct {
	Err error

	wants    bool // the endpoint wants a client certificate, or another one
	shown    bool // it was shown one
	noHTTP11 bool // it speaks none of the protocols offered, of which HTTP/1.1 was the only one
}

// Error implements error.
func (e *TLSError) Error() string {
	text := strings.TrimPrefix(e.Err.Error(), "tls: ")
	if alert := alertOf(e.Err); alert != "" {
		text = strings.TrimPrefix(alert, "tls: ")
	}
	switch {
	case e.wants && e.shown:
		return "the endpoint does not take the client certificate it was shown: TLS: " + text
	case e.wants:
		return "the endpoint wants a client certificate: TLS: " + text
	case e.noHTTP11:
		return "the endpoint speaks no HTTP/1.1: TLS: " + text
	}
	return "TLS: " + text
}

// Unwrap gives the handshake's own error.
func (e *TLSError) Unwrap() error { return e.Err }

// tlsError is a handshake's error, with what is known of the endpoint.
func (d *Dialer) tlsError(err error) *TLSError {
	e := &TLSError{Err: err, shown: d.shows}
	alert := alertOf(err)
	e.wants = wantsCertificate(alert, d.asked.Load())
	e.noHTTP11 = alert == noProtocol && !d.http2
	return e
}

// Refusal is the *TLSError of an error that a connection met which was open already; nil
// where that is of another kind. Servers of TLS 1.3 look at a client's certificate only
// once the handshake is over for the client.
func (d *Dialer) Refusal(err error) error {
	if d.tls == nil || alertOf(err) == "" {
		return nil
	}
	return d.tlsError(err)
}

// AsksForCertificate reports whether the endpoint has asked for a client certificate, and
// there was none to show: it may want one.
func (d *Dialer) AsksForCertificate() bool { return d.asked.Load() && !d.shows }

// CertificateAdvice is what to do about an endpoint that says in a reply that it wants a
// client certificate, or another one.
func (d *Dialer) CertificateAdvice() setting.Text {
	if d.shows {
		return setting.Textf("the server wants a client certificate that it knows: %v", adviseOther)
	}
	return setting.Textf("the server wants a client certificate: %v", adviseCert)
}

// alertOf is what the other side said before it broke TLS off; empty where an error is no
// such thing.
func alertOf(err error) string {
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "remote error" {
		return op.Err.Error()
	}
	return ""
}

var (
	adviseCert     = setting.Textf("give one with %v FILE.pem, and %v KEY.pem where its key is in another file", setting.ClientCert, setting.ClientKey)
	adviseOther    = setting.Textf("see whether %v is the one it wants, signed by an authority that it knows, and still valid", setting.ClientCert)
	adviseHTTP2    = setting.Textf("it may speak nothing but HTTP/2: give %v", setting.HTTP2)
	adviseVersions = setting.Textf("see the versions of TLS that it speaks, and %v and %v", setting.TLSMin, setting.TLSMax)
	adviseNewer    = setting.Textf("the endpoint speaks older versions of TLS only: give %v 1.0 to speak them", setting.TLSMin)
)

// remedy is what to do about what the error tells of the endpoint; empty where it tells
// nothing.
func (e *TLSError) remedy() setting.Text {
	text := e.Err.Error()
	switch {
	case e.wants && e.shown:
		return adviseOther
	case e.wants:
		return adviseCert
	case e.noHTTP11:
		return adviseHTTP2
	case strings.Contains(text, "server selected unsupported protocol version"):
		return adviseNewer
	case strings.Contains(text, "protocol version not supported"):
		return adviseVersions
	}
	return setting.Text{}
}
