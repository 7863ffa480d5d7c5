package endpoint

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"

	"brunt/attack/endpoint/proxy"
	"brunt/payloads/setting"
)

// way is how connections get from this machine to a target.
type way struct {
	network    string // "tcp" or "unix"
	host, port string // that are dialled first: the target's or the proxy's; of unix, host is the socket's path
	proxy      *proxy.Proxy
	// to is the host:port that the proxy is asked for, and absolute that it is not: it
	// reads where each request goes from its request line.
	to       string
	absolute bool
	override []netip.Addr // addresses of host, which is not looked up then
}

// wayTo finds the way to a target; config is how TLS is spoken to a proxy.
func (o *Options) wayTo(t Target, config *tls.Config) (w way, err error) {
	if t.Socket != "" {
		return o.wayToSocket(t)
	}
	moved, resolved, err := o.redirections()
	if err != nil {
		return w, err
	}
	host, port, redirected := redirect(moved, t.Name, t.Port)
	fixed := addressesOf(resolved, host, port)
	w = way{network: "tcp", host: host, port: port, override: fixed}
	scheme, goal := "http", net.JoinHostPort(t.Name, t.Port)
	if t.TLS {
		scheme = "https"
	}
	if o.Proxy == "" && (proxy.Local(host) || len(fixed) > 0 && fixed[0].IsLoopback()) {
		return w, nil // no proxy could get there
	}
	if w.proxy, err = proxy.Choose(o.Proxy, scheme, goal, config); err != nil || w.proxy == nil {
		return w, err
	}
	w.to = net.JoinHostPort(host, port)
	if len(fixed) > 0 {
		w.to = net.JoinHostPort(fixed[0].String(), port)
	}
	// Proxies let plain requests through where they let tunnels through to port 443
	// only. One that is to go elsewhere than its URL says needs a tunnel, for a proxy
	// goes by the URL.
	w.absolute = !t.TLS && !w.proxy.SOCKS() && !redirected && len(fixed) == 0
	w.host, w.port = w.proxy.Host, w.proxy.Port
	w.override = addressesOf(resolved, w.host, w.port)
	return w, nil
}

func (o *Options) wayToSocket(t Target) (way, error) {
	switch {
	case o.Proxy != "" && o.Proxy != proxy.None:
		return way{}, setting.Wrong(setting.Proxy, "", "no proxy gets to a Unix socket of this machine; leave it out")
	case len(o.ConnectTo) > 0:
		return way{}, setting.Wrong(setting.ConnectTo, "", "the target says already that connections go to %s; leave it out", t.Socket)
	case len(o.LocalAddr) > 0:
		return way{}, setting.Wrong(setting.LocalAddr, "", "connections to a Unix socket come from no address; leave it out")
	}
	return way{network: "unix", host: t.Socket}, nil
}

// tunnels reports whether the proxy is asked for a connection to the target.
func (w *way) tunnels() bool { return w.proxy != nil && !w.absolute }

// secure reports whether the proxy itself is spoken to over TLS.
func (w *way) secure() bool { return w.proxy != nil && w.proxy.TLS() }

// layered reports whether there is TLS within TLS on the way to t.
func (w *way) layered(t *Target) bool { return w.secure() && t.TLS }

// kind is what is connected by: "tcp" or "socket".
func (w *way) kind() string {
	if w.network == "unix" {
		return "socket"
	}
	return w.network
}

// named is whether there is a name to look up, which may move.
func (w *way) named() bool {
	_, err := netip.ParseAddr(w.host)
	return w.network == "tcp" && len(w.override) == 0 && err != nil
}

// through makes of a connection to the proxy one to the target. It is closed with an
// error.
func (w *way) through(ctx context.Context, conn net.Conn) (net.Conn, error) {
	if w.proxy == nil {
		return conn, nil
	}
	conn, err := w.proxy.Secure(ctx, conn)
	if err == nil && w.tunnels() {
		err = w.proxy.Tunnel(ctx, conn, w.to)
	}
	if err != nil {
		return nil, err
	}
	return conn, nil
}
