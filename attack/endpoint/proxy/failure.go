package proxy

import (
	"errors"
	"fmt"
	"net"

	"brunt/payloads/setting"
)

// Kinds of failures at a proxy. All are from before a request's first byte.
const (
	Unreachable = "proxy_unreachable" // no connection to the proxy
	Auth        = "proxy_auth"        // it wants a user and a password, or others
	Refused     = "proxy_refused"     // it does not connect to the target
	Upstream    = "proxy_upstream"    // it could not
)

// UnreachedError is a proxy that no connection could be made to.
type UnreachedError struct {
	Proxy string // its URL, without user and password
	Err   error

	proxy *Proxy
}

// Error implements error.
func (e *UnreachedError) Error() string {
	err := e.Err
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		err = op.Err // the address is said
	}
	return fmt.Sprintf("no connection to the proxy %s: %v", e.Proxy, err)
}

// AtProxy is the error's text: that it happened at a proxy is in it.
func (e *UnreachedError) AtProxy() string { return e.Error() }

// Unwrap gives the system's own error.
func (e *UnreachedError) Unwrap() error { return e.Err }

// Remedy is what to do about it.
func (e *UnreachedError) Remedy() setting.Text {
	if e.proxy.From != "" {
		return setting.Textf("see whether the proxy that %s names is up, or go without it by %v none", e.proxy.From, setting.Proxy)
	}
	return setting.Textf("see whether the proxy is up, and the address in %v right", setting.Proxy)
}

// Unreached is an error of the way to the proxy.
func (p *Proxy) Unreached(err error) error { return &UnreachedError{p.String(), err, p} }

// RefusedError is a proxy's no to a connection.
type RefusedError struct {
	Proxy  string // its URL, without user and password
	Kind   string // Auth, Refused or Upstream
	Status int    // of its answer; 0 where that was none of HTTP
	Text   string // what it said

	proxy *Proxy
}

func (p *Proxy) refused(kind string, status int, text string) error {
	return &RefusedError{p.String(), kind, status, text, p}
}

// Error implements error.
func (e *RefusedError) Error() string {
	switch {
	case e.Kind == Auth && e.proxy.url.User == nil:
		return fmt.Sprintf("the proxy %s wants a user and a password: %s", e.Proxy, e.Text)
	case e.Kind == Auth:
		return fmt.Sprintf("the proxy %s refuses the user and the password given: %s", e.Proxy, e.Text)
	case e.Kind == Refused:
		return fmt.Sprintf("the proxy %s refuses to connect to the endpoint: %s", e.Proxy, e.Text)
	}
	return fmt.Sprintf("the proxy %s could not connect to the endpoint: %s", e.Proxy, e.Text)
}

// AtProxy is the error's text: that it happened at a proxy is in it.
func (e *RefusedError) AtProxy() string { return e.Error() }

// Remedy is what to do about it.
func (e *RefusedError) Remedy() setting.Text {
	switch e.Kind {
	case Auth:
		if e.proxy.From != "" {
			return setting.Textf("put them into %s, as %s://USER:PASSWORD@HOST:PORT, or go without it by %v none", e.proxy.From, e.proxy.url.Scheme, setting.Proxy)
		}
		return setting.Textf("give them by %v %s://USER:PASSWORD@HOST:PORT, or have that in HTTPS_PROXY, off the command line", setting.Proxy, e.proxy.url.Scheme)
	case Refused:
		return setting.Textf("have the proxy let this host and port through, or go without it by %v none", setting.Proxy)
	}
	return setting.Textf("see whether the endpoint can be reached from the proxy, or go without it by %v none", setting.Proxy)
}
