package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
	"golang.org/x/sync/errgroup"

	"brunt/attack/cluster/clocks"
)

const (
	// clockEvery is how often a worker's clock is asked for, which is also how it knows
	// that its coordinator is there; firstClocks are asked one after the other when it
	// joins.
	clockEvery  = 2 * time.Second
	firstClocks = 8
	// sessionAge is how long what a session has stored is kept at the most.
	sessionAge = 48 * time.Hour
	// setUpWithin is how long the server may take to make a session's stores.
	setUpWithin = 20 * time.Second
	// closeWithin is how long it may take to remove what a session has stored, and
	// endWithin how long workers may take to say that they have heard of its end.
	closeWithin = 5 * time.Second
	endWithin   = 3 * time.Second
)

// Loss says what becomes of the share of a worker that is lost.
type Loss string

// What can become of a lost worker's share: others take over what is left of it, nobody
// does, or the run is stopped.
const (
	Redistribute Loss = "redistribute"
	Continue     Loss = "continue"
	Abort        Loss = "abort"
)

// Options are what a coordinator works with.
type Options struct {
	Access
	Session string // its name: see NewSession
	Resumed bool   // the session is there, and its coordinator has ended
	Workers int    // how many it waits for
	Version string // which must be the workers', too
	Loss    Loss
	// Tell is told, a line each, what becomes of the workers while no run waits.
	Tell func(line string)
	// Clock is this machine's; nil for time.Now.
	Clock func() time.Time

	lease           time.Duration // of workers; 0 for leaseTime
	checkpointEvery int           // messages; 0 for the constant of that name
}

// Coordinator has workers make runs. Its methods may be called from any goroutine, but
// one run is made at a time.
type Coordinator struct {
	Options
	session string
	nats    *nats.Conn
	js      jetstream.JetStream
	denied  *denials
	stream  jetstream.Stream
	leases  jetstream.KeyValue
	state   jetstream.KeyValue
	files   jetstream.ObjectStore
	subs    []*nats.Subscription
	quit    chan struct{}
	work    sync.WaitGroup
	// This coordinator's own lease; replaced is closed once another one has it.
	id           []byte
	term         term
	revision     uint64
	replaced     chan struct{}
	replacedOnce sync.Once
	staying      sync.Mutex // guards the revision
	keeping      keeping
	key          nkeys.KeyPair // that what workers are handed is sealed with

	mu       sync.Mutex
	members  []*member
	changed  chan struct{} // closed and made anew when a member's state changes
	orders   int
	order    *order // the last one; nil before it, and in a coordinator that was started again
	runs     int
	gathered bool                   // all workers were there
	secret   func() ([]byte, error) // what workers are handed; nil for nothing
	cut      time.Time              // when NATS was last found not to answer
	reached  time.Time              // when it last answered
}

// member is a worker of the session.
type member struct {
	index int
	hello hello

	clock clocks.Estimator // guarded by the coordinator's lock, as what follows is
	state said
	heard time.Time // its last word
	done  int       // number of the last run that has ended there
	busy  bool      // it is part of a run that is under way
	gone  bool      // it was lost; it gets no more work
	// leaves says that it ends once it has reported what it has sent.
	leaves bool
}

// name is what people call the worker, and label the same without the word.
func (m *member) name() string  { return "worker " + m.label() }
func (m *member) label() string { return fmt.Sprintf("%d (%s)", m.index+1, m.hello.Name) }

// NewSession is a name for a session that no other has.
func NewSession() string { return strings.ToLower(rand.Text()[:10]) }

// Open connects and makes a session, which workers can enter from then on.
func Open(o Options) (*Coordinator, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Loss == "" {
		o.Loss = Redistribute
	}
	if o.lease == 0 {
		o.lease = leaseTime
	}
	c := &Coordinator{
		Options: o, session: o.Session, denied: newDenials(),
		reached: time.Now(), quit: make(chan struct{}), changed: make(chan struct{}), id: []byte(rand.Text()), replaced: make(chan struct{}),
	}
	var err error
	if c.key, err = nkeys.CreateCurveKeys(); err != nil {
		return nil, err
	}
	if c.nats, c.js, err = o.connect(coordinatorName, c.denied); err != nil {
		return nil, err
	}
	if err = c.setUp(); err != nil {
		if denied := c.denied.found(c.nats); denied != nil {
			err = denied // which may not remove anything either
		} else if !o.Resumed {
			c.removeStores()
		}
		c.nats.Close()
		return nil, fmt.Errorf("%s: %w", o.Shown(), jetStreamError(err))
	}
	c.work.Go(c.watchClocks)
	return c, nil
}

// setUp makes the session's stores, and listens for workers.
func (c *Coordinator) setUp() error {
	ctx, cancel := context.WithTimeout(context.Background(), setUpWithin)
	defer cancel()
	ctx, free := c.denied.within(ctx)
	defer free()
	var err error
	if c.Resumed {
		err = c.findStores(ctx)
	} else {
		err = c.makeStores(ctx)
	}
	if err == nil {
		err = c.takeOver(ctx)
	}
	if err == nil && c.Resumed {
		err = c.reenter(ctx)
	}
	if err != nil {
		return err
	}
	return errors.Join(
		c.subscribe(listen(c.nats, subjectJoin, c.offer)),
		c.subscribe(listen(c.nats, subjectEnter(c.session), c.enter)),
		c.subscribe(listen(c.nats, subjectCredentials(c.session), c.grant)),
		c.subscribe(c.nats.Subscribe(prefix+"."+c.session+".said.*", c.hear)),
		c.nats.FlushTimeout(5*time.Second),
		c.denied.found(c.nats),
	)
}

// makeStores makes what the session keeps.
func (c *Coordinator) makeStores(ctx context.Context) (err error) {
	copies := c.copies()
	c.stream, err = c.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: streamName(c.session), Subjects: []string{prefix + "." + c.session + ".snap.>"},
		Storage: jetstream.FileStorage, Replicas: copies, MaxAge: sessionAge, Duplicates: 2 * time.Minute,
		AllowDirect: true,
	})
	if err == nil {
		c.leases, err = c.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: leaseBucket(c.session), History: 1, TTL: sessionAge, Replicas: copies, Storage: jetstream.FileStorage,
		})
	}
	if err == nil {
		c.state, err = c.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: stateBucket(c.session), History: 1, TTL: sessionAge, Replicas: copies, Storage: jetstream.FileStorage,
		})
	}
	if err == nil {
		c.files, err = c.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{
			Bucket: fileBucket(c.session), TTL: sessionAge, Replicas: copies, Storage: jetstream.FileStorage,
		})
	}
	return err
}

// findStores finds what the session has kept.
func (c *Coordinator) findStores(ctx context.Context) (err error) {
	c.stream, err = c.js.Stream(ctx, streamName(c.session))
	if err == nil {
		c.leases, err = c.js.KeyValue(ctx, leaseBucket(c.session))
	}
	if err == nil {
		c.state, err = c.js.KeyValue(ctx, stateBucket(c.session))
	}
	if err == nil {
		c.files, err = c.js.ObjectStore(ctx, fileBucket(c.session))
	}
	if err != nil {
		return fmt.Errorf("there is no session %s to resume: %w", c.session, err)
	}
	return nil
}

// copies is how many servers keep what is stored: three where there is a cluster.
func (c *Coordinator) copies() int {
	if len(c.nats.DiscoveredServers()) > 0 || c.nats.ConnectedClusterName() != "" && len(c.nats.Servers()) > 1 {
		return 3
	}
	return 1
}

func (c *Coordinator) subscribe(sub *nats.Subscription, err error) error {
	if err == nil {
		c.subs = append(c.subs, sub)
	}
	return err
}

// Session is the session's name.
func (c *Coordinator) Session() string { return c.session }

// Close sends the workers away and removes what the session has stored, unless another
// coordinator has replaced this one.
func (c *Coordinator) Close() {
	close(c.quit)
	c.work.Wait()
	defer c.nats.Close()
	for _, sub := range c.subs {
		_ = sub.Unsubscribe() // a connection that is gone has none
	}
	if c.stay(); isClosed(c.replaced) {
		return
	}
	c.sendAway()
	c.removeStores()
}

// removeStores removes what the session has stored.
func (c *Coordinator) removeStores() {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	_ = c.js.DeleteStream(ctx, streamName(c.session)) // they age, too
	_ = c.js.DeleteKeyValue(ctx, leaseBucket(c.session))
	_ = c.js.DeleteKeyValue(ctx, stateBucket(c.session))
	_ = c.js.DeleteObjectStore(ctx, fileBucket(c.session))
}

// sendAway tells all workers that this was all. Those that were lost may have come back,
// and hear it then.
func (c *Coordinator) sendAway() {
	c.mu.Lock()
	members := slices.Clone(c.members)
	c.mu.Unlock()
	asked, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	var all errgroup.Group
	all.SetLimit(64)
	for _, m := range members {
		c.mu.Lock()
		gone := m.gone
		c.mu.Unlock()
		subject, q := subjectOf(c.session, m.hello.ID, askEnd), question{c.term}
		if gone {
			_ = c.nats.Publish(subject, encode(q)) // it may be there
			continue
		}
		all.Go(func() error {
			var a answer
			return ask(asked, c.nats, subject, q, &a)
		})
	}
	_ = all.Wait() // a worker that is gone needs no telling
}
