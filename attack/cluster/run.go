package cluster

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/sync/errgroup"

	"brunt/attack"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/result/join"
)

const (
	// leaseTime is how long a worker may send after it renewed its lease, and so after
	// how long of silence another may have its share.
	leaseTime = 6 * time.Second
	// startLead is how long before the schedule's start the workers are told of it.
	startLead = 500 * time.Millisecond
	// changeLead is how long before it counts a change is told to the workers.
	changeLead = 500 * time.Millisecond
	// changeWithin is how long all workers may take to confirm a change.
	changeWithin = 5 * time.Second
	// lastReportWithin is how long after the end of all requests a worker may take to
	// hand in its last snapshot.
	lastReportWithin = 10 * time.Second
)

// Run is a run that workers make. Its methods may be called from any goroutine, and are
// those of attack.Run.
type Run struct {
	c      *Coordinator
	number int
	id     string
	plan   plan.Plan
	start  time.Time // of the schedule, by this machine's clock
	cancel context.CancelFunc
	done   chan struct{}
	ending chan struct{}
	endOne sync.Once
	work   sync.WaitGroup

	// Changes are made one at a time.
	changing sync.Mutex

	mu        sync.Mutex
	parts     []*part
	of        uint64     // shares at the start
	owners    []*part    // who has each of them for good; nil for nobody
	had       []string   // the label of who has, or had, it last
	newcomers uint64     // that there were
	owed      []*telling // which are yet to be sent
	joined    *join.Accumulator
	changes   []plan.Change
	length    *time.Duration
	schedule  *plan.Schedule
	stopped   time.Time // zero where nobody stopped it
	settled   bool      // the end of the warm-up was told
	version   int       // counts what has changed since the start
	sequence  uint64    // in the stream, of the last message that was taken
	taken     time.Time // when that was
	earlier   uint64    // in the stream, of the last message of earlier runs; 0 where it is not known
	passing   passing
	over      bool
	aborted   bool  // a worker's loss has stopped it
	allLost   bool  // no worker is left
	cannot    error // why the last worker that is silent could not be given up; watch's alone
	alone     bool  // it was given up, since no server was to be reached
	cached    *result.Snapshot
	cachedOf  int
	notes     []string
}

// part is a worker's part of a run, guarded by the run's lock.
type part struct {
	*member
	ctx    context.Context // ends once nothing is to be told any more: it is lost, or done
	cancel context.CancelFunc

	*newcomer // nil where it was there from the start
	shares    []held
	told      int        // number of the last change
	yields    int        // number of the last yielded that is known
	outbox    []*telling // changes that are to be told, in order
	wake      chan struct{}
	revision  uint64        // of its lease
	allowed   uint64        // how far its lease lets a closed loop go
	renewed   time.Time     // by this machine's clock
	number    int           // of the last message
	reported  time.Duration // its instant, since the measured start
	slot      int           // in what is joined
	began     bool          // its lease, a message or its answer says so
	final     bool          // its last snapshot is in
	doneAt    time.Time     // when it was first heard that its run has ended
	lost      *loss
	left      *left  // it was told to end, by whoever runs it
	handedOn  bool   // others have what was left of its share when it left or was lost
	more      bool   // it was lost, and has handed in something since
	givenUp   bool   // it was lost so long ago that nothing of it is taken any more
	nobodys   []held // what of its shares nobody sends

	unreadable bool // a message of it could not be read

	at      time.Duration // its measured start, less the run's
	placed  bool          // is known
	planned uint64        // as of the last message
	settled bool
}

// held is a share that a worker holds: an open loop's tickets from an instant of the
// schedule on, or a closed loop's requests from a number on.
type held struct {
	plan.Share
	From    time.Duration
	Request uint64
	Yields  bool          // it was told to yield the rest to another one
	Ended   bool          // it has said where it ended:
	Until   time.Duration // at an instant of the schedule; also where it was given no more; 0 for good
	End     uint64        // before that request
}

// loss is how a worker was lost.
type loss struct {
	why     string
	since   time.Duration // its last report, since the measured start
	at      time.Time     // its shares are others' from then on
	number  int           // of its last message before that
	allowed uint64        // how far its closed loop may have gone
	left    bool          // it was told to end before, and has said how far it went
}

func (c *Coordinator) newRun() *Run {
	return &Run{c: c, done: make(chan struct{}), ending: make(chan struct{})}
}

// newPart is a part that has not begun.
func (r *Run) newPart(m *member, shares []held) *part {
	p := &part{member: m, shares: shares, renewed: time.Now(), wake: make(chan struct{}, 1)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Start has the workers that have prepared an order begin a run of the plan.
func (c *Coordinator) Start(p plan.Plan) (*Run, error) {
	if p.Concurrency == 0 && p.Open() {
		p.Concurrency = plan.DefaultOpenConcurrency
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	r := c.newRun()
	r.id, r.plan, r.schedule = runID(), p, plan.NewSchedule(&p)
	order := c.enlist(r)
	if len(r.parts) == 0 {
		return nil, errors.New("no worker is there that is ready")
	}
	r.joined = join.New(&r.plan)
	for _, p := range r.parts {
		p.slot = r.joined.Add(p.label())
	}
	if r.number > 1 {
		r.earlier = c.lastSequence()
	}
	if err := r.beginAll(order); err != nil {
		r.abandon()
		return nil, err
	}
	return r, r.run()
}

// enlist gives the run its parts: the workers that are ready.
func (c *Coordinator) enlist(r *Run) (order int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs++
	r.number = c.runs
	var ready []*member
	for _, m := range c.members {
		if m.free(c.orders) {
			ready = append(ready, m)
		}
	}
	r.of = uint64(len(ready))
	for i, m := range ready {
		m.busy = true
		p := r.newPart(m, []held{{Share: plan.Share{Index: uint64(i), Of: r.of}}})
		r.parts, r.owners, r.had = append(r.parts, p), append(r.owners, p), append(r.had, p.label())
	}
	return c.orders
}

// run follows the run, which has begun, until its end.
func (r *Run) run() error {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.c.keep()
	r.keep()
	if err := r.follow(ctx); err != nil {
		cancel()
		r.abandon()
		return err
	}
	for _, p := range r.parts {
		if n := p.newcomer; n != nil && !n.Began && p.lost == nil {
			r.bringIn(ctx, p) // where an earlier coordinator has not
			continue
		}
		r.work.Go(func() { r.deliver(ctx, p) })
	}
	r.work.Go(func() { r.watch(ctx) })
	r.work.Go(func() { r.checkpoints(ctx) })
	go r.finish()
	return nil
}

// runID is an id as attack.Start makes them.
func runID() string { return strings.ToLower(rand.Text()[:12]) }

// ahead reports whether workers' leases say how far their loops may go: where requests
// have numbers that others are to send once.
func (r *Run) ahead() bool { return !r.plan.Open() && r.plan.Requests > 0 }

// beginAll tells all workers when to start what. One that does not answer for as long as
// a lease lasts is left to whoever looks for workers that are lost.
func (r *Run) beginAll(order int) error {
	body, err := travelling(&r.plan)
	if err != nil {
		return err
	}
	// An answer takes a round trip, and more where there are many to be told.
	lead := startLead + time.Duration(len(r.parts))*2*time.Millisecond
	r.start = r.c.Clock().Add(lead)
	ctx, cancel := context.WithTimeout(context.Background(), lead+r.c.lease)
	defer cancel()
	var all errgroup.Group
	all.SetLimit(64)
	for _, p := range r.parts {
		b := r.beginOf(p, order, body, p.shares[0].Share)
		all.Go(func() error { return r.begin(ctx, p, b) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	if !slices.ContainsFunc(r.parts, func(p *part) bool { return p.began }) {
		return errors.New("none of the workers has answered: the run has not begun")
	}
	return nil
}

// travelling is a plan as it goes to the workers.
func travelling(p *plan.Plan) ([]byte, error) {
	travels := *p
	travels.Instants, travels.Expect = nil, nil // which the workers have of their own
	return json.Marshal(&travels)
}

// beginOf is what a worker is told to begin with.
func (r *Run) beginOf(p *part, order int, body []byte, share plan.Share) *begin {
	r.c.mu.Lock()
	offset, _, _ := p.clock.Offset(r.c.Clock())
	r.c.mu.Unlock()
	b := &begin{
		Term: r.c.term, Run: r.number, Order: order, ID: r.id, Plan: body, Shares: []plan.Share{share},
		At: r.start.Add(offset).UnixNano(), Ahead: r.ahead() && r.leased(),
	}
	if r.leased() {
		b.Lease = r.c.lease
	}
	return b
}

func (r *Run) begin(ctx context.Context, p *part, b *begin) error {
	var a answer
	if err := ask(ctx, r.c.nats, subjectOf(r.c.session, p.hello.ID, askStart), b, &a); err != nil {
		return nil // it may have begun, or begin yet, and is lost otherwise
	}
	r.mu.Lock()
	p.began = true
	r.mu.Unlock()
	return r.c.accepted(p.member, &a)
}

// abandon stops what has begun of a run that cannot begin, and sees to it that nothing of
// it begins later.
func (r *Run) abandon() {
	ctx, cancel := context.WithTimeout(context.Background(), r.c.lease)
	defer cancel()
	var all errgroup.Group
	all.SetLimit(64)
	for _, p := range r.parts {
		p.cancel()
		all.Go(func() error {
			_, err := r.c.leases.Put(ctx, leaseKey(r.number, p.index), fmt.Appendf(nil, revokedFrom, 0))
			m, askErr := r.c.nats.RequestWithContext(ctx, subjectOf(r.c.session, p.hello.ID, askChange),
				encode(change{Term: r.c.term, Run: r.number, Number: abandoned, What: changeStop, How: plan.Cut}))
			_ = m
			return errors.Join(err, askErr)
		})
	}
	_ = all.Wait() // those that did not begin do not answer
	r.release()
}

// abandoned is the number of a run's last change where it cannot go on.
const abandoned = 1 << 30

// release says that the run's workers are free for another one.
func (r *Run) release() {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	for _, p := range r.parts {
		p.busy, p.gone = false, p.gone || p.leaves
		p.heard = time.Now()
	}
}

// since is an instant of this machine's clock as time since the measured start. r.mu is
// held.
func (r *Run) since(at time.Time) time.Duration { return at.Sub(r.start) - r.schedule.Warmup }

// Change gives the run another rate or concurrency, as attack.Run.Change does: all
// workers at the same instant of the schedule, half a second from now.
func (r *Run) Change(rate vegeta.Rate, concurrency int) error {
	if err := attack.CheckChange(&r.plan, rate, concurrency); err != nil {
		return err
	}
	return r.change(func(from time.Duration) change {
		r.changes = append(r.changes, plan.Change{At: from, Rate: rate, Concurrency: concurrency})
		if r.plan.Open() {
			r.schedule = r.schedule.Changed(from+r.schedule.Warmup, rate)
		}
		return change{What: changeRate, From: from, Freq: rate.Freq, Per: rate.Per, Concurrency: concurrency}
	})
}

// Last has the run last so long from its measured start on, as attack.Run.Last does.
func (r *Run) Last(length time.Duration) error {
	return r.change(func(from time.Duration) change {
		r.length = &length
		r.schedule = r.schedule.Lasting(length)
		return change{What: changeLength, From: from, Length: length}
	})
}

// Stop ends the run before its plan does, as attack.Run.Stop does. It does not wait for
// the workers.
func (r *Run) Stop(how plan.AtEnd) {
	r.mu.Lock()
	if r.stopped.IsZero() {
		r.stopped = time.Now()
	}
	over := r.over
	r.version++
	r.mu.Unlock()
	r.endOne.Do(func() { close(r.ending) })
	if !over {
		go r.tell(change{What: changeStop, How: how}) // one that does not hear is lost by its lease
	}
}

// Done returns a channel that is closed when the run has ended.
func (r *Run) Done() <-chan struct{} { return r.done }

// Ending returns a channel that is closed by the first stop, or when the run has ended.
func (r *Run) Ending() <-chan struct{} { return r.ending }

// Plan returns the plan of all workers together.
func (r *Run) Plan() plan.Plan { return r.plan }

// Obey is as attack.Run.Obey.
func (r *Run) Obey(interrupts <-chan os.Signal, die func()) {
	attack.Obey(r.done, r.Stop, interrupts, die)
}
