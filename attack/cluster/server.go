package cluster

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	// maxMessage is the most bytes of a message to the embedded server.
	maxMessage = 8 << 20
	// readyWithin is how long the embedded server may take to come up; it takes 10 ms.
	readyWithin = 30 * time.Second
	// loginWithin is how long a connection may take to say who it is: long, since a
	// thousand workers may come at once.
	loginWithin = 20 * time.Second
)

// ServerOptions are what the embedded server is started with.
type ServerOptions struct {
	// Listen is HOST:PORT; port 0 takes a free one.
	Listen string
	// Session is the one that workers may take part in.
	Session string
	// Token is what workers connect with. Empty makes one.
	Token string
	// Dir is where streams are kept, made if it is not there; empty for a directory of
	// its own that Close removes.
	Dir string
	// TLS is the server's certificate; nil for plain connections.
	TLS *tls.Config

	password string // the coordinator's; empty makes one
	maxStore int64  // bytes that all streams may take; 0 for what the disk has
}

// Server is a NATS server with JetStream within this process. Two users may connect: its
// coordinator, by a password that no one else knows, and workers, by the token. Workers
// may announce themselves, answer requests, write snapshots and renew leases; they can
// start nothing.
type Server struct {
	nats     *server.Server
	dir      string // to be removed; empty for none
	session  string
	token    string
	password string
	secure   bool
}

// StartServer starts a server.
func StartServer(o ServerOptions) (*Server, error) {
	host, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil || number < 0 || number > 65535 {
		return nil, fmt.Errorf("%s: %s is no port", o.Listen, port)
	}
	if number == 0 {
		number = server.RANDOM_PORT
	}
	s := &Server{session: o.Session, token: o.Token, password: cmp.Or(o.password, rand.Text()), secure: o.TLS != nil}
	if s.token == "" {
		s.token = rand.Text()
	}
	dir := o.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "brunt-nats-"); err != nil {
			return nil, err
		}
		s.dir = dir
	}
	s.nats, err = server.NewServer(&server.Options{
		ServerName: "brunt", Host: host, Port: number, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir, JetStreamMaxStore: o.maxStore, MaxPayload: maxMessage, MaxPending: 64 << 20,
		TLSConfig: o.TLS, TLS: o.TLS != nil, CustomClientAuthentication: s,
		DisableShortFirstPing: true, AuthTimeout: loginWithin.Seconds(),
	})
	if err != nil {
		s.removeDir()
		return nil, err
	}
	go s.nats.Start()
	if !s.nats.ReadyForConnections(readyWithin) {
		s.Close()
		return nil, errors.New("the embedded NATS server did not start: is the port taken?")
	}
	return s, nil
}

// Close ends the server and its connections.
func (s *Server) Close() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
	s.removeDir()
}

func (s *Server) removeDir() {
	if s.dir != "" {
		_ = os.RemoveAll(s.dir) // a temporary directory
	}
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.nats.Addr() }

// Token is what workers connect with.
func (s *Server) Token() string { return s.token }

// Check lets the coordinator and workers in, each with what it may do; see
// server.Authentication. What is compared takes as long whatever is given.
func (s *Server) Check(c server.ClientAuthentication) bool {
	given := c.GetOpts()
	coordinator := subtle.ConstantTimeCompare([]byte(given.Password), []byte(s.password)) == 1
	worker := subtle.ConstantTimeCompare([]byte(given.Token), []byte(s.token)) == 1
	id, named := idIn(given.Name)
	switch {
	case coordinator:
		c.RegisterUser(&server.User{Username: "coordinator"})
	case worker && named:
		c.RegisterUser(&server.User{Username: "worker", Permissions: WorkerPermissions(s.session, id)})
	default:
		return false
	}
	return true
}

// WorkerPermissions are what the worker with the id needs in a session, and all that it is
// allowed: it hears nothing that is for another worker, and cannot tell one anything, and so
// start no run. Whoever has a NATS of their own may give the workers' user the same, with *
// for the session and the id where they stand alone.
func WorkerPermissions(session, id string) *server.Permissions {
	files := "OBJ_" + fileBucket(session)
	return &server.Permissions{
		Publish: &server.SubjectPermission{Allow: []string{
			subjectJoin, subjectEnter(session), subjectCredentials(session), prefix + "." + session + ".said.>", prefix + "." + session + ".snap.>",
			"$KV." + leaseBucket(session) + ".>", "$JS.API.DIRECT.GET.KV_" + leaseBucket(session) + ".>",
			"$JS.API.STREAM.INFO.KV_" + leaseBucket(session),
			"$JS.API.STREAM.INFO." + files, "$JS.API.DIRECT.GET." + files + ".>",
			"$JS.API.CONSUMER.CREATE." + files + ".>", "$JS.API.CONSUMER.DELETE." + files + ".>",
			"$O." + fileBucket(session) + ".>", "$JS.FC." + files + ".>",
		}},
		Subscribe: &server.SubjectPermission{Allow: []string{subjectOf(session, id, ">"), inboxOf(id) + ".>"}},
		Response:  &server.ResponsePermission{MaxMsgs: server.DEFAULT_ALLOW_RESPONSE_MAX_MSGS, Expires: time.Minute},
	}
}
