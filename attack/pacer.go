package attack

import (
	"context"
	"fmt"
	"math"
	"net"
	"sync/atomic"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/setting"
)

// errConnectRate is a request that the pacer could not give a connection in
// time.
var errConnectRate = setting.Errorf("no connection within the time-out, for %v allows no more", setting.ConnectRate)

// pacer spreads the opening of connections over time. Only who opens one pays
// for it.
type pacer struct {
	clock clock
	every int64 // between two connections
	burst int64 // how far it may run ahead after a rest
	all   bool  // not only the first connections

	next  atomic.Int64 // instant of the next connection
	held  atomic.Int64 // connections that waited noticeably
	until atomic.Int64 // instant of the last of them
}

// newPacer is nil where nothing is to be paced.
func newPacer(p *Plan, c clock) *pacer {
	pace := &pacer{clock: c}
	switch {
	case p.ConnectRate > 0:
		pace.every, pace.all = int64(time.Second)/int64(p.ConnectRate), true
	case p.Open():
		return nil
	default:
		pace.every = int64(time.Second) / DefaultConnectRate
		pace.burst = pace.every * (DefaultConnectRate/10 - 1)
	}
	pace.next.Store(math.MinInt64)
	return pace
}

// reserve takes the next free instant, unless that lies past latest.
func (p *pacer) reserve(latest int64) (at int64, ok bool) {
	now := p.clock.now()
	for {
		next := p.next.Load()
		at = max(next, now-p.burst)
		if at > latest {
			return at, false
		}
		if p.next.CompareAndSwap(next, at+p.every) {
			break
		}
	}
	if at-now > lateEnough {
		p.held.Add(1)
		p.until.Store(max(p.until.Load(), at))
	}
	return at, true
}

// admit waits, before a closed loop takes a ticket, until a connection may be
// opened for it; false when the run ends first.
func (p *pacer) admit(r *Run) bool {
	at, ok := p.reserve(r.end)
	if !ok {
		at = math.MaxInt64 // not before the end, which rest waits for
	}
	d := time.Duration(at - p.clock.now())
	return d <= 0 || r.rest(d)
}

// wait waits within a request that has until want.
func (p *pacer) wait(ctx context.Context, want int64) error {
	at, ok := p.reserve(want)
	d := time.Duration(at - p.clock.now())
	if ok && d <= 0 {
		return nil
	}
	if !ok {
		// The instant is left to those that have time for it.
		<-ctx.Done()
		return errConnectRate
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return errConnectRate
	}
}

// warning tells the reader where connections were waited for.
func (p *pacer) warning(measured int64) string {
	held := p.held.Load()
	if held == 0 {
		return ""
	}
	if !p.all && p.until.Load() <= measured {
		return "" // the warm-up has seen to it
	}
	rate := int64(time.Second) / p.every
	last := time.Duration(p.until.Load() - measured).Round(10 * time.Millisecond)
	if p.all {
		return fmt.Sprintf("%d connections waited for --connect-rate %d, the last one until %s: the run may have been limited by it", held, rate, endpoint.Exactly(last))
	}
	return fmt.Sprintf("the first connections were opened at %d per second, the last one at %s, so that load rose until then: use --warmup, or raise --connect-rate", rate, endpoint.Exactly(last))
}

// dialContext ends what has until want to open a connection, or the cut does.
func (r *Run) dialContext(want int64) (context.Context, context.CancelFunc) {
	return context.WithDeadline(r.dialling, r.clock.time(want))
}

// dial opens a connection at the pacer's next instant, unless permit says that
// this has been waited for.
func (r *Run) dial(ctx context.Context, want int64, permit bool) (net.Conn, time.Duration, time.Duration, error) {
	if r.pacer != nil && r.pacer.all && !permit {
		if err := r.pacer.wait(ctx, want); err != nil {
			return nil, 0, 0, err
		}
	}
	return r.dialer.Dial(ctx)
}
