package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/result/wire"
)

const (
	// publishEvery is how often a worker hands in what it has measured: rarer where a
	// message is large, so that publishBytes a second are not exceeded for long.
	publishEvery = time.Second
	publishBytes = 64 << 10
	publishMost  = 30 * time.Second
	// renewalsPerLease is how often a lease is renewed before it would run out.
	renewalsPerLease = 6
	// publishPatience is how long an acknowledgement of a snapshot is waited for.
	publishPatience = 2 * time.Second
)

// handedIn is what a worker's message to the stream holds.
type handedIn struct {
	Worker, Run int
	Number      int       // of the message, from 1
	Settled     bool      // latency has, within a warm-up that lasts until then
	Last        bool      // the run is done
	Body        []byte    // see wire.Encode
	Object      string    // where the body lies instead, since it is larger than a message may be
	Yielded     []yielded // all so far
	Left        *left     // nil where the worker goes on

	message    *wire.Message // what was read of it
	unreadable error         // why it could not be
}

// left is how far a worker's run was when the worker was told to end, by whoever runs it.
type left struct {
	From  time.Duration // since the measured start: others send the tickets from then on
	Taken uint64        // requests that its closed loop has begun
}

// task is a worker's share of a run.
type task struct {
	session *session
	run     *attack.Run
	number  int
	leases  jetstream.KeyValue
	lease   time.Duration
	slots   uint64 // of a closed loop that its lease holds back; 0 for none
	upTo    uint64 // requests that its lease says it may begin; for renew alone
	quit    chan struct{}
	ended   sync.Once
	work    sync.WaitGroup
	// reportedAll is closed once the last snapshot is in the stream, or nobody wants it.
	reportedAll chan struct{}
	left        chan struct{} // closed once the worker is to end
	leftOnce    sync.Once

	mu                         sync.Mutex
	changes                    int    // number of the last one
	last                       answer // to it
	yielded                    []yielded
	doneAt                     time.Time // of the run; zero while it is under way
	in                         bool      // the last snapshot is in the stream
	lost                       bool      // its lease was revoked
	records                    *recordsState
	leavesRecords, recordsAway bool // without being asked: it has begun to, and has
	gone                       bool // what the session has stored was removed
}

// start begins the run and what reports of it.
func (s *session) start(b begin, prepared *Prepared) (*task, error) {
	var p plan.Plan
	if err := json.Unmarshal(b.Plan, &p); err != nil {
		return nil, err
	}
	p.RunID, p.Shares = b.ID, b.Shares
	t := &task{session: s, number: b.Run, lease: b.Lease, quit: make(chan struct{}), reportedAll: make(chan struct{}), left: make(chan struct{})}
	if b.Ahead {
		t.slots = uint64(max(1, p.Part(p.Concurrency)))
	}
	var err error
	if t.leases, err = s.holdLease(&b, t.ahead(0, 0)); err != nil {
		return nil, err
	}
	p.StartAt = time.Now().Add(time.Duration(b.At - s.Clock().UnixNano()))
	if t.run, err = prepared.Start(p); err != nil {
		return nil, err
	}
	if b.Lease > 0 {
		t.run.TakeUntil(time.Now().Add(b.Lease))
		if n := t.ahead(0, 0); n > 0 {
			t.run.TakeUpTo(n)
		}
		t.work.Go(t.renew)
	}
	t.work.Go(t.report)
	return t, nil
}

// leave stops the run since the worker is to end: others send the rest of its share.
func (t *task) leave() {
	t.leftOnce.Do(func() {
		t.run.Stop(plan.Drain)
		close(t.left)
	})
}

// report hands in what was measured, until the last of it is in the stream.
func (t *task) report() {
	defer close(t.reportedAll)
	var sender wire.Sender
	wait := publishEvery
	leaving := t.left
	done := t.run.Done()
	for number := 1; ; number++ {
		select {
		case <-time.After(wait):
		case <-leaving:
			leaving = nil // tell at once
		case <-done:
			done = nil // where the last one does not arrive, it is tried again after a while
		case <-t.quit:
			return
		}
		last := isClosed(t.run.Done())
		if last {
			t.done()
		}
		body, err := sender.Encode(t.session.renamed(t.run.Snapshot()))
		if err == nil {
			left := t.leftNow() // after which nothing is yielded any more
			err = t.handIn(&handedIn{
				Worker: t.session.index, Run: t.number, Number: number, Settled: isClosed(t.run.Settled()), Last: last, Body: body,
				Left: left, Yielded: t.yieldedSoFar(),
			})
		}
		if err == nil {
			sender.Acknowledged()
			if last {
				t.mu.Lock()
				t.in = true
				t.mu.Unlock()
				return
			}
		} else if last && (t.overdue() || t.forgotten()) {
			return
		}
		wait = min(max(publishEvery, publishEvery*time.Duration(len(body)/publishBytes)), publishMost)
	}
}

// leftNow is how far the run was when the worker was told to end; nil where it was not.
func (t *task) leftNow() *left {
	from, stopped := t.run.StoppedAt()
	if !stopped || !isClosed(t.left) {
		return nil
	}
	return &left{from, t.run.Taken()}
}

func (t *task) yieldedSoFar() []yielded {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.yielded)
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// renamed is a snapshot in which files have the names that the coordinator gave them.
func (s *session) renamed(snapshot *result.Snapshot) *result.Snapshot {
	s.mu.Lock()
	paths := s.paths
	s.mu.Unlock()
	if len(paths) == 0 {
		return snapshot
	}
	name := func(payload string) string {
		for given, here := range paths {
			if rest, ok := strings.CutPrefix(payload, here); ok {
				return given + rest
			}
		}
		return payload
	}
	now := *snapshot
	now.Failures, now.Slowest = slices.Clone(now.Failures), slices.Clone(now.Slowest)
	for i := range now.Failures {
		now.Failures[i].Payload = name(now.Failures[i].Payload)
	}
	for i := range now.Slowest {
		now.Slowest[i].Payload = name(now.Slowest[i].Payload)
	}
	return &now
}

// handIn puts a message into the stream, and waits until it is there.
func (t *task) handIn(m *handedIn) error {
	ctx, cancel := context.WithTimeout(context.Background(), publishPatience)
	defer cancel()
	s := t.session
	subject := subjectSnapshots(s.name, m.Run, m.Worker)
	id := fmt.Sprintf("%d.%d.%d", m.Run, m.Worker, m.Number)
	if limit := s.nats.MaxPayload(); int64(len(m.Body)) > limit-1024 {
		store, err := s.js.ObjectStore(ctx, fileBucket(s.name))
		if err != nil {
			return err
		}
		if _, err = store.PutBytes(ctx, "snap."+id, m.Body); err != nil {
			return err
		}
		m.Body, m.Object = nil, "snap."+id
	}
	_, err := s.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: encode(m)}, jetstream.WithMsgID(id))
	return err
}

// change does what the coordinator asks of the run.
func (s *session) change(c change) answer {
	if !s.hear(c.Term) {
		return replacedAnswer
	}
	t := s.now()
	if t == nil || t.number < c.Run {
		return answer{Refused: "the run has not begun", Early: true}
	}
	if t.number > c.Run {
		return answer{Refused: "that run is over", Over: true}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case c.Number == t.changes: // asked again
		return t.last
	case c.Number < t.changes:
		return answer{}
	}
	t.changes, t.last = c.Number, answer{}
	if c.What == changeYield {
		y, err := t.run.Yield(c.Share, c.From)
		if err != nil {
			t.last = refusal(err)
			return t.last
		}
		t.yielded = append(t.yielded, yielded{len(t.yielded) + 1, y})
		t.last.Yielded = &t.yielded[len(t.yielded)-1]
	} else if err := t.obey(&c); err != nil {
		t.last = refusal(err)
	}
	return t.last
}

// refusal is the answer to a change that a run has not made.
func refusal(err error) answer {
	return answer{Refused: err.Error(), Over: errors.Is(err, attack.ErrOver)}
}

func (t *task) obey(c *change) error {
	switch c.What {
	case changeRate:
		return t.run.ChangeAt(c.From, vegeta.Rate{Freq: c.Freq, Per: c.Per}, c.Concurrency)
	case changeLength:
		return t.run.Last(c.Length)
	case changeTake:
		return t.run.Take(c.Share, c.From, c.Until, c.Request)
	case changeSettle:
		return t.run.Settle(c.From)
	case changeStop:
		t.run.Stop(c.How)
		return nil
	}
	return fmt.Errorf("no change %s is known", c.What)
}

func (t *task) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doneAt.IsZero() {
		t.doneAt = time.Now()
	}
}

// reported reports whether the last snapshot is in the stream.
func (t *task) reported() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.in
}

// forget notes that the session's coordinator has removed what it had stored.
func (t *task) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = true
}

// revoked reports whether the coordinator has taken the worker for lost.
func (t *task) revoked() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lost
}

func (t *task) forgotten() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.gone
}

// overdue reports whether the run has been done for so long that nobody wants it any
// more.
func (t *task) overdue() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.doneAt.IsZero() && time.Since(t.doneAt) > reportWithin
}

// close ends the run, if it is under way, and waits for its end.
func (t *task) close() {
	t.ended.Do(func() { close(t.quit) })
	t.run.Stop(plan.Cut)
	<-t.run.Done()
	t.work.Wait()
}
