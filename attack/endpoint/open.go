package endpoint

import (
	"context"
	"net/http"
	"strings"
	"time"

	"brunt/attack/endpoint/databricks"
	"brunt/attack/endpoint/secret"
	"brunt/attack/mock"
	"brunt/payloads/setting"
)

// Endpoint is a target that requests can be sent to.
type Endpoint struct {
	Target Target
	Dialer *Dialer
	// Embedded is the mock server within this process, nil for a real target.
	Embedded *mock.Server

	// Name is the serving endpoint's in its workspace; empty for a target that
	// is in none.
	Name string
	// Details are the workspace's description of it; nil where none was asked for, or
	// given.
	Details *Details
	// Model is that of Unity AI Gateway which the target names; empty for other
	// targets. The gateway chooses by the body, so that bodies must name it, too.
	Model string
	// Notes are lines that a reader of the report should know.
	Notes []string

	others      []Other
	workspace   *databricks.Workspace // nil for a target that is in none
	transport   *http.Transport       // to it
	credentials *credentials          // nil where requests carry none but the user's own
	handed      bool                  // they are those of another process, and so is the workspace
	secrets     secret.Set            // everything that no text may show
}

// UnreachableError is a target that cannot be reached for no fault of its
// words: a name without addresses, a port that the embedded one cannot have.
type UnreachableError struct{ Err error }

// Error implements error.
func (e *UnreachableError) Error() string { return e.Err.Error() }

// Unwrap gives the system's own error.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Embedded reports whether a TARGET word asks for the embedded endpoint.
func Embedded(word string) bool { return strings.HasPrefix(trim(word), "mock:") }

// Check says what is wrong with a TARGET word, without opening anything.
func Check(word string) (err error) {
	word = trim(word)
	switch {
	case Embedded(word):
		_, err = mock.Parse(word)
	case !Configured(word):
		_, err = Parse(word)
	}
	return err
}

// trim takes blanks and line ends off a TARGET word, which come with pasted ones.
func trim(word string) string { return strings.TrimSpace(word) }

// Open readies the endpoint that a TARGET word names: mock:// is started, a
// serving endpoint found in its workspace, a host name looked up, within the
// timeout, unless ctx ends before. Nothing is sent to the endpoint. An error
// that is no *UnreachableError is about the words, or the configuration.
func Open(ctx context.Context, word string, o Options, timeout time.Duration) (*Endpoint, error) {
	e, word := &Endpoint{}, trim(word)
	e.secrets.URL(word)
	e.secrets.URL(o.Proxy)
	e.secrets.Environment()
	if Embedded(word) {
		config, err := mock.Parse(word)
		if err != nil {
			return nil, err
		}
		if e.Embedded, err = mock.Start(config, "127.0.0.1:0"); err != nil {
			return nil, &UnreachableError{err}
		}
		if err := e.connectTo(ctx, e.Embedded.URL(), o, timeout); err != nil {
			e.Close()
			return nil, err
		}
		return e, nil
	}
	if o.Handed != nil {
		if err := e.openHanded(ctx, word, o, timeout); err != nil {
			e.Close()
			return nil, err
		}
		return e, nil
	}
	p, plain, found, err := locate(word, o)
	if err == nil && found {
		found, err = e.openInWorkspace(ctx, p, o, timeout)
	}
	if err == nil && !found {
		err = e.openURL(ctx, p, plain, o, timeout)
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// openURL opens what is in no workspace that credentials are configured for.
func (e *Endpoint) openURL(ctx context.Context, p location, url string, o Options, timeout time.Duration) error {
	if p.page && !o.NoAuth && !o.OwnAuth {
		return setting.Errorf(
			"target %s is a page of a workspace, and there are no credentials for it: %v",
			clip(redactURL(p.word)),
			databricks.Remedy(p.host),
		)
	}
	return e.connectTo(ctx, url, o, timeout)
}

func (e *Endpoint) connectTo(ctx context.Context, url string, o Options, timeout time.Duration) (err error) {
	if e.Target, err = Parse(url); err != nil {
		return err
	}
	e.secrets.URL(url)
	if e.Dialer, err = NewDialer(e.Target, o); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := e.Dialer.Resolve(ctx); err != nil {
		return &UnreachableError{err}
	}
	return nil
}

// Databricks reports whether the target is known to be a serving endpoint of
// Databricks before it has answered: it was found in a workspace, its host is one
// of their cloud, or it is the embedded look-alike.
func (e *Endpoint) Databricks() bool {
	return e.workspace != nil || e.handed || e.Embedded != nil || databricks.Cloud(e.Target.Name)
}

// Close ends the embedded endpoint, and what goes on behind the connections and
// the credentials.
func (e *Endpoint) Close() {
	if e.credentials != nil {
		e.credentials.close()
	}
	if e.transport != nil {
		e.transport.CloseIdleConnections()
	}
	if e.Dialer != nil {
		e.Dialer.Close()
	}
	for _, other := range e.others {
		other.Dialer.Close()
	}
	if e.Embedded != nil {
		e.Embedded.Close()
	}
}
