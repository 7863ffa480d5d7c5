package live

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// listen takes the port, before any load is sent.
func listen(address Address) (net.Listener, error) {
	l, err := net.Listen("tcp", string(address))
	if err != nil {
		return nil, listenError(address, err)
	}
	return l, nil
}

// listenError says in one line what to do about it.
func listenError(address Address, err error) error {
	_, service, _ := net.SplitHostPort(string(address))
	port, _ := strconv.Atoi(cmp.Or(service, "0"))
	switch {
	case errors.Is(err, fs.ErrPermission) && port > 0 && port < 1024:
		remedy := ""
		if path, pathErr := os.Executable(); pathErr == nil && runtime.GOOS == "linux" {
			remedy = ", or allow it once: sudo setcap cap_net_bind_service=+ep " + path
		}
		return fmt.Errorf("--serve=%s: this user may not listen on port %d; use --serve=:8080%s", address, port, remedy)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf(
			"--serve=%s: something else listens there; use another port, as in --serve=:8081, or --serve=:0 for a free one",
			address,
		)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf(
			"--serve=%s: this machine does not have that address; use --serve=:8080 for all that it has",
			address,
		)
	}
	var cause *net.OpError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("--serve=%s: %w; write it as :8080 or 127.0.0.1:8080", address, err)
}

// pageURL is the address to type, with the token once.
func pageURL(listening net.Addr, asked Address, secure bool, token string) string {
	u := url.URL{Scheme: "http", Path: "/"}
	usual := 80
	if secure {
		u.Scheme, usual = "https", 443
	}
	u.Host = hostFor(listening, asked, usual)
	if token != "" {
		u.RawQuery = url.Values{"token": {token}}.Encode()
	}
	return u.String()
}

// addresses are all at which the page may be reached, without its token, and what else
// there is to know of that. Of a listener on all addresses these are the machine's own,
// of which nobody here can tell which ones others reach.
func addresses(listening net.Addr, asked Address, secure bool) (list []string, note string) {
	at, ok := listening.(*net.TCPAddr)
	if !ok || !at.IP.IsUnspecified() {
		return []string{pageURL(listening, asked, secure, "")}, ""
	}
	for _, host := range append(ownAddresses(), "127.0.0.1") {
		one := *at
		if one.IP = net.ParseIP(host); one.IP != nil {
			list = append(list, pageURL(&one, Address(net.JoinHostPort(host, strconv.Itoa(at.Port))), secure, ""))
		}
	}
	return list, fmt.Sprintf(
		"these are this machine's own addresses; through a published port of a container, a cloud machine's public address or "+
			"a tunnel the page is at that host, with the port that leads to %d", at.Port,
	)
}

// ownAddresses are those of the machine's interfaces, IPv4 first, without loopback and
// those of one link only.
func ownAddresses() (list []string) {
	found, _ := net.InterfaceAddrs()
	var six []string
	for _, a := range found {
		n, ok := a.(*net.IPNet)
		switch {
		case !ok || n.IP.IsLoopback() || n.IP.IsLinkLocalUnicast():
		case n.IP.To4() != nil:
			list = append(list, n.IP.String())
		default:
			six = append(six, n.IP.String())
		}
	}
	return append(list, six...)
}

// hostFor leaves the port out where it is the usual one.
func hostFor(listening net.Addr, asked Address, usual int) string {
	at, ok := listening.(*net.TCPAddr)
	if !ok {
		return listening.String()
	}
	host, _, _ := net.SplitHostPort(string(asked))
	switch {
	case at.IP.IsUnspecified():
		host = ownName()
	case host == "":
		host = at.IP.String()
	}
	return strings.TrimSuffix(net.JoinHostPort(host, strconv.Itoa(at.Port)), ":"+strconv.Itoa(usual))
}

// ownName is a name or address by which other machines may know this one.
func ownName() string {
	if list := ownAddresses(); len(list) > 0 {
		return list[0]
	}
	return "localhost"
}

func isLoopback(a net.Addr) bool {
	at, ok := a.(*net.TCPAddr)
	return ok && at.IP.IsLoopback()
}
