package endpoint

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"brunt/payloads/setting"
)

// from has connections come from addresses of this machine, in turn.
func (d *Dialer) from(words []string) error {
	for _, word := range words {
		ip, err := netip.ParseAddr(strings.Trim(word, "[]"))
		if err != nil {
			return setting.Wrong(setting.LocalAddr, clip(word), "not an IP address; give one of this machine's")
		}
		// What cannot be bound to would look like a lack of ports later.
		l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
		if err != nil {
			return setting.Wrong(setting.LocalAddr, clip(word), "no address of this machine; see ip address, or ipconfig")
		}
		l.Close()
		d.locals = append(d.locals, ip)
	}
	if len(d.locals) > 0 {
		d.dialer.Control = bindLate
	}
	return nil
}

// localFor is the address that a connection to host:port comes from; none where that is
// left to the system.
func (d *Dialer) localFor(hostPort string) (*net.TCPAddr, error) {
	to, err := netip.ParseAddrPort(hostPort)
	if err != nil {
		return nil, err
	}
	first := int(d.nextLocal.Add(1) - 1)
	for i := range d.locals {
		ip := d.locals[(first+i)%len(d.locals)]
		if ip.Unmap().Is4() == to.Addr().Unmap().Is4() {
			return net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)), nil
		}
	}
	return nil, setting.Errorf("%s is not of the kind (IPv4 or IPv6) of the address given by %v", to.Addr(), setting.LocalAddr)
}

// socketBusy is the pause before a Unix socket is tried again whose queue was full:
// TCP repeats what was not taken by itself.
const socketBusy = 5 * time.Millisecond

// dialTo opens a connection to one address.
func (d *Dialer) dialTo(ctx context.Context, address string) (net.Conn, error) {
	if d.way.network == "unix" {
		return d.dialSocket(ctx, address)
	}
	if len(d.locals) == 0 {
		return d.dialer.DialContext(ctx, "tcp", address)
	}
	local, err := d.localFor(address)
	if err != nil {
		return nil, err
	}
	own := d.dialer
	own.LocalAddr = local
	return own.DialContext(ctx, "tcp", address)
}

func (d *Dialer) dialSocket(ctx context.Context, path string) (net.Conn, error) {
	for {
		c, err := d.dialer.DialContext(ctx, "unix", path)
		if !errors.Is(err, syscall.EAGAIN) {
			return c, err
		}
		select {
		case <-time.After(socketBusy):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// socketThere says what is wrong with the path of a socket, before anything is sent.
func socketThere(path string) error {
	if strings.HasPrefix(path, "@") { // of Linux's own names, which are in no directory
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return setting.Errorf("no socket %s: see whether the server is up, and where it listens", clip(path))
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return setting.Errorf("%s is no socket: give the path that the server listens at", clip(path))
	}
	return nil
}
