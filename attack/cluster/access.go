package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// Access is how a NATS server is reached.
type Access struct {
	// URL is nats://host:4222, tls://…, or several with commas between; a user before
	// the host is a token.
	URL string
	// Creds is a file of credentials of the server's own (JWT and key), NKey one of a
	// key alone; empty for none.
	Creds, NKey string
	// Token is what the server asks for; empty where the URL has it, or none is needed.
	Token string
	// CA is a file of certificates that the server's is trusted by; empty for the
	// system's.
	CA string

	user, password string         // the coordinator's, of the embedded server
	within         *server.Server // the embedded server, where no network is needed to reach it
	id             string         // the worker's; empty for a coordinator
}

// Own is the access of the coordinator that has started the server. Where that has a
// certificate, it need not be one that is good for this machine as it calls itself.
func (s *Server) Own() Access {
	a := Access{URL: s.url("127.0.0.1"), user: "coordinator", password: s.password}
	if s.secure {
		a.URL, a.within = strings.Replace(a.URL, "tls://", "nats://", 1), s.nats
	}
	return a
}

// ForWorkers is the access of workers on this machine.
func (s *Server) ForWorkers() Access { return Access{URL: s.url("127.0.0.1"), Token: s.token} }

func (s *Server) url(host string) string {
	scheme := "nats"
	if s.secure {
		scheme = "tls"
	}
	addr := s.nats.Addr().String()
	return fmt.Sprintf("%s://%s:%s", scheme, host, addr[strings.LastIndexByte(addr, ':')+1:])
}

// reconnectEvery is how often a lost connection is tried again.
const reconnectEvery = 250 * time.Millisecond

// What connections are called. A worker's name goes on with its id, by which the embedded
// server knows what it may hear.
const (
	coordinatorName = "brunt coordinator"
	workerName      = "brunt worker "
)

// inboxOf is where a worker has its answers come.
func inboxOf(id string) string { return nats.InboxPrefix + id }

// idIn is the id in the name of a worker's connection; false where there is none.
func idIn(name string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(name, workerName)
	id, _, _ = strings.Cut(rest, " ")
	return id, ok && nkeys.IsValidPublicCurveKey(id)
}

// connect connects, and stays so: a connection that is lost is made again for as long as
// it takes. The first attempt fails where no server is there.
func (a *Access) connect(name string) (*nats.Conn, jetstream.JetStream, error) {
	options := []nats.Option{
		nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectEvery), nats.ReconnectJitter(reconnectEvery, reconnectEvery),
		nats.Timeout(5 * time.Second), nats.PingInterval(2 * time.Second), nats.MaxPingsOutstanding(2),
		nats.RetryOnFailedConnect(false), nats.ReconnectBufSize(-1), nats.IgnoreAuthErrorAbort(),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}
	if name == coordinatorName {
		// Workers may read what comes to the usual inboxes.
		options = append(options, nats.CustomInboxPrefix(prefix+".coordinator"))
	}
	if a.id != "" {
		options = append(options, nats.Name(workerName+a.id+" "+name), nats.CustomInboxPrefix(inboxOf(a.id)))
	}
	if a.Creds != "" {
		options = append(options, nats.UserCredentials(a.Creds))
	}
	if a.NKey != "" {
		key, err := nats.NkeyOptionFromSeed(a.NKey)
		if err != nil {
			return nil, nil, err
		}
		options = append(options, key)
	}
	if a.CA != "" {
		options = append(options, nats.RootCAs(a.CA))
	}
	if a.within != nil {
		options = append(options, nats.InProcessServer(a.within))
	}
	switch {
	case a.user != "":
		options = append(options, nats.UserInfo(a.user, a.password))
	case a.Token != "":
		options = append(options, nats.Token(a.Token))
	}
	c, err := nats.Connect(a.URL, options...)
	if err != nil {
		return nil, nil, a.explained(err)
	}
	js, err := jetstream.New(c)
	if err != nil {
		c.Close()
		return nil, nil, err
	}
	return c, js, nil
}

var errNoServer = errors.New("no NATS server answers there")

// await is connect for a server that may not listen yet: it is tried for so long.
func (a *Access) await(ctx context.Context, name string, wait time.Duration, tell func(string)) (*nats.Conn, jetstream.JetStream, error) {
	until, told := time.Now().Add(wait), false
	for {
		c, js, err := a.connect(name)
		if !errors.Is(err, errNoServer) || time.Now().Add(reconnectEvery).After(until) {
			return c, js, err
		}
		if !told {
			told = true
			tell(fmt.Sprintf("%v yet; it is tried for %s", err, wait))
		}
		select {
		case <-time.After(reconnectEvery):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// explained is why no connection could be made, without the URL's token.
func (a *Access) explained(err error) error {
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), strings.Contains(err.Error(), "uthorization"):
		return fmt.Errorf("%s: the token or the credentials are not those of this server", a.Shown())
	case errors.Is(err, nats.ErrNoServers), errors.Is(err, nats.ErrTimeout):
		return fmt.Errorf("%s: %w", a.Shown(), errNoServer)
	}
	return fmt.Errorf("%s: %w", a.Shown(), err)
}

// Shown is the URL without users, passwords and tokens.
func (a *Access) Shown() string {
	var list []string
	for word := range strings.SplitSeq(a.URL, ",") {
		scheme, rest, ok := strings.Cut(strings.TrimSpace(word), "://")
		if !ok {
			scheme, rest = "nats", scheme
		}
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			rest = rest[at+1:]
		}
		list = append(list, scheme+"://"+rest)
	}
	return strings.Join(list, ",")
}
