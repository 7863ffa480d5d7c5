package endpoint

import (
	"context"
	"time"
)

// Other is a host besides the target's own that requests go to.
type Other struct {
	Target Target
	Dialer *Dialer
	origin string // scheme, name and port, to compare
}

// Owns reports whether an origin, such as https://host:8443, is the target's own.
func (e *Endpoint) Owns(origin string) bool {
	t, err := Parse(origin)
	return err == nil && t.origin() == e.Target.origin()
}

// URLOf is the URL of a request with a path of its own, or to another host, or with
// neither, as it may be shown.
func (e *Endpoint) URLOf(origin, path string) string {
	if origin == "" && path == "" {
		return e.Target.URL
	}
	if origin == "" {
		scheme := "http://"
		if e.Target.TLS {
			scheme = "https://"
		}
		origin = scheme + e.Target.Host
	}
	if path == "" {
		path = e.Target.Path
	}
	return RedactTarget(origin + path)
}

// OpenOthers readies the hosts of origins that are not the target's own, within the
// timeout. Nothing is sent to them. No credentials of a workspace are for them.
func (e *Endpoint) OpenOthers(ctx context.Context, origins []string, o Options, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for _, origin := range origins {
		if _, known := e.HostOf(origin); known {
			continue
		}
		t, err := Parse(origin)
		if err != nil {
			return err
		}
		d, err := NewDialer(t, o)
		if err != nil {
			return err
		}
		e.others = append(e.others, Other{t, d, t.origin()})
		if err := d.Resolve(ctx); err != nil {
			return &UnreachableError{err}
		}
	}
	return nil
}

// Others are the hosts that OpenOthers has readied.
func (e *Endpoint) Others() []Other { return e.others }

// HostOf is the number of an origin's host: 0 for the target's own, else that in Others,
// from 1; false for one that has not been readied.
func (e *Endpoint) HostOf(origin string) (number int, known bool) {
	t, err := Parse(origin)
	if err != nil {
		return 0, false
	}
	if t.origin() == e.Target.origin() {
		return 0, true
	}
	for i := range e.others {
		if e.others[i].origin == t.origin() {
			return i + 1, true
		}
	}
	return 0, false
}
