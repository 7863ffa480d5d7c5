package endpoint

import (
	"context"
	"strings"
	"time"

	"brunt/attack/mock"
)

// Endpoint is a target that requests can be sent to.
type Endpoint struct {
	Target Target
	Dialer *Dialer
	// Embedded is the look-alike within this process, nil for a real target.
	Embedded *mock.Server
}

// UnreachableError is a target that cannot be reached for no fault of its
// words: a name without addresses, a port that the embedded one cannot have.
type UnreachableError struct{ Err error }

func (e *UnreachableError) Error() string { return e.Err.Error() }

// Unwrap gives the system's own error.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Open readies the endpoint that a TARGET word names: mock:// is started, a
// host name looked up, within the timeout. Nothing is sent. An error that is
// no *UnreachableError is about the words.
func Open(word string, o Options, timeout time.Duration) (*Endpoint, error) {
	e := &Endpoint{}
	if strings.HasPrefix(word, "mock:") {
		config, err := mock.Parse(word)
		if err != nil {
			return nil, err
		}
		if e.Embedded, err = mock.Start(config, "127.0.0.1:0"); err != nil {
			return nil, &UnreachableError{err}
		}
		word = e.Embedded.URL()
	}
	if err := e.connectTo(word, o, timeout); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *Endpoint) connectTo(url string, o Options, timeout time.Duration) (err error) {
	if e.Target, err = Parse(url); err != nil {
		return err
	}
	if e.Dialer, err = NewDialer(e.Target, o); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := e.Dialer.Resolve(ctx); err != nil {
		return &UnreachableError{err}
	}
	return nil
}

// Close ends the embedded endpoint.
func (e *Endpoint) Close() {
	if e.Embedded != nil {
		e.Embedded.Close()
	}
}
