package scripttest

import (
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
	"github.com/rogpeppe/go-internal/testscript"

	"brunt/attack/endpoint/proxytest"
)

// natsServer FILE: runs a NATS server as the file says, until the script ends, at $NATS
// (host:port). Variables in the file are the script's, and $DIR its directory.
func natsServer(ts *testscript.TestScript, _ bool, args []string) {
	text := os.Expand(ts.ReadFile(args[0]), func(name string) string {
		if name == "DIR" {
			return ts.MkAbs(".")
		}
		return ts.Getenv(name)
	})
	path := ts.MkAbs("nats.conf")
	ts.Check(os.WriteFile(path, []byte(text), 0o600))
	o, err := server.ProcessConfigFile(path)
	ts.Check(err)
	o.Host, o.Port, o.NoSigs, o.NoLog, o.StoreDir = "127.0.0.1", server.RANDOM_PORT, true, true, ts.MkAbs(args[0]+".stored")
	s, err := server.NewServer(o)
	ts.Check(err)
	go s.Start()
	ts.Defer(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(30 * time.Second) {
		ts.Fatalf("no NATS server within 30 s")
	}
	ts.Setenv("NATS", fmt.Sprintf("127.0.0.1:%d", s.Addr().(*net.TCPAddr).Port))
}

// natsKeys FILE: writes what says who connects to a NATS server: certificates that ca.pem
// signs, seeds of NKeys (server.nk is nobody's), and credentials of an operator's accounts,
// whose half is operator.conf. In worker.creds a user may do what the file's permissions say.
func natsKeys(ts *testscript.TestScript, _ bool, args []string) {
	authority, err := proxytest.NewAuthority()
	ts.Check(err)
	write(ts, "ca.pem", authority.PEM)
	for _, name := range []string{"server", "coordinator", "worker"} {
		_, certificate, key, err := authority.Issue(name + ".test")
		ts.Check(err)
		write(ts, name+".pem", certificate)
		write(ts, name+".key", key)
		pair, public := newKey(ts, nkeys.CreateUser)
		seed, err := pair.Seed()
		ts.Check(err)
		write(ts, name+".nk", seed)
		ts.Setenv(strings.ToUpper(name)+"_PUBLIC", public)
	}
	operator, _ := newKey(ts, nkeys.CreateOperator)
	store := jwt.JetStreamLimits{DiskStorage: -1, MemoryStorage: -1, Streams: -1, Consumer: -1}
	with, without, system := newAccount(ts, operator, store), newAccount(ts, operator, jwt.JetStreamLimits{}), newAccount(ts, operator, jwt.JetStreamLimits{})
	with.user(ts, "coordinator.creds", jwt.Permissions{}, 0)
	with.user(ts, "worker.creds", permissionsOf(ts, args[0]), time.Hour)
	with.user(ts, "expired.creds", jwt.Permissions{}, -time.Hour)
	without.user(ts, "without.creds", jwt.Permissions{}, 0)
	stranger, _ := newKey(ts, nkeys.CreateOperator)
	newAccount(ts, stranger, store).user(ts, "stranger.creds", jwt.Permissions{}, 0)
	of := jwt.NewOperatorClaims(publicOf(ts, operator))
	of.SystemAccount = system.public
	token, err := of.Encode(operator)
	ts.Check(err)
	text := "jetstream {}\noperator: " + token + "\nresolver: MEMORY\nresolver_preload: {\n"
	for _, a := range []*natsAccount{with, without, system} {
		text += a.public + ": " + a.token + "\n"
	}
	write(ts, "operator.conf", []byte(text+"}\n"))
}

func write(ts *testscript.TestScript, name string, text []byte) {
	ts.Check(os.WriteFile(ts.MkAbs(name), text, 0o600))
}

// permissionsOf are those that a file lists in the words of a server's configuration.
func permissionsOf(ts *testscript.TestScript, name string) jwt.Permissions {
	write(ts, "of.conf", []byte("authorization { users = [ {user: u, password: p, include \""+name+"\"} ] }"))
	o, err := server.ProcessConfigFile(ts.MkAbs("of.conf"))
	ts.Check(err)
	of := o.Users[0].Permissions
	return jwt.Permissions{
		Pub: jwt.Permission{Allow: of.Publish.Allow}, Sub: jwt.Permission{Allow: of.Subscribe.Allow},
		Resp: &jwt.ResponsePermission{MaxMsgs: of.Response.MaxMsgs, Expires: of.Response.Expires},
	}
}

// natsAccount is one of an operator's.
type natsAccount struct {
	pair          nkeys.KeyPair
	public, token string
}

func newAccount(ts *testscript.TestScript, operator nkeys.KeyPair, limits jwt.JetStreamLimits) *natsAccount {
	pair, public := newKey(ts, nkeys.CreateAccount)
	claims := jwt.NewAccountClaims(public)
	claims.Limits.JetStreamLimits = limits
	token, err := claims.Encode(operator)
	ts.Check(err)
	return &natsAccount{pair, public, token}
}

// user writes the credentials of one of the account's, who may connect for so long; 0 for
// ever.
func (a *natsAccount) user(ts *testscript.TestScript, name string, may jwt.Permissions, until time.Duration) {
	pair, public := newKey(ts, nkeys.CreateUser)
	claims := jwt.NewUserClaims(public)
	claims.Permissions = may
	if until != 0 {
		claims.Expires = time.Now().Add(until).Unix()
	}
	token, err := claims.Encode(a.pair)
	ts.Check(err)
	seed, err := pair.Seed()
	ts.Check(err)
	text, err := jwt.FormatUserConfig(token, seed)
	ts.Check(err)
	write(ts, name, text)
}

func newKey(ts *testscript.TestScript, create func() (nkeys.KeyPair, error)) (pair nkeys.KeyPair, public string) {
	pair, err := create()
	ts.Check(err)
	return pair, publicOf(ts, pair)
}

func publicOf(ts *testscript.TestScript, pair nkeys.KeyPair) string {
	public, err := pair.PublicKey()
	ts.Check(err)
	return public
}
