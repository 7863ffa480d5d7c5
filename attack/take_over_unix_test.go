//go:build !windows

package attack

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads/needs"
)

// TestTake: a run is stopped, and the two others send what it had left: all bodies arrive,
// each once.
func TestTake(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		set  func(p *plan.Plan)
		want uint64
	}{
		{"rate", func(p *plan.Plan) { p.Rate, p.Duration, p.Concurrency = mustRate(t, "500"), 2*time.Second, 64 }, 1000},
		{"rate with a warm-up", func(p *plan.Plan) {
			p.Rate, p.Duration, p.Concurrency, p.Warmup = mustRate(t, "500"), time.Second, 64, 100*time.Millisecond
		}, 500},
		{"number", func(p *plan.Plan) { p.Requests, p.Concurrency = 3000, 8 }, 3000},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := startOracle(t, 20_000, "-delay", "2ms", "-expect", fmt.Sprint(row.want))
			p := testPlan(0)
			row.set(&p)
			runs := divided(t, o.url(), p, 3, indexedBodies(t, 10_000, 0))
			lost := runs[1]
			await(func() bool { return lost.begun() >= 20 })
			lost.Stop(plan.Drain)
			at, _ := lost.stopInstant()
			<-lost.Done()
			sent, unsent := lost.Snapshot().Counts.Sent, lost.Snapshot().Counts.NotSent() // due when it was stopped
			own := plan.Share{Index: 1, Of: 3}
			for i, run := range []*Run{runs[0], runs[2]} {
				if err := run.Take(own.Split(uint64(i), 2), at.Sub(lost.measured.Load()), 0, own.Number(sent)); err != nil {
					t.Fatal(err)
				}
				if err := run.Take(own, 0, 0, 0); err != ErrHeld {
					t.Errorf("taken twice: %v", err)
				}
			}
			c, _ := together(t, []*Run{runs[0], runs[2]})
			seen := o.summaryOf(p.Warmup > 0)
			if c.Sent+sent+unsent != row.want || c.Planned != c.Sent || seen.Missing > unsent {
				t.Errorf("%d and %d sent, %d left over, %d planned by those that are left, %+v", c.Sent, sent, unsent, c.Planned, seen)
			}
			if err := runs[0].Take(plan.Share{Index: 1, Of: 3}.Split(5, 6), 0, 0, 0); err != ErrOver {
				t.Errorf("a run that is over takes over more: %v", err)
			}
		})
	}
}

// TestChangeAt: runs that are told of a change before its instant change as one, and one
// that is told too late says so.
func TestChangeAt(t *testing.T) {
	t.Parallel()
	o := startOracle(t, 20_000, "-delay", "2ms")
	p := testPlan(0)
	p.Rate, p.Duration, p.Concurrency = mustRate(t, "300"), 1200*time.Millisecond, 64
	runs := divided(t, o.url(), p, 3, indexedBodies(t, 10_000, 0))
	for _, r := range runs {
		for _, change := range []struct {
			at   time.Duration
			rate string
		}{{900 * time.Millisecond, "50"}, {500 * time.Millisecond, "700"}, {800 * time.Millisecond, "100"}} { // the first is dropped
			if err := r.ChangeAt(change.at, mustRate(t, change.rate), 0); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(r.Snapshot().Changes); n > 0 {
			t.Errorf("%d changes before their instant", n)
		}
	}
	c, all := together(t, runs)
	one := plan.NewSchedule(&p).Changed(500*time.Millisecond, mustRate(t, "700")).Changed(800*time.Millisecond, mustRate(t, "100"))
	if seen := o.summary(); c.Sent != one.Measured || c.Planned != c.Sent || seen.Distinct != c.Sent || seen.Arrived != c.Sent {
		t.Errorf("%d planned, %d sent, %d by one machine, %+v", c.Planned, c.Sent, one.Measured, seen)
	}
	for _, s := range all {
		if got := s.Changes; len(got) != 2 || got[0].At != 500*time.Millisecond || got[1].At != 800*time.Millisecond || len(s.Warnings) > 0 {
			t.Errorf("%v, %v", got, s.Warnings)
		}
	}

	p.Rate, p.Concurrency = vegeta.Rate{}, 3
	o = startOracle(t, 20_000, "-delay", "10ms")
	runs = divided(t, o.url(), p, 3, indexedBodies(t, 10_000, 0))
	for _, r := range runs {
		if err := r.ChangeAt(300*time.Millisecond, p.Rate, 8); err != nil {
			t.Fatal(err)
		}
		if err := r.ChangeAt(700*time.Millisecond, p.Rate, 1); err != nil {
			t.Fatal(err)
		}
	}
	await(func() bool { return runs[2].wanted.Load() == 0 }) // one of the three has a request left
	if err := runs[0].ChangeAt(0, p.Rate, 1); err != nil {
		t.Fatal(err)
	}
	c, all = together(t, runs)
	seen := o.summary()
	if seen.Arrived != c.Sent || seen.Distinct != c.Sent || seen.Connections != 8 {
		t.Errorf("%d sent, %+v", c.Sent, seen)
	}
	if len(all[0].Warnings) != 1 || len(all[0].Changes) != 1 || len(all[2].Changes) != 2 {
		t.Errorf("%v, %v", all[0].Warnings, all[0].Changes)
	}
}

// TestSettleTogether: runs that share a plan go on with the warm-up though their latency
// has settled, until they are told when it ends; their measured parts are then one.
func TestSettleTogether(t *testing.T) {
	needs.Time(t) // until latency has settled
	t.Parallel()
	o := startOracle(t, 50_000, "-delay", "2ms")
	p := testPlan(0)
	p.Rate, p.Duration, p.Concurrency, p.Warmup, p.WarmupUntilSettled = mustRate(t, "600"), time.Second, 64, time.Minute, true
	set := indexedBodies(t, 25_000, 0)
	p.StartAt = time.Now().Add(200 * time.Millisecond)
	var runs []*Run
	for i := range uint64(3) {
		p.Shares = []plan.Share{{Index: i, Of: 3}}
		runs = append(runs, startWith(t, o.url(), p, Request{UserAgent: "test"}, set, nil))
	}
	for _, r := range runs {
		<-r.Settled()
	}
	at := runs[0].clock.Now().Sub(runs[0].start) + 500*time.Millisecond
	for _, r := range runs {
		if err := r.Settle(time.Millisecond); err == nil {
			t.Error("an instant that has passed is the warm-up's end")
		}
		for range 2 { // a message may come twice
			if err := r.Settle(at); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Settle(at - 1); err != errSettled {
			t.Errorf("another end of the warm-up: %v", err)
		}
	}
	c, all := together(t, runs)
	if c.Planned != 600 || c.Sent != 600 {
		t.Errorf("%d planned, %d sent", c.Planned, c.Sent)
	}
	if seen := o.summaryOf(true); seen.Arrived != c.Sent+c.Warmup {
		t.Errorf("%d and %d sent, %+v", c.Sent, c.Warmup, seen)
	}
	for _, s := range all {
		if s.Warmup != at || !s.Settled || len(s.Warnings) > 0 || slices.ContainsFunc(all, func(o *result.Snapshot) bool { return o.Started.Sub(s.Started).Abs() > time.Millisecond }) {
			t.Errorf("%v of warm-up, settled %v, began at %v, %v", s.Warmup, s.Settled, s.Started, s.Warnings)
		}
	}
	if err := runs[0].Settle(at + time.Hour); err != nil {
		t.Errorf("an end after the last one: %v", err)
	}
}

// TestSettleKnownAtTheStart: a run that came late knows how long the warm-up is, and may be
// told, too; no other length is taken.
func TestSettleKnownAtTheStart(t *testing.T) {
	p := testPlan(0)
	p.Rate, p.Duration, p.Warmup = mustRate(t, "100"), time.Second, time.Minute
	run := ticketRun(p, 1)
	if err := run.Settle(time.Minute); err != nil {
		t.Errorf("the end of the warm-up that it has: %v", err)
	}
	if err := run.Settle(time.Second); err == nil {
		t.Error("it takes another end of its warm-up")
	}
}

// TestTakeFailed: a run that joined others and has no files for a share still waits for one.
func TestTakeFailed(t *testing.T) {
	share := plan.Share{Index: 0, Of: 1}
	p := testPlan(100)
	p.Shares = []plan.Share{share}
	r := ticketRun(p, 1)
	r.share.part.Shares = p.Shares
	r.expect()
	r.share.part.Concurrency = 1 << 30
	if err := r.Take(share, 0, 0, 0); err == nil || errors.Is(err, ErrHeld) || errors.Is(err, ErrOver) {
		t.Errorf("a billion connections: %v", err)
	}
	if !r.requestsLeft() || len(r.share.part.Shares) > 0 {
		t.Error("nothing is waited for")
	}
}
