package endpoint

import (
	"context"
	"errors"
	"net"
	"os"

	"brunt/attack/endpoint/proxy"
	"brunt/payloads/setting"
)

// Kinds of failed connections. Unreachable, NoPorts and NoFiles are, like the
// others, from before a request's first byte.
const (
	Refused        = "refused"
	DNS            = "dns"
	TLS            = "tls"
	TimeoutConnect = "timeout_connect"
	Unreachable    = "unreachable"
	NoPorts        = "no_ports"
	NoFiles        = "no_files"
	NoHTTP2        = "no_http2"

	// At a proxy.

	ProxyUnreachable = proxy.Unreachable
	ProxyAuth        = proxy.Auth
	ProxyRefused     = proxy.Refused
	ProxyUpstream    = proxy.Upstream
)

// ErrNoHTTP2 is an endpoint that was asked for HTTP/2 and speaks something else.
var ErrNoHTTP2 = setting.Errorf("the endpoint does not offer HTTP/2; leave out %v", setting.HTTP2)

// DialKind puts an error of Dial under its kind.
func DialKind(err error) string {
	var dns *net.DNSError
	var handshake *TLSError
	var away *proxy.UnreachedError
	var refused *proxy.RefusedError
	switch {
	case errors.As(err, &away):
		return proxy.Unreachable
	case errors.As(err, &refused):
		return refused.Kind
	case Timeout(err) && !errors.As(err, &dns):
		return TimeoutConnect
	case errors.Is(err, ErrNoHTTP2):
		return NoHTTP2
	case errors.As(err, &handshake), alertOf(err) != "":
		return TLS
	case errors.As(err, &dns):
		return DNS
	case errors.Is(err, errNoPorts):
		return NoPorts
	case errors.Is(err, errNoFiles), errors.Is(err, errNoFilesSystem):
		return NoFiles
	case errors.Is(err, errRefused), errors.Is(err, errReset), errors.Is(err, errAborted):
		return Refused
	default:
		return Unreachable
	}
}

// Timeout reports whether the error is a deadline that passed.
func Timeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// Reset reports whether the peer broke the connection off.
func Reset(err error) bool {
	return errors.Is(err, errReset) || errors.Is(err, errAborted) || errors.Is(err, errPipe)
}
