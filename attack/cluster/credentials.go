package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/nats-io/nats.go"
)

// Ask asks the coordinator for what it hands out.
type Ask func(ctx context.Context) ([]byte, error)

// credentialsAsked is a worker's question for what requests are to carry.
type credentialsAsked struct{ ID string }

// credentialsGiven is the answer.
type credentialsGiven struct {
	Refused string
	Sealed  sealed
}

// sealed is a text that the worker it is for can read, and nobody else, whatever the server
// lets others hear.
type sealed struct {
	Text []byte
	By   string // the public half of the key that it was sealed with
}

// seal seals a text for the worker with the id.
func (c *Coordinator) seal(text []byte, id string) (s sealed, err error) {
	if s.By, err = c.key.PublicKey(); err == nil {
		s.Text, err = c.key.Seal(text, id)
	}
	return s, err
}

// unseal reads what was sealed for this worker.
func (w *worker) unseal(s sealed) ([]byte, error) { return w.key.Open(s.Text, s.By) }

// ErrPlain is a connection to NATS that others on the network can read.
var ErrPlain = errors.New("the connection to NATS is not encrypted, and not within this machine: others on the network could read the tokens")

// HandOut has the coordinator give workers, whenever they ask, what the function returns: a
// secret that is good for a while. It is stored nowhere, and each answer is sealed for the
// worker that asked. nil ends that. The error is ErrPlain where the connection to NATS is
// no place for secrets.
func (c *Coordinator) HandOut(secret func() ([]byte, error)) error {
	if secret != nil && !private(c.nats) {
		return ErrPlain
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secret = secret
	return nil
}

// grant answers a worker that asks for the secret.
func (c *Coordinator) grant(q credentialsAsked) (g credentialsGiven) {
	c.mu.Lock()
	secret, known := c.secret, c.memberOf(q.ID) != nil
	c.mu.Unlock()
	switch {
	case !known:
		return credentialsGiven{Refused: "it is none of its workers"}
	case secret == nil:
		return credentialsGiven{Refused: "it hands out none"}
	case !private(c.nats):
		return credentialsGiven{Refused: ErrPlain.Error()}
	}
	text, err := secret()
	if err == nil {
		g.Sealed, err = c.seal(text, q.ID)
	}
	if err != nil {
		return credentialsGiven{Refused: err.Error()}
	}
	return g
}

// credentials asks the coordinator for the secret, for as long as the context lasts.
func (s *session) credentials(ctx context.Context) ([]byte, error) {
	if !private(s.nats) && s.nats.IsConnected() {
		return nil, ErrPlain
	}
	var g credentialsGiven
	if err := ask(ctx, s.nats, subjectCredentials(s.name), credentialsAsked{s.id}, &g); err != nil {
		return nil, errors.New("the coordinator does not answer")
	}
	if g.Refused != "" {
		return nil, fmt.Errorf("the coordinator: %s", g.Refused)
	}
	return s.unseal(g.Sealed)
}

// private reports whether nobody else on the network can read a connection: it is
// encrypted, or within this machine.
func private(c *nats.Conn) bool {
	if _, err := c.TLSConnectionState(); err == nil || c.Opts.InProcessServer != nil {
		return true
	}
	host, _, err := net.SplitHostPort(c.ConnectedAddr())
	return err == nil && net.ParseIP(host).IsLoopback()
}
