package endpoint

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Resolve looks the target's addresses up, again if it has been done before.
// Those that it no longer finds get no more connections.
func (d *Dialer) Resolve(ctx context.Context) error {
	d.mu.Lock()
	d.resolvedAt = time.Now()
	d.mu.Unlock()
	ips, err := d.lookup(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known := slices.Concat(d.addresses, d.removed)
	d.addresses = nil // readers may still hold it
	for _, ip := range ips {
		hostPort := net.JoinHostPort(ip.Unmap().String(), d.target.Port)
		if named(d.addresses, hostPort) != nil {
			continue
		}
		a := named(known, hostPort)
		if a == nil {
			a = &address{hostPort: hostPort}
		}
		d.addresses = append(d.addresses, a)
	}
	d.removed = nil
	for _, a := range known {
		if named(d.addresses, a.hostPort) == nil {
			d.removed = append(d.removed, a)
		}
	}
	return nil
}

func named(list []*address, hostPort string) *address {
	for _, a := range list {
		if a.hostPort == hostPort {
			return a
		}
	}
	return nil
}

func (d *Dialer) lookup(ctx context.Context) ([]netip.Addr, error) {
	var ips []netip.Addr
	for _, o := range d.overrides {
		if strings.EqualFold(o.name, d.target.Name) {
			ips = append(ips, o.addr)
		}
	}
	if len(ips) > 0 {
		return ips, nil
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", d.target.Name)
}

// resolveAgain has the name looked up in the background, unless that was begun
// less than age ago. Without an answer the addresses stay what they are.
func (d *Dialer) resolveAgain(age time.Duration) {
	d.mu.Lock()
	due := !d.resolving && time.Since(d.resolvedAt) > age
	if due {
		d.resolving = true
	}
	d.mu.Unlock()
	if !due {
		return
	}
	d.background(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, deadRetryInterval)
		defer cancel()
		_ = d.Resolve(ctx)
		d.mu.Lock()
		d.resolving = false
		d.mu.Unlock()
	})
}

// Addresses lists, as host:port, the addresses that connections were opened to
// or could not be; before the first, all that the target has.
func (d *Dialer) Addresses() []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var tried, list []string
	for _, a := range slices.Concat(d.addresses, d.removed) {
		list = append(list, a.hostPort)
		if a.used.Load() || a.dead.Load() != 0 {
			tried = append(tried, a.hostPort)
		}
	}
	if len(tried) > 0 {
		return tried
	}
	return list
}

// Dead lists the addresses to which the last attempt to connect failed, even if
// it is time to try them again, or the name has others now. An address that was
// always alone is none of them.
func (d *Dialer) Dead() []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var list []string
	all := slices.Concat(d.addresses, d.removed)
	for _, a := range all {
		if len(all) > 1 && a.dead.Load() != 0 {
			list = append(list, a.hostPort)
		}
	}
	return list
}
