package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// denials are what a NATS server has not let a connection do. It says so by the way, and
// answers nothing to what it has not let through.
type denials struct {
	mu    sync.Mutex
	first error         // nil for none
	came  chan struct{} // closed at the first
	left  string        // the session that was left last, of which nothing counts; empty for none
	past  error         // the connection's last error then
}

func newDenials() *denials { return &denials{came: make(chan struct{})} }

// note takes an error that the connection tells of by the way.
func (d *denials) note(err error) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.first == nil && err != d.past && !isOf(err, d.left) {
		d.first = deniedError(err)
		close(d.came)
	}
}

// isOf reports whether an error names a subject or a store of a session.
func isOf(err error, session string) bool {
	text := err.Error()
	return session != "" && (strings.Contains(text, prefix+"."+session+".") || strings.Contains(text, prefix+"-"+session+"-"))
}

// leave forgets what was denied in a session: another server may have come up at the same
// address since, which lets workers take part in its own session alone.
func (d *denials) leave(session string, c *nats.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.past = session, c.LastError()
	if d.first != nil {
		d.first, d.came = nil, make(chan struct{})
	}
}

// enter has what is denied in a session count, also in one that was left before.
func (d *denials) enter(session string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == session {
		d.left = ""
	}
}

// deniedError is what the server says of a permission, in words of ours.
func deniedError(err error) error {
	text := err.Error()
	verb := "publish to"
	if strings.Contains(text, "for Subscription") {
		verb = "subscribe to"
	}
	_, subject, _ := strings.Cut(text, `"`)
	subject, _, _ = strings.Cut(subject, `"`)
	return fmt.Errorf("the NATS server does not let this user %s %s; brunt help machines says what it needs", verb, subject)
}

// found is the first thing that the server has not let the connection do; nil for none.
// What it has said before its answer to a flush counts.
func (d *denials) found(c *nats.Conn) error {
	if err := c.LastError(); err != nil {
		d.note(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.first
}

// or is an error, or what the server has not let the connection do, where that is known:
// then nothing came of what was asked for.
func (d *denials) or(c *nats.Conn, err error) error {
	if err == nil {
		return nil
	}
	if first := d.found(c); first != nil {
		return first
	}
	return err
}

// within is a context that ends at the first denial, too.
func (d *denials) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	d.mu.Lock()
	came := d.came
	d.mu.Unlock()
	go func() {
		select {
		case <-came:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// jetStreamError says what is to be done where a server has no JetStream for brunt.
func jetStreamError(err error) error {
	var api *jetstream.APIError
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return errors.New("JetStream is not enabled for this account: enable it there, or use one that has it")
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, nats.ErrNoResponders):
		return errors.New("this server is without JetStream, which keeps what workers report: enable it there")
	case errors.As(err, &api):
		return errors.New("JetStream: " + api.Description)
	}
	return err
}
