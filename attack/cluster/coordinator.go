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
}

// Coordinator has workers make runs. Its methods may be called from any goroutine, but
// one run is made at a time.
type Coordinator struct {
	Options
	session string
	nats    *nats.Conn
	js      jetstream.JetStream
	stream  jetstream.Stream
	leases  jetstream.KeyValue
	state   jetstream.KeyValue
	files   jetstream.ObjectStore
	subs    []*nats.Subscription
	quit    chan struct{}
	work    sync.WaitGroup
	// This coordinator's own lease; replaced is closed once another one has it.
	id           []byte
	revision     uint64
	replaced     chan struct{}
	replacedOnce sync.Once

	mu      sync.Mutex
	members []*member
	changed chan struct{} // closed and made anew when a member's state changes
	orders  int
	runs    int
}

// member is a worker of the session.
type member struct {
	index int
	hello hello

	clock clocks.Estimator // guarded by the coordinator's lock, as what follows is
	state said
	gone  bool // it was lost; it gets no more work
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
	c := &Coordinator{
		Options: o, session: o.Session,
		quit: make(chan struct{}), changed: make(chan struct{}), id: []byte(rand.Text()), replaced: make(chan struct{}),
	}
	var err error
	if c.nats, c.js, err = o.connect(coordinatorName); err != nil {
		return nil, err
	}
	if err = c.setUp(); err != nil {
		c.nats.Close()
		return nil, fmt.Errorf("%s: %w", o.Shown(), err)
	}
	c.work.Go(c.watchClocks)
	return c, nil
}

// setUp makes the session's stores, and listens for workers.
func (c *Coordinator) setUp() error {
	ctx, cancel := context.WithTimeout(context.Background(), setUpWithin)
	defer cancel()
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
		c.subscribe(c.nats.Subscribe(prefix+"."+c.session+".said.*", c.hear)),
		c.nats.FlushTimeout(5*time.Second),
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
	if err != nil {
		return fmt.Errorf("JetStream: %w", err)
	}
	return nil
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

// offer answers a worker that looks for a coordinator.
func (c *Coordinator) offer(h hello) offer {
	o := offer{Session: c.session}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case h.Version != c.Version:
		o.Refused = fmt.Sprintf("the coordinator is brunt %s, this worker %s: use one version for both", c.Version, h.Version)
		c.Tell(fmt.Sprintf("%s is not taken: it is brunt %s, this is %s", h.Name, h.Version, c.Version))
	case c.present() >= c.Workers:
		o.Refused = fmt.Sprintf("the coordinator has its %d workers", c.Workers)
	}
	return o
}

// present is the number of workers that are not lost. c.mu is held.
func (c *Coordinator) present() (n int) {
	for _, m := range c.members {
		if !m.gone {
			n++
		}
	}
	return n
}

// enter takes a worker in, once.
func (c *Coordinator) enter(h hello) place {
	if refused := c.offer(h).Refused; refused != "" && !c.knows(h.ID) {
		return place{Refused: refused}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.members {
		if m.hello.ID == h.ID && !m.gone {
			return place{Index: m.index}
		}
	}
	if c.present() >= c.Workers {
		return place{Refused: "another one was faster"}
	}
	m := &member{index: len(c.members), hello: h}
	c.members = append(c.members, m)
	c.notify()
	c.work.Go(func() { c.meet(m) })
	return place{Index: m.index}
}

func (c *Coordinator) knows(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.members, func(m *member) bool { return m.hello.ID == id && !m.gone })
}

// notify wakes whoever waits for a member. c.mu is held.
func (c *Coordinator) notify() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// hear takes what a worker says of its order.
func (c *Coordinator) hear(m *nats.Msg) {
	var s said
	var index int
	if _, err := fmt.Sscanf(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], "%d", &index); err != nil || decode(m.Data, &s) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if index < 0 || index >= len(c.members) || s.Order != c.orders {
		return
	}
	if now := &c.members[index].state; now.Order != s.Order || now.State == saidBusy {
		*now = s
	}
	c.notify()
}

// meet asks a new worker for its clock a few times.
func (c *Coordinator) meet(m *member) {
	for range firstClocks {
		ctx, cancel := context.WithTimeout(context.Background(), clockEvery)
		c.readClock(ctx, m)
		cancel()
	}
}

// readClock asks once for a worker's clock.
func (c *Coordinator) readClock(ctx context.Context, m *member) {
	sent := c.Clock()
	reply, err := c.nats.RequestWithContext(ctx, subjectOf(c.session, m.index, askClock), encode(struct{}{}))
	back := c.Clock()
	var at moment
	if err != nil || decode(reply.Data, &at) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m.clock.Add(clocks.Sample{Sent: sent, Received: time.Unix(0, at.Came), Answered: time.Unix(0, at.Went), Back: back})
	c.notify()
}

// watchClocks asks for all clocks again and again.
func (c *Coordinator) watchClocks() {
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-c.quit:
			return
		}
		c.stay()
		var all errgroup.Group
		all.SetLimit(64)
		for _, m := range c.there() {
			all.Go(func() error {
				ctx, cancel := context.WithTimeout(context.Background(), clockEvery/2)
				defer cancel()
				c.readClock(ctx, m)
				return nil
			})
		}
		_ = all.Wait() // none fails
	}
}

// there are the workers that are not lost.
func (c *Coordinator) there() (list []*member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.members {
		if !m.gone {
			list = append(list, m)
		}
	}
	return list
}

// Gather waits until all workers are there.
func (c *Coordinator) Gather(ctx context.Context, tell func(string)) error {
	had := -1
	return c.until(ctx, func() (bool, error) {
		ready := 0
		for _, m := range c.members {
			if _, _, ok := m.clock.Offset(c.Clock()); ok && !m.gone {
				ready++
			}
		}
		if ready != had {
			had = ready
			tell(fmt.Sprintf("%d of %d workers are there", ready, c.Workers))
		}
		return ready >= c.Workers, nil
	})
}

// until waits until a condition holds, which is looked at under the lock whenever a
// member has changed.
func (c *Coordinator) until(ctx context.Context, holds func() (bool, error)) error {
	for {
		c.mu.Lock()
		ok, err := holds()
		changed := c.changed
		c.mu.Unlock()
		if ok || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Prepare has all workers make an order ready: the body is for the workers' Prepare, and
// the files are handed to them. It returns once all are ready, or says which cannot be.
func (c *Coordinator) Prepare(ctx context.Context, body []byte, files []string, tell func(string)) error {
	if err := c.Gather(ctx, tell); err != nil {
		return err
	}
	o := order{Body: body}
	for _, path := range files {
		ref, err := refTo(path)
		if err != nil {
			return err
		}
		o.Files = append(o.Files, ref)
	}
	if err := putFiles(ctx, c.files, o.Files); err != nil {
		return err
	}
	c.mu.Lock()
	c.orders++
	o.Number = c.orders
	for _, m := range c.members {
		m.state = said{Order: o.Number, State: saidBusy}
	}
	c.mu.Unlock()
	var all errgroup.Group
	all.SetLimit(64)
	for _, m := range c.there() {
		all.Go(func() error { return c.order(ctx, m, &o) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	told := ""
	return c.until(ctx, func() (bool, error) { return c.allReady(o.Number, &told, tell) })
}

// orderWithin is how long a worker may take to say that it has an order.
const orderWithin = 30 * time.Second

func (c *Coordinator) order(ctx context.Context, m *member, o *order) error {
	ctx, cancel := context.WithTimeout(ctx, orderWithin)
	defer cancel()
	var a answer
	if err := ask(ctx, c.nats, subjectOf(c.session, m.index, askPrepare), o, &a); err != nil {
		return fmt.Errorf("%s does not answer: %w", m.name(), err)
	}
	return nil
}

// allReady reports whether all workers have made an order ready. c.mu is held.
func (c *Coordinator) allReady(number int, told *string, tell func(string)) (bool, error) {
	busy, text := 0, ""
	for _, m := range c.members {
		switch {
		case m.gone:
		case m.state.State == saidFailed:
			return false, fmt.Errorf("%s: %s", m.name(), m.state.Text)
		case m.state.State == saidBusy:
			busy++
			if m.state.Text != "" {
				text = m.name() + ": " + m.state.Text
			}
		}
	}
	if text != "" && text != *told {
		*told = text
		tell(text)
	}
	return busy == 0, nil
}

// Close sends the workers away and removes what the session has stored.
func (c *Coordinator) Close() {
	close(c.quit)
	c.work.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	var all errgroup.Group
	all.SetLimit(64)
	for _, m := range c.there() {
		all.Go(func() error {
			var a answer
			return ask(ctx, c.nats, subjectOf(c.session, m.index, askEnd), struct{}{}, &a)
		})
	}
	_ = all.Wait() // a worker that is gone needs no telling
	for _, sub := range c.subs {
		_ = sub.Unsubscribe()
	}
	_ = c.js.DeleteStream(ctx, streamName(c.session)) // they age, too
	_ = c.js.DeleteKeyValue(ctx, leaseBucket(c.session))
	_ = c.js.DeleteKeyValue(ctx, stateBucket(c.session))
	_ = c.js.DeleteObjectStore(ctx, fileBucket(c.session))
	c.nats.Close()
}
