package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
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
	// CA is a file of certificates that the server's is trusted by besides the system's;
	// empty for none.
	CA string
	// Cert and Key are files of the certificate that the server asks of its clients, and
	// of its key; empty for none.
	Cert, Key string

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
func (a *Access) connect(name string, denied *denials) (*nats.Conn, jetstream.JetStream, error) {
	options := []nats.Option{
		nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectEvery), nats.ReconnectJitter(reconnectEvery, reconnectEvery),
		nats.Timeout(5 * time.Second), nats.PingInterval(2 * time.Second), nats.MaxPingsOutstanding(2),
		nats.RetryOnFailedConnect(false), nats.ReconnectBufSize(-1), nats.IgnoreAuthErrorAbort(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied.note(err) }),
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
		options = append(options, nats.RootCAs(a.CA), a.besidesSystem)
	}
	if a.Cert != "" {
		options = append(options, nats.ClientCert(a.Cert, a.Key))
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
func (a *Access) await(ctx context.Context, name string, denied *denials, wait time.Duration, tell func(string)) (*nats.Conn, jetstream.JetStream, error) {
	until, told := time.Now().Add(wait), false
	for {
		c, js, err := a.connect(name, denied)
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

// besidesSystem has the server's certificate be trusted by the system's authorities, too,
// and not only by those of the file. It is read again for each connection.
func (a *Access) besidesSystem(o *nats.Options) error {
	o.RootCAsCB = func() (*x509.CertPool, error) {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool() // a system without any
		}
		text, err := os.ReadFile(a.CA)
		if err == nil && !pool.AppendCertsFromPEM(text) {
			err = fmt.Errorf("%s holds no certificates", a.CA)
		}
		return pool, err
	}
	return nil
}

// explained is why no connection could be made, without the URL's token.
func (a *Access) explained(err error) error {
	why := err
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), strings.Contains(err.Error(), "uthorization"):
		why = a.refused()
	case errors.As(err, &untrusted):
		why = fmt.Errorf("its certificate is not trusted: %w; --nats-ca names the certificates of its authority", untrusted.Err)
	case a.Cert == "" && (strings.Contains(err.Error(), "certificate required") || strings.Contains(err.Error(), "closed by remote after TLS handshake")):
		why = errors.New("it asks for a certificate of its clients: --nats-cert and --nats-key")
	case errors.Is(err, nats.ErrSecureConnWanted):
		why = errors.New("it does not speak TLS: write nats:// instead of tls://, without --nats-ca and --nats-cert")
	case errors.Is(err, nats.ErrNoServers), errors.Is(err, nats.ErrTimeout):
		why = errNoServer
	}
	return fmt.Errorf("%s: %w", a.Shown(), why)
}

// refused is why the server does not take the credentials, as far as they say it.
func (a *Access) refused() error {
	if at, ok := expiryOf(a.Creds); ok && time.Now().After(at) {
		return fmt.Errorf("the credentials in %s have expired, at %s: get new ones", a.Creds, at.UTC().Format(time.RFC3339))
	}
	return errors.New("the token or the credentials are not those of this server")
}

// expiryOf is when a file's NATS credentials expire; false where they do not say it.
func expiryOf(path string) (at time.Time, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return at, false
	}
	token, err := nkeys.ParseDecoratedJWT(text)
	if err != nil {
		return at, false
	}
	claims, err := jwt.DecodeUserClaims(token)
	if err != nil || claims.Expires == 0 {
		return at, false
	}
	return time.Unix(claims.Expires, 0), true
}

// IsCreds reports whether a file's text is NATS credentials: a user's JWT and key.
func IsCreds(text []byte) bool {
	token, err := nkeys.ParseDecoratedJWT(text)
	if err != nil || !IsSeed(text) {
		return false
	}
	_, err = jwt.DecodeUserClaims(token)
	return err == nil
}

// IsSeed reports whether a file's text is, or holds, the seed of a user's NKey.
func IsSeed(text []byte) bool {
	key, err := nkeys.ParseDecoratedUserNKey(text)
	if err == nil {
		key.Wipe()
	}
	return err == nil
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
