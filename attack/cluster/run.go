package cluster

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
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

	mu       sync.Mutex
	parts    []*part
	joined   *join.Accumulator
	changes  []plan.Change
	length   *time.Duration
	schedule *plan.Schedule
	stopped  time.Time // zero where nobody stopped it
	settled  bool      // the end of the warm-up was told
	version  int       // counts what has changed since the start
	over     bool
	aborted  bool // a worker's loss has stopped it
	cached   *result.Snapshot
	cachedOf int
	notes    []string
}

// part is a worker's part of a run, guarded by the run's lock.
type part struct {
	*member
	shares   []held
	told     int       // number of the last change
	revision uint64    // of its lease
	renewed  time.Time // by this machine's clock
	number   int       // of the last message
	slot     int       // in what is joined
	final    bool      // its last snapshot is in
	lost     *loss
	back     bool // it was lost, and has handed in its last snapshot since

	sent    uint64 // as of the last message
	settled bool
}

// held is a share that a worker holds: an open loop's tickets from an instant of the
// schedule on, or a closed loop's requests from a number on.
type held struct {
	plan.Share
	From    time.Duration
	Request uint64
}

// loss is how a worker was lost.
type loss struct {
	why   string
	since time.Time // last word of it
	at    time.Time // its share is others' from then on
}

// Start has the workers that have prepared an order begin a run of the plan.
func (c *Coordinator) Start(p plan.Plan) (*Run, error) {
	if p.Concurrency == 0 && p.Open() {
		p.Concurrency = plan.DefaultOpenConcurrency
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.runs++
	r := &Run{
		c: c, number: c.runs, id: runID(), plan: p,
		done: make(chan struct{}), ending: make(chan struct{}), schedule: plan.NewSchedule(&p),
	}
	order := c.orders
	c.mu.Unlock()
	r.joined = join.New(&r.plan)
	members := c.there()
	for i, m := range members {
		share := plan.Share{Index: uint64(i), Of: uint64(len(members))}
		r.parts = append(r.parts, &part{member: m, shares: []held{{Share: share}}, renewed: time.Now(), slot: r.joined.Add(m.label())})
	}
	if err := r.beginAll(order); err != nil {
		r.abandon()
		return nil, err
	}
	c.keep()
	r.keep()
	return r, r.run()
}

// run follows the run, which has begun, until its end.
func (r *Run) run() error {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	if err := r.follow(ctx); err != nil {
		cancel()
		return err
	}
	r.work.Go(func() { r.watch(ctx) })
	go r.finish()
	return nil
}

// runID is an id as attack.Start makes them.
func runID() string { return strings.ToLower(rand.Text()[:12]) }

// beginAll tells all workers when to start what.
func (r *Run) beginAll(order int) error {
	travels := r.plan
	travels.Instants, travels.Expect = nil, nil // which the workers have of their own
	body, err := json.Marshal(&travels)
	if err != nil {
		return err
	}
	// An answer takes a round trip, and more where there are many to be told.
	lead := startLead + time.Duration(len(r.parts))*2*time.Millisecond
	r.start = r.c.Clock().Add(lead)
	var all errgroup.Group
	all.SetLimit(64)
	for _, p := range r.parts {
		r.c.mu.Lock()
		offset, _, _ := p.clock.Offset(r.c.Clock())
		r.c.mu.Unlock()
		b := begin{Run: r.number, Order: order, ID: r.id, Plan: body, Shares: []plan.Share{p.shares[0].Share}, At: r.start.Add(offset).UnixNano()}
		if r.c.Loss == Redistribute {
			b.Lease = leaseTime
		}
		all.Go(func() error { return r.c.begin(p.member, &b) })
	}
	return all.Wait()
}

func (c *Coordinator) begin(m *member, b *begin) error {
	ctx, cancel := context.WithTimeout(context.Background(), orderWithin)
	defer cancel()
	var a answer
	if err := ask(ctx, c.nats, subjectOf(c.session, m.index, askStart), b, &a); err != nil {
		return fmt.Errorf("%s: it did not start: %w", m.name(), err)
	}
	if a.Refused != "" {
		return fmt.Errorf("%s: %s", m.name(), a.Refused)
	}
	return nil
}

// abandon stops what has begun of a run that cannot begin.
func (r *Run) abandon() {
	ctx, cancel := context.WithTimeout(context.Background(), changeWithin)
	defer cancel()
	_ = r.tell(ctx, r.parts, change{What: changeStop, How: plan.Cut}) // those that did not begin refuse
}

// follow reads the workers' snapshots and leases.
func (r *Run) follow(ctx context.Context) error {
	set, cancel := context.WithTimeout(ctx, setUpWithin)
	defer cancel()
	c := r.c
	consumer, err := c.stream.OrderedConsumer(set, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{r.subjects()},
		DeliverPolicy:  jetstream.DeliverAllPolicy,
	})
	if err != nil {
		return err
	}
	reading, err := consumer.Consume(r.take)
	if err != nil {
		return err
	}
	leases, err := c.leases.Watch(ctx, fmt.Sprintf("r%d.*", r.number))
	if err != nil {
		reading.Stop()
		return err
	}
	r.work.Go(func() {
		defer reading.Stop()
		defer leases.Stop()
		for {
			select {
			case entry, ok := <-leases.Updates():
				if !ok {
					return
				}
				if entry != nil {
					r.renewed(entry)
				}
			case <-ctx.Done():
				return
			}
		}
	})
	return nil
}

// subjects are those of the run's snapshots.
func (r *Run) subjects() string { return fmt.Sprintf("%s.%s.snap.%d.*", prefix, r.c.session, r.number) }

// opened reads a message of a worker's; nil where it is none of this run.
func (r *Run) opened(data []byte) *handedIn {
	var in handedIn
	if decode(data, &in) != nil || in.Run != r.number {
		return nil
	}
	if in.Object != "" {
		ctx, cancel := context.WithTimeout(context.Background(), setUpWithin)
		defer cancel()
		var err error
		if in.Body, err = r.c.files.GetBytes(ctx, in.Object); err != nil {
			return nil // the next one tells the same, and more
		}
	}
	return &in
}

// take takes a message of a worker's.
func (r *Run) take(m jetstream.Msg) {
	in := r.opened(m.Data())
	if in == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.partOf(in.Worker)
	if p == nil || in.Number <= p.number || r.over {
		return
	}
	if p.lost != nil {
		p.back = p.back || in.Last // see replay
		return
	}
	if err := r.takeMessage(p, in.Body); err != nil {
		r.notes = append(r.notes, fmt.Sprintf("%s: a snapshot could not be read: %v", p.name(), err))
		return
	}
	p.number, p.settled, p.final = in.Number, in.Settled, in.Last
	r.version++
}

// partOf is the part of the worker with the index, nil where it has none.
func (r *Run) partOf(index int) *part {
	for _, p := range r.parts {
		if p.index == index {
			return p
		}
	}
	return nil
}

// renewed notes that a worker has renewed its lease.
func (r *Run) renewed(entry jetstream.KeyValueEntry) {
	var run, index int
	if n, _ := fmt.Sscanf(entry.Key(), "r%d.w%d", &run, &index); n != 2 || string(entry.Value()) != string(leaseHeld) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.partOf(index); p != nil {
		p.revision, p.renewed = entry.Revision(), time.Now()
	}
}

// tell has workers make a change, all at once, and returns what the first of them says
// against it.
func (r *Run) tell(ctx context.Context, parts []*part, ch change) error {
	ch.Run = r.number
	var all errgroup.Group
	all.SetLimit(64)
	for _, p := range parts {
		r.mu.Lock()
		p.told++
		one := ch
		one.Number = p.told
		gone := p.lost != nil || p.final
		r.mu.Unlock()
		if gone {
			continue
		}
		all.Go(func() error {
			var a answer
			if err := ask(ctx, r.c.nats, subjectOf(r.c.session, p.index, askChange), &one, &a); err != nil {
				return fmt.Errorf("%s has not confirmed it: %w", p.name(), err)
			}
			if a.Refused != "" {
				return fmt.Errorf("%s: %s", p.name(), a.Refused)
			}
			return nil
		})
	}
	return all.Wait()
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
	return r.change(func(from time.Duration) error {
		err := r.confirm(change{What: changeRate, From: from, Freq: rate.Freq, Per: rate.Per, Concurrency: concurrency})
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.changes = append(r.changes, plan.Change{At: from, Rate: rate, Concurrency: concurrency})
		if r.plan.Open() {
			r.schedule = r.schedule.Changed(from+r.schedule.Warmup, rate)
		}
		return nil
	})
}

// Last has the run last so long from its measured start on, as attack.Run.Last does.
func (r *Run) Last(length time.Duration) error {
	return r.change(func(from time.Duration) error {
		if err := r.confirm(change{What: changeLength, From: from, Length: length}); err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.length = &length
		r.schedule = r.schedule.Lasting(length)
		return nil
	})
}

// change makes a change of all workers, while no other is made.
func (r *Run) change(do func(from time.Duration) error) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	r.mu.Lock()
	from := r.since(r.c.Clock().Add(changeLead))
	over := r.over || !r.stopped.IsZero()
	r.version++
	r.mu.Unlock()
	if over {
		return attack.ErrOver
	}
	err := do(from)
	r.keep()
	return err
}

func (r *Run) confirm(ch change) error {
	ctx, cancel := context.WithTimeout(context.Background(), changeWithin)
	defer cancel()
	return r.tell(ctx, r.parts, ch)
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
	if over {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), leaseTime)
		defer cancel()
		r.keep()
		_ = r.tell(ctx, r.parts, change{What: changeStop, How: how}) // one that does not hear is lost by its lease
	}()
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

// watch looks for workers that are lost, and for the run's end.
func (r *Run) watch(ctx context.Context) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	connected := time.Now()
	for {
		select {
		case <-tick.C:
		case <-r.c.replaced:
			r.note("another coordinator went on with this run: these figures end before its end")
			r.cancel()
			return
		case <-ctx.Done():
			return
		}
		if !r.c.nats.IsConnected() {
			connected = time.Now() // what cannot be heard is not lost
		}
		for _, p := range r.silent(connected) {
			r.lose(p)
		}
		r.settle()
		if r.allIn() {
			r.cancel()
			return
		}
	}
}

// settle ends the warm-up of all workers once each has settled.
func (r *Run) settle() {
	if !r.plan.WarmupUntilSettled {
		return
	}
	r.mu.Lock()
	all := !r.settled
	for _, p := range r.parts {
		if p.lost == nil && !p.settled {
			all = false
		}
	}
	from := r.c.Clock().Add(changeLead).Sub(r.start)
	if all = all && from < r.plan.Warmup; all {
		r.settled = true
		r.schedule = r.schedule.Settled(from)
	}
	r.mu.Unlock()
	if all {
		if err := r.confirm(change{What: changeSettle, From: from}); err != nil {
			r.note(err.Error())
		}
		r.keep()
	}
}

func (r *Run) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, text)
	r.version++
}

// silent are the workers whose lease has run out, or that should have reported by now.
func (r *Run) silent(connected time.Time) (list []*part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if now.Sub(connected) < leaseTime {
		return nil
	}
	end := r.latestEnd()
	for _, p := range r.parts {
		switch {
		case p.final || p.lost != nil:
		case r.c.Loss == Redistribute && now.Sub(p.renewed) > leaseTime, now.After(end):
			list = append(list, p)
		}
	}
	return list
}

// latestEnd is when all workers have reported, unless they are lost. r.mu is held.
func (r *Run) latestEnd() time.Time {
	after := r.plan.Timeout
	if r.plan.Stream != plan.StreamOff {
		after = max(after, r.plan.StreamTimeout)
	}
	if r.plan.AtEnd == plan.Cut {
		after = 0
	}
	after += lastReportWithin
	if !r.stopped.IsZero() {
		return r.stopped.Add(after)
	}
	p := r.lasting()
	length := p.Duration
	if p.Open() && p.Requests > 0 {
		if last, ok := r.schedule.LastInstant(); ok && (length == 0 || last < length) {
			length = last
		}
	}
	if length == 0 { // only the replies tell
		return time.Unix(1<<40, 0)
	}
	return time.Now().Add(time.Until(r.start)).Add(r.schedule.Warmup + length + after)
}

// lose gives a worker up, if it has not renewed its lease meanwhile, and hands on what
// is left of its share.
func (r *Run) lose(p *part) {
	r.changing.Lock()
	defer r.changing.Unlock()
	at := r.c.Clock().Add(changeLead)
	r.mu.Lock()
	from := r.since(at)
	r.mu.Unlock()
	if r.c.Loss == Redistribute && !r.revoke(p, from) {
		return
	}
	r.mu.Lock()
	p.lost = &loss{why: "it did not answer", since: p.renewed, at: at}
	r.joined.Lose(p.slot, r.lostOf(p))
	var left []*part
	for _, o := range r.parts {
		if o.lost == nil && !o.final {
			left = append(left, o)
		}
	}
	sent := p.sent
	r.version++
	running := r.stopped.IsZero()
	r.mu.Unlock()
	r.c.mu.Lock()
	p.gone = true
	r.c.mu.Unlock()
	r.c.Tell(p.name() + " is lost: it has not been heard of for " + time.Since(p.lost.since).Round(time.Second).String())
	switch {
	case r.c.Loss == Abort:
		r.mu.Lock()
		r.aborted = true
		r.mu.Unlock()
		r.Stop(plan.Drain)
	case r.c.Loss == Redistribute && running:
		r.handOn(p, left, from, sent)
	}
	r.c.keep()
	r.keep()
}

// revoke takes a worker's lease away as of an instant since the measured start, unless it
// was renewed meanwhile.
func (r *Run) revoke(p *part, from time.Duration) bool {
	r.mu.Lock()
	revision := p.revision
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), changeWithin)
	defer cancel()
	key := leaseKey(r.number, p.index)
	_, err := r.c.leases.Update(ctx, key, fmt.Appendf(nil, revokedFrom, int64(from)), revision)
	if errors.Is(err, jetstream.ErrKeyExists) {
		r.mu.Lock()
		defer r.mu.Unlock()
		p.renewed = time.Now() // it lives
		return false
	}
	return err == nil
}

// handOn gives the shares of a lost worker, which has sent so many requests, to those that
// are left.
func (r *Run) handOn(p *part, left []*part, from time.Duration, sent uint64) {
	if len(left) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaseTime)
	defer cancel()
	for _, h := range p.shares {
		request, parts := h.Request, len(left)
		if !r.plan.Open() {
			parts = max(1, min(parts, int(h.Part(uint64(r.plan.Concurrency)))))
			if n := h.Part(r.plan.Requests) - min(h.Part(request), h.Part(r.plan.Requests)); r.plan.Requests > 0 {
				request = h.Number(h.Part(request) + min(sent, n))
				if sent -= min(sent, n); request >= r.plan.Requests {
					continue // all of it was sent
				}
			}
		}
		for i, o := range left[:parts] {
			split := h.Split(uint64(i), uint64(parts))
			err := r.tell(ctx, []*part{o}, change{What: changeTake, From: from, Share: split, Request: request})
			if err != nil {
				r.note(fmt.Sprintf("of what %s was to send, a part was not taken over: %v", p.name(), err))
				continue
			}
			r.mu.Lock()
			o.shares = append(o.shares, held{split, from + r.schedule.Warmup, request})
			r.mu.Unlock()
		}
	}
}

// allIn reports whether all workers have handed in their last snapshot, or are lost.
func (r *Run) allIn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.parts {
		if !p.final && p.lost == nil {
			return false
		}
	}
	return true
}

// finish ends the run once all is in.
func (r *Run) finish() {
	r.work.Wait()
	r.replay()
	r.mu.Lock()
	r.over = true
	r.version++
	r.mu.Unlock()
	r.endOne.Do(func() { close(r.ending) })
	close(r.done)
}
