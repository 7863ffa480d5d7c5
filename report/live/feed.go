package live

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"brunt/attack"
	"brunt/report/live/guard"
)

// feed tells viewers what is new. While there is any, one goroutine looks at
// the run when it is due and publishes; a viewer holds only its position and
// is given the way from there to the newest state, so none can fall behind.
type feed struct {
	room *room
	wake chan struct{} // something but the run has changed
	quit chan struct{}
	done sync.WaitGroup
	seen sync.WaitGroup // viewers who have not left

	mu      sync.Mutex
	ending  bool
	viewers int
	pumping bool
	seq     uint64        // publications so far
	changed chan struct{} // closed at the next one
	now     *edition      // nil while idle
	final   bool
	next    time.Time // when the run is due again, zero for never
	views   [2][]byte // for those who may look, and act
	frames  map[frameKey][]byte
}

// frameKey tells frames of one publication apart; from is -1 for the whole.
type frameKey struct {
	from int
	acts bool
}

// position is what a viewer has seen.
type position struct {
	run     int
	epoch   int64
	n       int // intervals
	version int
	seq     uint64
}

func newFeed(r *room) *feed {
	return &feed{room: r, wake: make(chan struct{}, 1), quit: make(chan struct{}), changed: make(chan struct{})}
}

// touch has the newest state published soon.
func (f *feed) touch() {
	select {
	case f.wake <- struct{}{}:
	default: // it will be
	}
}

var (
	errFull   = errors.New("100 pages are looking at this run already: close one of them")
	errEnding = errors.New("brunt is about to end")
)

// join lets a viewer in, who must leave.
func (f *feed) join() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ending {
		return errEnding
	}
	if f.viewers >= guard.MaxViewers {
		return errFull
	}
	f.viewers++
	f.seen.Add(1)
	if !f.pumping {
		f.pumping = true
		select {
		case <-f.wake: // what it was about is published now
		default:
		}
		f.publish()
		f.done.Go(f.pump)
	}
	return nil
}

func (f *feed) leave() {
	defer f.seen.Done()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.viewers--; f.viewers == 0 {
		f.touch() // lets the pump end
	}
}

// end publishes how it all ended and sends viewers away with it.
func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ending = true
	if f.viewers > 0 {
		f.publish()
	}
	close(f.quit)
}

// pump publishes what is new until the last viewer has left.
func (f *feed) pump() {
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
		if f.viewers == 0 {
			f.pumping = false
			f.mu.Unlock()
			return
		}
		if touched || f.news() {
			f.publish()
		}
		f.mu.Unlock()
	}
}

const (
	slack  = 5 * time.Millisecond // after an interval's end
	soon   = 50 * time.Millisecond
	longer = 5 * time.Second
)

// untilDue is how long the run has nothing new to show. The lock is held.
func (f *feed) untilDue() time.Duration {
	if f.now == nil || f.final {
		return time.Hour
	}
	return min(max(time.Until(f.next)+slack, soon), longer)
}

// due is when a run next changes by itself: its next interval ends, or its
// state passes into another.
func due(s *attack.Snapshot, plan *attack.Plan) time.Time {
	width, end := time.Second, time.Duration(0)
	if n := len(s.Intervals); n > 0 {
		width, end = s.Intervals[0].Width, s.Intervals[n-1].At+s.Intervals[n-1].Width
	}
	next, now := s.Started.Add(end+width), time.Now()
	for _, at := range []time.Time{s.Started.Add(-plan.Warmup), s.Started, s.Started.Add(plan.Duration)} {
		if at.After(now) && at.Before(next) {
			next = at
		}
	}
	return next
}

// news reports whether the run has something that was not published. The lock
// is held.
func (f *feed) news() bool {
	now, final := f.room.find(0)
	if now == nil || final != nil || f.now == nil || now.number != f.now.run {
		return true
	}
	s := now.snapshot()
	return s.State != f.now.of.State || len(s.Intervals) != len(f.now.of.Intervals)
}

// publish makes the newest state the one that viewers are led to. The lock is
// held.
func (f *feed) publish() {
	now, final, view := f.room.look()
	f.now, f.final = nil, final != nil
	if now != nil {
		f.now = new(now.update(final, f.room.rules))
		f.next = due(f.now.of, &now.job.Meta.Plan)
	}
	f.views = [2][]byte{marshal(view.readOnly()), marshal(view)}
	f.frames = map[frameKey][]byte{}
	f.seq++
	close(f.changed)
	f.changed = make(chan struct{})
}

// lead gives a viewer the frame that leads from its position to the newest
// state, and that position; or, where it is there already, what to wait for.
func (f *feed) lead(at position, acts bool) (frame []byte, there position, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at.seq == f.seq {
		return nil, at, f.changed
	}
	there = position{seq: f.seq}
	from := -1
	if e := f.now; e != nil {
		there = position{run: e.run, epoch: e.epoch, n: len(e.intervals), version: e.version, seq: f.seq}
		if at.run == e.run && at.epoch == e.epoch && at.n <= there.n {
			from = at.n
			if at.version < e.redoneIn {
				from = min(from, e.redone)
			}
		}
	}
	key := frameKey{from, acts}
	if f.frames[key] == nil {
		f.frames[key] = f.frame(key, there)
	}
	return f.frames[key], there, nil
}

// frame writes one event. The lock is held.
func (f *feed) frame(key frameKey, there position) []byte {
	var b bytes.Buffer
	name := "view"
	if key.from >= 0 {
		name = "tick"
	}
	fmt.Fprintf(&b, "event: %s\nid: %d.%d.%d\ndata: {\"view\":", name, there.run, there.epoch, there.n)
	if key.acts {
		b.Write(f.views[1])
	} else {
		b.Write(f.views[0])
	}
	b.WriteByte(',')
	if f.now == nil {
		b.WriteString(`"report":null,"extra":null`)
	} else {
		f.now.write(&b, max(key.from, 0))
	}
	if key.from >= 0 {
		b.WriteString(`,"from":` + strconv.Itoa(key.from))
	}
	b.WriteString("}\n\n")
	return b.Bytes()
}
