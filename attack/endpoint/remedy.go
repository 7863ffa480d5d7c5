package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"
)

// What to do about connections that cannot be opened, for probes and loads alike.
const (
	adviseListen  = "nothing listens there: check host and port, and whether the endpoint is still up"
	adviseSilence = "a firewall may be in the way, or the endpoint takes no more connections; brunt connects by itself, not through a proxy"
	adviseShake   = "the host took the connection and did not answer in TLS: see whether the port speaks it, and whether the host is overloaded"
	adviseRoute   = "see whether this machine has a route to the host"
	adviseFiles   = "raise ulimit -n, or have fewer connections"
	advisePorts   = "have fewer connections, or keep them alive; or widen this machine's range of ports"
	advisePlain   = "give an http:// URL, or the port that does"
	adviseTLS     = "see what TLS the host, or a proxy before it, wants"
	adviseRenew   = "have it renewed; to go on without looking at it, give --insecure"
	adviseClock   = "see whether this machine's clock is right"
	adviseName    = "use such a name, with --resolve NAME:ADDR if need be"
	adviseCA      = "give the authority's certificate with --ca FILE.pem; to go on without looking at it, --insecure"
)

// Remedy is what to do about a connection that could not be opened, by the error
// of Dial or of Resolve, one sentence; empty where that is not known.
func Remedy(err error) string {
	var dns *net.DNSError
	var handshake *TLSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "check the name, or say its address with --resolve " + dns.Name + ":ADDR"
	case errors.As(err, &dns):
		return "see whether this machine's name server answers, or give --resolve " + dns.Name + ":ADDR"
	case errors.As(err, &handshake) && Timeout(err):
		return adviseShake
	case Timeout(err):
		return adviseSilence
	case errors.As(err, &handshake):
		return remedyTLS(handshake.Err)
	case errors.Is(err, errNoFiles), errors.Is(err, errNoFilesSystem):
		return adviseFiles
	case errors.Is(err, errNoPorts):
		return advisePorts
	case errors.Is(err, errRefused):
		return adviseListen
	case errors.Is(err, errNoRoute), errors.Is(err, errNoNetwork):
		return adviseRoute
	}
	return ""
}

// remedyTLS is what to do about a failed handshake.
func remedyTLS(err error) string {
	var plain tls.RecordHeaderError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var refused *tls.CertificateVerificationError
	switch {
	case errors.As(err, &plain):
		return advisePlain
	case errors.As(err, &name):
		return adviseName
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if invalid.Cert != nil && time.Now().Before(invalid.Cert.NotBefore) {
			return adviseClock
		}
		return adviseRenew
	case errors.As(err, &refused):
		return adviseCA
	}
	return adviseTLS
}
