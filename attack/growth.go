package attack

import (
	"runtime"
	"time"
)

const (
	// fewOpening is how many new workers' connections may be on their way before
	// a turn waits for one of them, or for a worker to come free.
	fewOpening = 16
	// hurry is the lateness from which a ticket's want of a worker may be the
	// client's own doing.
	hurry = int64(time.Millisecond)
	// reprieve is how long a turn waits at a time, and patience the number of
	// such waits in which nothing came, after which the bound rises.
	reprieve = time.Millisecond
	patience = 5
	// fullShare is the share of its cores from which a client that is late
	// would only be later for another connection.
	fullShare = 0.9
)

// growth bounds how many connections a turn opens at a time. One costs the
// client ten times a request. If each ticket that finds no worker free opened
// one at once, a client that has just begun, or was held up, would spend its
// time on that, read no replies, whose workers could take the next tickets,
// and fall behind until every slot has a connection. So while many are on
// their way a ticket waits for one of them, or for a worker to come free; each
// millisecond one more is opened all the same, and where nothing came for some
// time, the endpoint is what is waited for, and the bound doubles each
// millisecond. A client that is late and has no CPU time to spare opens none:
// none would help. The turn's lock guards it.
type growth struct {
	opening int // new workers whose first connection is on its way
	timer   *time.Timer
	armed   bool // the timer runs; it counts as a worker meanwhile, for it may start one
	late    bool // the last ticket was
	held    bool // a ticket waits
	looking bool // for workers that have their reply and have not read it
	full    bool // the cores were busy with this process when the timer last struck
	freed   bool // a worker has come free since the timer was set
	quiet   int  // strikes of the timer without one
	grants  int  // workers that may be started beyond the bound until the timer strikes

	at  int64         // when the timer was set
	cpu time.Duration // CPU time of this process by then
}

// look holds the turn until the replies that are there have been read: a worker
// that comes free so is sooner there than a new one. The lock is held.
func (t *turn) look() {
	g := &t.growth
	g.held = true
	if g.looking {
		return
	}
	g.looking = true
	t.run.workers.Add(1)
	go t.looked()
}

func (t *turn) looked() {
	defer t.run.workers.Done()
	t.scout.look()
	t.mu.Lock()
	t.growth.looking = false
	t.grow(t.waiting() && t.granted())
}

// granted reports whether the turn may start a worker now; otherwise it is
// held.
func (t *turn) granted() bool {
	g := &t.growth
	if !g.late && g.opening < fewOpening {
		return true
	}
	if !g.armed {
		g.armed, g.full = true, false
		t.run.workers.Add(1)
		t.arm()
	}
	switch {
	case g.late && g.full:
	case g.opening < fewOpening:
		return true
	case g.grants > 0:
		g.grants--
		return true
	}
	g.held = true
	return false
}

// arm sets the timer.
func (t *turn) arm() {
	g := &t.growth
	g.freed, g.at, g.cpu = false, t.run.clock.now(), cpuTime()
	if g.timer == nil {
		g.timer = time.AfterFunc(reprieve, t.relieve)
	} else {
		g.timer.Reset(reprieve)
	}
}

// disarm stops the timer for good.
func (t *turn) disarm() {
	if t.growth.armed && t.growth.timer.Stop() {
		t.growth.armed = false
		t.run.workers.Done()
	}
}

// relieve lets a held turn grow although it is late or many connections are on
// their way.
func (t *turn) relieve() {
	t.mu.Lock()
	g, now := &t.growth, t.run.clock.now()
	if g.quiet++; g.freed {
		g.quiet = 0
	}
	g.full = float64(cpuTime()-g.cpu) >= fullShare*float64(runtime.GOMAXPROCS(0))*float64(now-g.at)
	g.grants = min(1<<min(max(0, g.quiet-patience), 20), t.limit)
	over := now >= t.run.end || t.run.over()
	grow := t.waiting() && (over || !g.full || !g.late)
	if grow && g.opening >= fewOpening {
		g.grants--
	}
	again := !over && !t.done && (g.late || g.held && !grow)
	if again {
		t.arm()
	} else {
		g.armed = false
	}
	t.grow(grow)
	if !again {
		t.run.workers.Done()
	}
}

// opened notes that a new worker's first connection is there, or will not be.
func (t *turn) opened() {
	t.mu.Lock()
	g := &t.growth
	g.opening--
	t.grow(t.waiting() && g.opening < fewOpening && !(g.late && g.full))
}

// waiting reports whether a held ticket still waits, and a worker is to be had.
func (t *turn) waiting() bool {
	return t.growth.held && !t.led && !t.done && t.workers < t.limit
}

// grow starts a worker, if it is to, and unlocks the turn.
func (t *turn) grow(do bool) {
	if do {
		t.growth.held = false
		t.growth.opening++
		t.workers++
	}
	t.mu.Unlock()
	if do {
		t.run.spawn(t)
	}
}
