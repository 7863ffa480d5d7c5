package live

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report/live/guard"
)

// feed publishes the state of the page to its subscribers, of which each open page is
// one. While there is any, one goroutine looks at the run when it is due, and
// publishes. A subscriber holds only a cursor, and is given one event that leads from
// there to the newest state, so that none can fall behind.
type feed struct {
	controller *controller
	wake       chan struct{} // something but the run has changed
	quit       chan struct{}
	publishing sync.WaitGroup
	active     sync.WaitGroup // subscribers that there are still

	mu          sync.Mutex
	ending      bool
	subscribers int
	loopRuns    bool
	seq         uint64           // publications so far
	published   chan struct{}    // closed at the next one
	current     *encodedSnapshot // nil while idle
	final       bool
	due         time.Time // when the run is due again, zero for never
	views       [2][]byte // for those who may only read, and for those who may act
	events      map[eventKey][]byte
}

// eventKey tells the events of one publication apart: from which interval on, -1 for
// a whole snapshot, from which slice on, and whether the subscriber may act.
type eventKey struct {
	from, slice int
	acts        bool
}

// cursor is what a subscriber has been sent.
type cursor struct {
	run     int
	epoch   int64
	n       int // intervals
	version int
	seq     uint64
}

func newFeed(c *controller) *feed {
	return &feed{controller: c, wake: make(chan struct{}, 1), quit: make(chan struct{}), published: make(chan struct{})}
}

// notify publishes the newest state soon.
func (f *feed) notify() {
	select {
	case f.wake <- struct{}{}:
	default: // it will be anyway
	}
}

var (
	errFull   = errors.New("100 pages are looking at this run already: close one of them")
	errEnding = errors.New("brunt is about to end")
)

// subscribe adds a subscriber, who must unsubscribe.
func (f *feed) subscribe() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ending {
		return errEnding
	}
	if f.subscribers >= guard.MaxViewers {
		return errFull
	}
	f.subscribers++
	f.active.Add(1)
	if !f.loopRuns {
		f.loopRuns = true
		select {
		case <-f.wake: // that change is published now
		default:
		}
		f.publish()
		f.publishing.Go(f.publishLoop)
	}
	return nil
}

func (f *feed) unsubscribe() {
	defer f.active.Done()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.subscribers--; f.subscribers == 0 {
		f.notify() // ends publishLoop
	}
}

// end publishes the last state, and ends all subscriptions after it.
func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ending = true
	if f.subscribers > 0 {
		f.publish()
	}
	close(f.quit)
}

// publishLoop publishes what is new until there are no subscribers.
func (f *feed) publishLoop() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		f.mu.Lock()
		wait := f.untilDue()
		f.mu.Unlock()
		timer.Reset(wait)
		touched := false
		select {
		case <-timer.C:
		case <-f.wake:
			touched = true
		case <-f.quit:
			return
		}
		f.mu.Lock()
		if f.subscribers == 0 {
			f.loopRuns = false
			f.mu.Unlock()
			return
		}
		if touched || f.hasNews() {
			f.publish()
		}
		f.mu.Unlock()
	}
}

const (
	intervalSlack = 5 * time.Millisecond // after an interval's end
	minWait       = 50 * time.Millisecond
	maxWait       = 5 * time.Second
)

// untilDue is how long to wait until the run has something new. The lock is held.
func (f *feed) untilDue() time.Duration {
	if f.current == nil || f.final {
		return time.Hour
	}
	return min(max(time.Until(f.due)+intervalSlack, minWait), maxWait)
}

// nextChange is when a run next changes by itself: its next interval ends, or its state
// becomes another.
func nextChange(s *result.Snapshot, plan *plan.Plan) time.Time {
	width, end := time.Second, time.Duration(0)
	if n := len(s.Intervals); n > 0 {
		width, end = s.Intervals[0].Width, s.Intervals[n-1].At+s.Intervals[n-1].Width
	}
	next, now := s.Started.Add(end+width), time.Now()
	if s.State == result.Warming && plan.WarmupUntilSettled { // which may be at any time
		return now.Add(width)
	}
	length := plan.Duration
	if s.Length != nil {
		length = *s.Length
	}
	for _, at := range []time.Time{s.Started.Add(-s.Warmup), s.Started, s.Started.Add(length)} {
		if at.After(now) && at.Before(next) {
			next = at
		}
	}
	return next
}

// hasNews reports whether the run has something that was not published yet. The lock is
// held.
func (f *feed) hasNews() bool {
	now, final := f.controller.find(0)
	if now == nil || final != nil || f.current == nil || now.number != f.current.number {
		return true
	}
	s := now.snapshot()
	return s.State != f.current.snapshot.State || len(s.Intervals) != len(f.current.snapshot.Intervals)
}

// publish makes the newest state the one that subscribers are sent. The lock is held.
func (f *feed) publish() {
	now, final, view := f.controller.view()
	f.current, f.final = nil, final != nil
	if now != nil {
		f.current = new(now.encode(final, now.judgedBy()))
		f.due = nextChange(f.current.snapshot, &now.job.Meta.Plan)
	}
	f.views = [2][]byte{marshal(view.forReaders()), marshal(view)}
	f.events = map[eventKey][]byte{}
	f.seq++
	close(f.published)
	f.published = make(chan struct{})
}

// next gives the event that leads from a cursor to the newest state, with the cursor
// after it; or, where the subscriber has that state already, a channel that is closed
// at the next publication.
func (f *feed) next(at cursor, acts bool) (event []byte, after cursor, published <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at.seq == f.seq {
		return nil, at, f.published
	}
	after = cursor{seq: f.seq}
	from, slice := -1, 0
	if e := f.current; e != nil {
		after = cursor{run: e.number, epoch: e.epoch, n: len(e.intervals), version: e.version, seq: f.seq}
		if at.run == e.number && at.epoch == e.epoch && at.n <= after.n {
			from = at.n
			if at.version < e.replacedIn {
				from = min(from, e.replacedFrom)
			}
			slice = e.slices.since(at.version)
		}
	}
	key := eventKey{from, slice, acts}
	if f.events[key] == nil {
		f.events[key] = f.event(key, after)
	}
	return f.events[key], after, nil
}

// event is one server-sent event. The lock is held.
func (f *feed) event(key eventKey, after cursor) []byte {
	var b bytes.Buffer
	name := "view"
	if key.from >= 0 {
		name = "tick"
	}
	fmt.Fprintf(&b, "event: %s\nid: %d.%d.%d\ndata: {\"view\":", name, after.run, after.epoch, after.n)
	if key.acts {
		b.Write(f.views[1])
	} else {
		b.Write(f.views[0])
	}
	b.WriteByte(',')
	if f.current == nil {
		b.WriteString(`"report":null,"extra":null`)
	} else {
		f.current.write(&b, max(key.from, 0), nil)
		if e := &f.current.slices; len(e.list) > key.slice {
			b.WriteString(`,"slices":`)
			e.write(&b, key.slice)
		}
	}
	if key.from >= 0 {
		b.WriteString(`,"from":` + strconv.Itoa(key.from))
	}
	b.WriteString("}\n\n")
	return b.Bytes()
}
