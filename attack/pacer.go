package attack

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"brunt/attack/clock"
	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads/setting"
)

// errConnectRate is a request for which the pacer allowed no connection before its
// deadline.
var errConnectRate = setting.Errorf("no connection within the time-out, for %v allows no more", setting.ConnectRate)

// pacer spreads the opening of connections over time. Only requests that open one go
// through it.
type pacer struct {
	clock clock.Clock
	rate  int           // of all runs of the plan together, per second
	every atomic.Int64  // ns between two connections
	burst time.Duration // by which it may run ahead after a pause
	all   bool          // all connections, not only the first ones

	next  clock.AtomicInstant // instant of the next connection
	held  atomic.Int64        // connections that waited longer than result.LateEnough
	until clock.AtomicInstant // instant of the last of them
}

// newPacer returns nil where the plan limits no connection rate.
func newPacer(p *plan.Plan, c clock.Clock) *pacer {
	pace := &pacer{clock: c}
	switch {
	case p.ConnectRate > 0:
		pace.rate, pace.all = p.ConnectRate, true
	case p.Open():
		return nil
	default:
		pace.rate = plan.DefaultConnectRate
	}
	if pace.divide(p.Fraction()); !pace.all {
		pace.burst = max(0, time.Second/10-time.Duration(pace.every.Load()))
	}
	pace.next.Store(math.MinInt64)
	return pace
}

// divide has the pacer allow a fraction of the plan's rate.
func (p *pacer) divide(fraction float64) {
	p.every.Store(int64(float64(time.Second/time.Duration(p.rate)) / fraction))
}

// reserve takes the next free instant. ok is false, and nothing is taken, where that
// lies after latest.
func (p *pacer) reserve(latest Instant) (at Instant, ok bool) {
	now := p.clock.Now()
	for {
		next := p.next.Load()
		at = max(next, now.Add(-p.burst))
		if at > latest {
			return at, false
		}
		if p.next.CompareAndSwap(next, at.Add(time.Duration(p.every.Load()))) {
			break
		}
	}
	if at.Sub(now) > result.LateEnough {
		p.held.Add(1)
		p.until.Store(max(p.until.Load(), at))
	}
	return at, true
}

// admit waits, before a closed loop takes a ticket, until a connection may be opened
// for it. It returns false when the run ends first.
func (p *pacer) admit(r *Run) bool {
	at, ok := p.reserve(r.end.Load())
	if !ok {
		at = never // not before the end, which rest waits for
	}
	d := at.Sub(p.clock.Now())
	return d <= 0 || r.rest(d)
}

// wait waits, within a request, until its connection may be opened, or until the
// deadline.
func (p *pacer) wait(ctx context.Context, deadline Instant) error {
	at, ok := p.reserve(deadline)
	d := at.Sub(p.clock.Now())
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

// warning is the line for the report where connections were held back, else empty.
func (p *pacer) warning(measured Instant) setting.Text {
	held := p.held.Load()
	if held == 0 {
		return setting.Text{}
	}
	if !p.all && p.until.Load() <= measured {
		return setting.Text{} // the warm-up has seen to it
	}
	rate := int64(p.rate)
	last := p.until.Load().Sub(measured).Round(10 * time.Millisecond)
	if p.all {
		return setting.Textf(
			"%d connections waited for %v %d, the last one until %s: the run may have been limited by it",
			held,
			setting.ConnectRate,
			rate,
			endpoint.Exactly(last),
		)
	}
	return setting.Textf(
		"the first connections were opened at %d per second, the last one at %s, so that load rose until then: use %v, or raise %v",
		rate,
		endpoint.Exactly(last),
		setting.Warmup,
		setting.ConnectRate,
	)
}

// dialContext ends at the deadline, or when the run is cut.
func (r *Run) dialContext(deadline Instant) (context.Context, context.CancelFunc) {
	return context.WithDeadline(r.dialContextParent, r.clock.Time(deadline))
}

// dial opens a connection to a host when the pacer allows it. permit says that it has allowed
// it already.
func (r *Run) dial(ctx context.Context, host int, deadline Instant, permit bool) (endpoint.Opened, error) {
	if r.pacer != nil && r.pacer.all && !permit {
		if err := r.pacer.wait(ctx, deadline); err != nil {
			return endpoint.Opened{}, err
		}
	}
	return r.hosts[host].dialer.Dial(ctx)
}
