package endpoint

import (
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// asciiName is a host's name as it is looked up and sent: an international one in
// punycode (RFC 5891), others as they are.
func asciiName(name string) (string, error) {
	if strings.IndexFunc(name, func(c rune) bool { return c >= 0x80 }) < 0 {
		return name, nil
	}
	return idna.Lookup.ToASCII(name)
}

// useASCIIHost writes the URL's host as it is sent, port included.
func useASCIIHost(u *url.URL) error {
	name := u.Hostname()
	ascii, err := asciiName(name)
	if err == nil && ascii != name {
		u.Host = ascii + strings.TrimPrefix(u.Host, name)
	}
	return err
}

// unzoned is a host, with or without brackets and port, without the zone of an IPv6
// address: that is this machine's own name for one of its networks, and never sent
// (RFC 6874).
func unzoned(host string) string {
	zone := strings.IndexByte(host, '%')
	if zone < 0 {
		return host
	}
	end := strings.IndexByte(host[zone:], ']')
	if end < 0 {
		return host[:zone]
	}
	return host[:zone] + host[zone+end:]
}

// escapeZone writes the % before an IPv6 address's zone, typed as it is, as a URL has
// it: %25.
func escapeZone(authority string) string {
	if !strings.Contains(authority, "[") {
		return authority
	}
	before, zone, ok := strings.Cut(authority, "%")
	if !ok || strings.HasPrefix(zone, "25") && len(zone) > 2 && zone[2] != ']' {
		return authority
	}
	return before + "%25" + zone
}
