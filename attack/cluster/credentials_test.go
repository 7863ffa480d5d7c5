//go:build !windows

package cluster

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// stranger is a connection that has the workers' token, and is none of the run's workers.
func (r *rig) stranger() (*nats.Conn, jetstream.JetStream) {
	r.t.Helper()
	w, err := newWorker(WorkerOptions{Access: r.server.ForWorkers(), Name: "stranger"})
	if err == nil {
		w.nats, w.js, err = w.connect(w.Name, w.denied)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(w.nats.Close)
	return w.nats, w.js
}

// overheard are all messages that a connection which may hear everything hears.
type overheard struct {
	mu   sync.Mutex
	text bytes.Buffer
	n    int
}

func overhear(t *testing.T, a Access) *overheard {
	t.Helper()
	c, _, err := a.connect("ear", newDenials())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	o := &overheard{}
	_, err = c.Subscribe(">", func(m *nats.Msg) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.n++
		fmt.Fprintf(&o.text, "%s %v ", m.Subject, m.Header)
		o.text.Write(m.Data)
	})
	if err == nil {
		err = c.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *overheard) has(words ...string) (n int, found []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, word := range words {
		if bytes.Contains(o.text.Bytes(), []byte(word)) {
			found = append(found, word)
		}
	}
	return o.n, found
}

// kept says in which files below a directory a word is.
func kept(t *testing.T, dir, word string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(word)) {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestHandedOut has a coordinator hand out a secret: each worker has it, and it is in no
// message as it is, and in no store.
func TestHandedOut(t *testing.T) {
	t.Parallel()
	const secret = "eyJ-canary-of-a-token"
	dir := t.TempDir()
	r := newRigOf(t, rigOptions{workers: 2, bodies: 1000, loss: Redistribute, unprepared: true, server: ServerOptions{Dir: dir}})
	all := overhear(t, r.own())
	r.c = r.open(false)
	if err := r.c.HandOut(func() ([]byte, error) { return []byte(secret), nil }); err != nil {
		t.Fatal(err)
	}
	if err := r.prepare(); err != nil {
		t.Fatal(err)
	}
	p := openPlan(100, 2*time.Second)
	r.all(r.wait(r.start(p), bound(&p)), 200)
	for _, name := range []string{"w0", "w1"} {
		if want := fmt.Sprintf("%s: it was handed %d bytes, %x", name, len(secret), sha256.Sum256([]byte(secret))); !strings.Contains(r.said(), want) {
			t.Errorf("not said: %s\n%s", want, r.said())
		}
	}
	// Nor is the order, which may hold what was secret on a command line.
	if n, found := all.has(secret, r.counter.URL); n < 50 || found != nil {
		t.Errorf("of %d messages one has the secret, or the order: %q", n, found)
	}
	if _, found := all.has(subjectCredentials(r.session)); found == nil {
		t.Error("nothing was asked for: what was overheard proves nothing")
	}
	if list := kept(t, dir, secret); list != nil {
		t.Errorf("the secret is in %q", list)
	}
	if kept(t, dir, "held ") == nil {
		t.Error("no lease is in the store: looking there proves nothing")
	}
}

// TestHandedToNobodyElse has a connection with the workers' token try to have what is for
// another worker.
func TestHandedToNobodyElse(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, 100, Redistribute)
	if err := r.c.HandOut(func() ([]byte, error) { return []byte("canary"), nil }); err != nil {
		t.Fatal(err)
	}
	conn, _ := r.stranger()
	id := r.c.members[0].hello.ID
	denied := make(chan error, 16)
	conn.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err })
	for _, subject := range []string{
		">", prefix + ".>", prefix + "." + r.session + ".w.>", subjectOf(r.session, id, askPrepare), subjectOf(r.session, id, ">"),
		subjectOf(r.session, "*", askPrepare), inboxOf(id) + ".>", nats.InboxPrefix + ">", prefix + ".coordinator.>", subjectCredentials(r.session),
	} {
		sub, err := conn.SubscribeSync(subject)
		if err == nil {
			err = conn.Flush()
		}
		if err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-denied:
			if !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("%s: %v", subject, err)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("a worker may listen to %s", subject)
		}
		_ = sub.Unsubscribe() // it is none
	}
	// Its own name and another's: to be one of the workers takes more than to know their id.
	for _, asked := range []string{"", "someone", id} {
		var g credentialsGiven
		m, err := conn.Request(subjectCredentials(r.session), encode(credentialsAsked{asked}), 5*time.Second)
		if err == nil {
			err = decode(m.Data, &g)
		}
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(m.Data, []byte("canary")) || asked != id && (g.Refused == "" || g.Sealed.Text != nil) {
			t.Errorf("%q: %q", asked, m.Data)
		}
	}
}

// TestNamesOfConnections: the embedded server takes only those by whose name it knows what
// they may hear.
func TestNamesOfConnections(t *testing.T) {
	t.Parallel()
	s, err := StartServer(ServerOptions{Listen: "127.0.0.1:0", Session: NewSession()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	access := s.ForWorkers()
	for _, id := range []string{"", "*", ">", "a.b", "XAAAA"} {
		access.id = id
		if c, _, err := access.connect("x", newDenials()); err == nil {
			c.Close()
			t.Errorf("a worker called %q was let in", id)
		}
	}
}

// TestHandedOutInTheOpen refuses to hand out what others on the network can read.
func TestHandedOutInTheOpen(t *testing.T) {
	t.Parallel()
	c := &Coordinator{nats: &nats.Conn{}} // connected to nowhere that is known to be safe
	if err := c.HandOut(func() ([]byte, error) { return nil, nil }); !errors.Is(err, ErrPlain) {
		t.Error(err)
	}
	if err := c.HandOut(nil); err != nil {
		t.Error(err)
	}
	if g := (&Coordinator{nats: c.nats, members: []*member{{hello: hello{ID: "x"}}}, secret: func() ([]byte, error) { return nil, nil }}).grant(credentialsAsked{"x"}); g.Refused != ErrPlain.Error() {
		t.Errorf("%+v", g)
	}
	if g := (&Coordinator{members: []*member{{hello: hello{ID: "x"}}}}).grant(credentialsAsked{"x"}); g.Refused != "it hands out none" {
		t.Errorf("%+v", g)
	}
}

// TestPermissionsOfOwnNATS has the workers' user of a NATS of one's own be allowed what the
// help says: that is enough.
func TestPermissionsOfOwnNATS(t *testing.T) {
	t.Parallel()
	all := WorkerPermissions("*", "*")
	s := plainServer(t, &server.Options{Users: []*server.User{{Username: "c", Password: "c"}, {Username: "w", Password: "w", Permissions: &server.Permissions{
		Publish: &server.SubjectPermission{Allow: []string{
			"brunt.join", "brunt.*.enter", "brunt.*.credentials", "brunt.*.said.>", "brunt.*.snap.>", "$KV.>", "$O.>", "$JS.API.STREAM.INFO.>",
			"$JS.API.DIRECT.GET.>", "$JS.API.CONSUMER.CREATE.>", "$JS.API.CONSUMER.DELETE.>", "$JS.FC.>",
		}},
		Subscribe: &server.SubjectPermission{Allow: []string{"brunt.*.w.>", "_INBOX.>"}}, Response: all.Response,
	}}}})
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("no server")
	}
	own := strings.Replace(s.ClientURL(), "nats://", "nats://c:c@", 1)
	workers := strings.Replace(s.ClientURL(), "nats://", "nats://w:w@", 1)
	r := newRigOf(t, rigOptions{workers: 1, bodies: 1000, loss: Redistribute, unprepared: true, access: &Access{URL: own}, workersURL: workers})
	r.c = r.open(false)
	if err := r.c.HandOut(func() ([]byte, error) { return []byte("canary"), nil }); err != nil {
		t.Fatal(err)
	}
	if err := r.prepare(); err != nil {
		t.Fatalf("%v\n%s", err, r.said())
	}
	p := openPlan(50, time.Second)
	r.all(r.wait(r.start(p), bound(&p)), 50)
	if !strings.Contains(r.said(), "it was handed 6 bytes") {
		t.Error(r.said())
	}
}

// TestCertificate has the embedded server use a certificate that the coordinator's machine
// does not trust: both sides connect, and tokens may be handed out.
func TestCertificate(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, session: NewSession()}
	var err error
	if r.server, err = StartServer(ServerOptions{Listen: "127.0.0.1:0", Session: r.session, TLS: &tls.Config{Certificates: web.TLS.Certificates}}); err != nil {
		t.Fatal(err)
	}
	defer r.server.Close()
	r.c = r.open(false)
	defer r.c.Close()
	if err := r.c.HandOut(func() ([]byte, error) { return nil, nil }); err != nil {
		t.Error(err)
	}
	access := r.server.ForWorkers()
	access.CA = ca
	w, err := newWorker(WorkerOptions{Access: access})
	if err == nil {
		w.nats, w.js, err = w.connect("w", w.denied)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer w.nats.Close()
	if _, err := w.nats.TLSConnectionState(); err != nil || !private(w.nats) {
		t.Errorf("the worker's connection is not encrypted: %v", err)
	}
}
