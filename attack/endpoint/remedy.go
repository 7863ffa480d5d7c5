package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"

	"brunt/payloads/setting"
)

// What to do about connections that cannot be opened, for probes and loads alike.
var (
	adviseListen  = setting.Plain("nothing listens there: check host and port, and whether the endpoint is still up")
	adviseSilence = setting.Plain(
		"a firewall may be in the way, or the endpoint takes no more connections; where only a proxy gets there, name it",
	)
	adviseShake = setting.Plain(
		"the host took the connection and did not answer in TLS: see whether the port speaks it, and whether the host is overloaded",
	)
	adviseRoute = setting.Plain("see whether this machine has a route to the host")
	adviseFiles = setting.Plain("raise ulimit -n, or have fewer connections")
	advisePorts = setting.Plain("have fewer connections, or keep them alive; or widen this machine's range of ports")
	advisePlain = setting.Plain("give an http:// URL, or the port that does")
	adviseTLS   = setting.Plain("see what TLS the host, or a proxy before it, wants")
	adviseRenew = setting.Textf("have it renewed; to go on without looking at it, give %v", setting.Insecure)
	adviseClock = setting.Plain("see whether this machine's clock is right")
	adviseName  = setting.Textf("use such a name, with %v NAME:ADDR if need be", setting.Resolve)
	adviseCA    = setting.Textf(
		"give the authority's certificate with %v FILE.pem; to go on without looking at it, %v",
		setting.CA,
		setting.Insecure,
	)
)

// Remedy is what to do about a connection that could not be opened, by the error
// of Dial or of Resolve, one sentence; empty where that is not known.
func Remedy(err error) setting.Text {
	var dns *net.DNSError
	var handshake *TLSError
	var atProxy interface{ Remedy() setting.Text }
	switch {
	case errors.As(err, &atProxy):
		return atProxy.Remedy()
	case errors.As(err, &dns) && dns.IsNotFound:
		return setting.Textf("check the name, or say its address with %v %s:ADDR", setting.Resolve, dns.Name)
	case errors.As(err, &dns):
		return setting.Textf(
			"see whether this machine's name server answers, or give %v %s:ADDR",
			setting.Resolve,
			dns.Name,
		)
	case errors.As(err, &handshake) && Timeout(err):
		return adviseShake
	case Timeout(err):
		return adviseSilence
	case errors.As(err, &handshake):
		if remedy := handshake.remedy(); !remedy.Empty() {
			return remedy
		}
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
	return setting.Text{}
}

// remedyTLS is what to do about a failed handshake.
func remedyTLS(err error) setting.Text {
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
		return adviseAuthority()
	}
	return adviseTLS
}
