package endpoint

import (
	"context"
	"net"
	"slices"
	"time"
)

// Resolve looks the target's addresses up, again if it has been done before.
// Those that it no longer finds get no more connections.
func (d *Dialer) Resolve(ctx context.Context) error {
	d.mu.Lock()
	d.resolvedAt = time.Now()
	d.mu.Unlock()
	found, err := d.lookup(ctx)
	if err != nil {
		return err
	}
	if m := d.take(found); len(m.Gone)+len(m.New) > 0 {
		d.tell(m)
	}
	return nil
}

// take makes what was found the target's addresses, and says what has changed: nothing
// at first.
func (d *Dialer) take(found []string) (m Move) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.addresses
	known := slices.Concat(d.addresses, d.removed)
	d.addresses = nil // readers may still hold it
	for _, hostPort := range found {
		if named(d.addresses, hostPort) != nil {
			continue
		}
		a := named(known, hostPort)
		if a == nil {
			a = &Address{hostPort: hostPort}
		}
		a.gone.Store(false)
		d.addresses = append(d.addresses, a)
		if len(before) > 0 && named(before, hostPort) == nil {
			m.New = append(m.New, hostPort)
		}
	}
	d.removed = nil
	for _, a := range known {
		if named(d.addresses, a.hostPort) == nil {
			a.gone.Store(true)
			d.removed = append(d.removed, a)
		}
	}
	for _, a := range before {
		if a.Gone() {
			m.Gone = append(m.Gone, a.hostPort)
		}
	}
	return m
}

func named(list []*Address, hostPort string) *Address {
	for _, a := range list {
		if a.hostPort == hostPort {
			return a
		}
	}
	return nil
}

// lookup finds what to dial, as host:port, or as a socket's path.
func (d *Dialer) lookup(ctx context.Context) (list []string, err error) {
	ips := d.way.override
	switch {
	case d.way.network == "unix":
		return []string{d.way.host}, socketThere(d.way.host)
	case len(ips) == 0:
		if ips, err = net.DefaultResolver.LookupNetIP(ctx, "ip", d.way.host); err != nil {
			return nil, d.unreached(err)
		}
	}
	for _, ip := range ips {
		list = append(list, net.JoinHostPort(ip.Unmap().String(), d.way.port))
	}
	return list, nil
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

// noPorts stands for more ways than ports could ever be short of.
const noPorts = 1 << 20

// Ways is how many pairs of addresses, here and there, connections can have: each has ports
// of its own.
func (d *Dialer) Ways() int {
	if d.way.network == "unix" {
		return noPorts
	}
	return len(d.Addresses()) * max(1, len(d.locals))
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
