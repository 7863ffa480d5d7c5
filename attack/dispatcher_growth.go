package attack

import (
	"runtime"
	"time"

	"brunt/attack/host"
)

const (
	// maxOpening is how many new workers' connections may be on their way before
	// a ticket waits for one of them, or for a worker to come free.
	maxOpening = 16
	// ownDelay is the lateness from which a missing worker may be
	// due to the client itself.
	ownDelay = time.Millisecond
	// growthInterval is the time between two decisions to open one more connection.
	// quietIntervals is the number of intervals in which no worker came free, after
	// which the bound doubles with each interval.
	growthInterval = time.Millisecond
	quietIntervals = 5
	// fullCPUShare is the share of its cores from which a client that is late
	// would only be later for another connection.
	fullCPUShare = 0.9
)

// growth bounds how many connections a dispatcher opens at a time. Opening one costs
// the client ten times as much as a request. If each ticket that finds no free
// worker opened one at once, a client that has just begun, or was held up, would
// spend its time on that and read no replies, though their workers could take the
// next tickets: it would fall behind until every slot has a connection. So while
// many connections are being opened, a ticket waits for one of them or for a worker
// to come free. Each millisecond one more is opened all the same. Where no worker
// came free for some time, the endpoint is what is waited for, and the bound doubles
// each millisecond. A client that is late and has no CPU time left opens none, since
// none would help. The dispatcher's lock guards it.
type growth struct {
	opening     int // new workers whose first connection is on its way
	timer       *time.Timer
	timerRuns   bool // the timer runs; it counts as a worker meanwhile, for it may start one
	late        bool // the last ticket was late
	ticketWaits bool // a ticket waits for a worker
	polling     bool // for replies that have arrived and have not been read
	cpuBusy     bool // this process kept the cores busy when the timer last fired
	workerFreed bool // a worker has come free since the timer was set
	quietTicks  int  // intervals since a worker came free
	grants      int  // workers that may be started beyond the bound before the timer fires

	at  Instant       // when the timer was set
	cpu time.Duration // CPU time of this process by then
}

// pollReplies has the ticket wait until the replies that have arrived are read: a
// worker that comes free by that is there sooner than a new one. The lock is held.
func (d *dispatcher) pollReplies() {
	g := &d.growth
	g.ticketWaits = true
	if g.polling {
		return
	}
	g.polling = true
	d.run.workers.Add(1)
	go d.repliesPolled()
}

func (d *dispatcher) repliesPolled() {
	defer d.run.workers.Done()
	d.replyPoller.poll()
	d.mu.Lock()
	d.growth.polling = false
	d.growAndUnlock(d.canGrow() && d.mayStart())
}

// mayStart reports whether a worker may be started now. Otherwise the ticket waits.
// The lock is held.
func (d *dispatcher) mayStart() bool {
	g := &d.growth
	if !g.late && g.opening < maxOpening {
		return true
	}
	if !g.timerRuns {
		g.timerRuns, g.cpuBusy = true, false
		d.run.workers.Add(1)
		d.startTimer()
	}
	switch {
	case g.late && g.cpuBusy:
	case g.opening < maxOpening:
		return true
	case g.grants > 0:
		g.grants--
		return true
	}
	g.ticketWaits = true
	return false
}

// startTimer starts the timer of the next decision. The lock is held.
func (d *dispatcher) startTimer() {
	g := &d.growth
	g.workerFreed, g.at, g.cpu = false, d.run.clock.Now(), host.CPUTime()
	if g.timer == nil {
		g.timer = time.AfterFunc(growthInterval, d.timerFired)
	} else {
		g.timer.Reset(growthInterval)
	}
}

// stopTimer stops the timer for good.
func (d *dispatcher) stopTimer() {
	if d.growth.timerRuns && d.growth.timer.Stop() {
		d.growth.timerRuns = false
		d.run.workers.Done()
	}
}

// timerFired starts a worker for a ticket that waits, although the client is late or
// many connections are being opened.
func (d *dispatcher) timerFired() {
	d.mu.Lock()
	g, now := &d.growth, d.run.clock.Now()
	if g.quietTicks++; g.workerFreed {
		g.quietTicks = 0
	}
	g.cpuBusy = float64(host.CPUTime()-g.cpu) >= fullCPUShare*float64(runtime.GOMAXPROCS(0))*float64(now.Sub(g.at))
	g.grants = min(1<<min(max(0, g.quietTicks-quietIntervals), 20), d.limit)
	over := now >= d.run.end.Load() || d.run.over()
	grow := d.canGrow() && (over || !g.cpuBusy || !g.late)
	if grow && g.opening >= maxOpening {
		g.grants--
	}
	again := !over && !d.done && (g.late || g.ticketWaits && !grow)
	if again {
		d.startTimer()
	} else {
		g.timerRuns = false
	}
	d.growAndUnlock(grow)
	if !again {
		d.run.workers.Done()
	}
}

// opened notes that a new worker's first connection has been opened, or has failed.
func (d *dispatcher) opened() {
	d.mu.Lock()
	g := &d.growth
	g.opening--
	d.growAndUnlock(d.canGrow() && g.opening < maxOpening && !(g.late && g.cpuBusy))
}

// canGrow reports whether a ticket still waits for a worker and one may be started.
// The lock is held.
func (d *dispatcher) canGrow() bool {
	return d.growth.ticketWaits && !d.hasLeader && !d.done && d.workers < d.limit
}

// growAndUnlock starts a worker if start is true, and unlocks the dispatcher.
func (d *dispatcher) growAndUnlock(start bool) {
	if start {
		d.growth.ticketWaits = false
		d.growth.opening++
		d.workers++
	}
	d.mu.Unlock()
	if start {
		d.run.spawn(d)
	}
}
