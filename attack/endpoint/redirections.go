package endpoint

import (
	"net/netip"
	"strconv"
	"strings"

	"brunt/payloads/setting"
)

// redirection has connections to a host and port go to others; empty ones stand for
// any, and for the same.
type redirection struct{ host, port, toHost, toPort string }

// override gives a host's addresses, for one port or, where that is empty, for all.
type override struct {
	host, port string // host may be *
	addrs      []netip.Addr
}

// redirections reads what the options say of where to connect.
func (o *Options) redirections() (moved []redirection, resolved []override, err error) {
	for _, word := range o.ConnectTo {
		one, err := parseRedirection(word)
		if err != nil {
			return nil, nil, err
		}
		moved = append(moved, one)
	}
	for _, word := range o.Resolve {
		one, err := parseOverride(word)
		if err != nil {
			return nil, nil, err
		}
		resolved = append(resolved, one)
	}
	return moved, resolved, nil
}

// redirect says where connections to host and port go: the first that fits counts.
func redirect(list []redirection, host, port string) (toHost, toPort string, redirected bool) {
	for _, r := range list {
		if (r.host == "" || strings.EqualFold(r.host, host)) && (r.port == "" || r.port == port) {
			if r.toHost != "" {
				host = r.toHost
			}
			if r.toPort != "" {
				port = r.toPort
			}
			return host, port, true
		}
	}
	return host, port, false
}

// addressesOf are those given for a host and port; none where it is to be looked up.
func addressesOf(list []override, host, port string) (addrs []netip.Addr) {
	for _, o := range list {
		if (o.host == "*" || strings.EqualFold(o.host, host)) && (o.port == "" || o.port == port) {
			addrs = append(addrs, o.addrs...)
		}
	}
	return addrs
}

// parseRedirection reads HOST:PORT:HOST:PORT, of which any part may be empty.
func parseRedirection(word string) (r redirection, err error) {
	bad := func(why string) (redirection, error) {
		return r, setting.Wrong(setting.ConnectTo, strconv.Quote(clip(word)), "%s; write it as HOST:PORT:TO-HOST:TO-PORT, such as "+
			"api.test:443:127.0.0.1:8443, with an IPv6 address in brackets; an empty part is any, or the same", why)
	}
	var parts []string
	for rest, more := word, true; more; {
		var part string
		if strings.HasPrefix(rest, "[") {
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return bad("a bracket is not closed")
			}
			if part, rest = rest[1:end], rest[end+1:]; rest != "" && rest[0] != ':' {
				return bad("no colon follows a bracket")
			}
			_, rest, more = strings.Cut(rest, ":")
		} else {
			part, rest, more = strings.Cut(rest, ":")
		}
		parts = append(parts, part)
	}
	if len(parts) != 4 {
		return bad("it has not four parts")
	}
	r = redirection{parts[0], parts[1], parts[2], parts[3]}
	if r.port != "" && !isPort(r.port) || r.toPort != "" && !isPort(r.toPort) {
		return bad("a port is not from 1 to 65535")
	}
	return r, nil
}

func isPort(word string) bool {
	n, err := strconv.ParseUint(word, 10, 16)
	return err == nil && n > 0
}

// parseOverride reads HOST:ADDR, or HOST:PORT:ADDR[,ADDR…] as curl has it
// ("api.test:127.0.0.1", "api.test:443:[::1]"); HOST may be *.
func parseOverride(word string) (o override, err error) {
	bad := func(why string) (override, error) {
		return o, setting.Wrong(setting.Resolve, strconv.Quote(clip(word)), "%s", why)
	}
	const form = "write it as HOST:ADDR or HOST:PORT:ADDR with an IP address, such as api.test:443:127.0.0.1 or api.test:[::1]"
	host, rest := "", ""
	ok := true
	if text := strings.TrimPrefix(word, "+"); strings.HasPrefix(text, "[") {
		if host, rest, ok = strings.Cut(text[1:], "]"); ok {
			rest, ok = strings.CutPrefix(rest, ":")
		}
	} else {
		host, rest, ok = strings.Cut(text, ":")
	}
	if !ok || host == "" {
		return bad(form)
	}
	o.host = host
	addrs, plain := parseAddrs(rest)
	port, after, _ := strings.Cut(rest, ":")
	ofPort, curls := parseAddrs(after)
	switch curls = curls && isPort(port); {
	case plain && curls: // 443:2001:db8::1 is an address, too
		return bad("it can be read in two ways; write an IPv6 address in brackets, such as api.test:443:[2001:db8::1]")
	case plain:
		o.addrs = addrs
	case curls:
		o.port, o.addrs = port, ofPort
	default:
		return bad(form)
	}
	return o, nil
}

// parseAddrs reads addresses with commas between them.
func parseAddrs(text string) (list []netip.Addr, ok bool) {
	for part := range strings.SplitSeq(text, ",") {
		if inner, found := strings.CutPrefix(part, "["); found {
			if part, found = strings.CutSuffix(inner, "]"); !found {
				return nil, false
			}
		}
		ip, err := netip.ParseAddr(part)
		if err != nil {
			return nil, false
		}
		list = append(list, ip)
	}
	return list, true
}
