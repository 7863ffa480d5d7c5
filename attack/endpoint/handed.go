package endpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"brunt/attack/endpoint/databricks"
	"brunt/payloads"
)

// Handed are credentials that another process has, and hands out.
type Handed struct {
	Headers []payloads.Header // Authorization first
	Left    time.Duration     // how long they are good for: below 0 where they have expired, 0 where it is not known
	// Trouble is why they could not be renewed when that was last tried, without secrets;
	// empty where they could.
	Trouble string
}

var (
	errNothingToHand = errors.New("there is nothing to hand out: the target is in no workspace that credentials are configured for, " +
		"or an Authorization header of your own is sent; leave the flag out, and workers have their own")
	errLongLived = errors.New("a personal access token or password is good until it is revoked, and only tokens that expire are handed out: " +
		"set DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET of a service principal, or leave the flag out, and workers have their own")
)

// CanHandOut says why the endpoint has no credentials that other processes may be handed;
// nil where it has.
func (e *Endpoint) CanHandOut() error {
	switch {
	case e.credentials == nil:
		return errNothingToHand
	case e.credentials.current.Static: // and stays so
		return errLongLived
	}
	return nil
}

// HandOut are the credentials that requests must carry now. The error is CanHandOut's.
func (e *Endpoint) HandOut() (h Handed, err error) {
	if err := e.CanHandOut(); err != nil {
		return Handed{}, err
	}
	c := e.credentials
	c.mu.Lock()
	defer c.mu.Unlock()
	h.Headers = c.current.Headers
	if !c.current.Expires.IsZero() {
		h.Left = cmp.Or(time.Until(c.current.Expires), -1)
	}
	if n := len(c.failures); n > 0 && c.failures[n-1].Recovered.IsZero() {
		h.Trouble = c.failures[n-1].Reason
	}
	return h, nil
}

// Where is the URL that requests go to, with all that it holds: unlike Target.URL it is
// not to be shown.
func (e *Endpoint) Where() string {
	scheme := "http://"
	if e.Target.TLS {
		scheme = "https://"
	}
	return scheme + e.Target.Host + e.Target.Path
}

// openHanded opens a URL that is in a workspace of another process, which hands out the
// credentials for it.
func (e *Endpoint) openHanded(ctx context.Context, url string, o Options, timeout time.Duration) error {
	silenceLibraryLogs()
	source := e.handedBy(o.Handed)
	first, err := withTimeout(ctx, min(timeout, maxWorkspaceTimeout), source)
	if err != nil {
		return &UnreachableError{fmt.Errorf("no credentials were handed out: %w", err)}
	}
	e.handed, e.credentials = true, newCredentials(first, source)
	return e.connectTo(ctx, url, o, timeout)
}

// handedBy is a source of the credentials that another process hands out. It is not to be
// asked twice at a time.
func (e *Endpoint) handedBy(ask func(context.Context) (Handed, error)) func(context.Context) (*databricks.Token, error) {
	had := ""
	return func(ctx context.Context) (*databricks.Token, error) {
		asked := time.Now()
		h, err := ask(ctx)
		switch {
		case err != nil:
			return nil, err
		case len(h.Headers) == 0:
			return nil, errors.New("the coordinator has none")
		}
		t := &databricks.Token{Headers: h.Headers, Kind: "handed"}
		if h.Left != 0 {
			t.Expires = asked.Add(h.Left)
		}
		now := t.Authorization()
		_, word, _ := strings.Cut(now, " ")
		e.secrets.Pass(cmp.Or(word, now))
		for _, more := range h.Headers[1:] {
			e.secrets.Pass(more.Value)
		}
		switch old := now == had; {
		case h.Trouble != "" && (old || h.Left < 0):
			return nil, fmt.Errorf("the coordinator could not renew them: %s", h.Trouble)
		case h.Left < 0:
			return nil, errors.New("those of the coordinator have expired")
		}
		had = now
		return t, nil
	}
}
