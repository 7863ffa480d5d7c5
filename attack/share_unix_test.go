//go:build !windows

package attack

import (
	"fmt"
	"testing"
	"time"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
)

// divided starts so many runs of one plan, each with its share, at one instant.
func divided(t *testing.T, url string, p plan.Plan, n uint64, set *payloads.Set) (runs []*Run) {
	t.Helper()
	p.StartAt = time.Now().Add(200 * time.Millisecond)
	for i := range n {
		own := p
		own.Shares = []plan.Share{{Index: i, Of: n}}
		runs = append(runs, startWith(t, url, own, Request{UserAgent: "test"}, set, nil))
	}
	return runs
}

// together waits for the runs, checks the books of each, and adds up what they did.
func together(t *testing.T, runs []*Run) (c result.Counts, all []*result.Snapshot) {
	t.Helper()
	for _, r := range runs {
		<-r.Done()
		s := r.Snapshot()
		checkBooks(t, s)
		c.Planned += s.Counts.Planned
		c.Sent += s.Counts.Sent
		c.Warmup += s.Counts.Warmup
		c.Succeeded += s.Counts.Succeeded
		all = append(all, s)
	}
	return c, all
}

// TestShares: three runs that share a plan send what one run of it does: as many, each
// body once, none that is not counted.
func TestShares(t *testing.T) {
	t.Parallel()
	stages := func(word string) func(p *plan.Plan) {
		return func(p *plan.Plan) {
			list, err := plan.ParseStages(word)
			if err != nil {
				t.Fatal(err)
			}
			p.Concurrency = 0
			p.SetStages(list)
		}
	}
	for _, row := range []struct {
		name string
		set  func(p *plan.Plan)
		want uint64 // 0 where only the endpoint can tell
	}{
		{"rate", func(p *plan.Plan) { p.Rate, p.Duration, p.Concurrency = mustRate(t, "400"), 1100*time.Millisecond, 32 }, 440},
		{"rate and number", func(p *plan.Plan) { p.Rate, p.Requests = mustRate(t, "1000"), 701 }, 701},
		{"staged rate", stages("500ms@100..900, 100ms@0, 500ms@500"), 500},
		{"number", func(p *plan.Plan) { p.Requests, p.Concurrency = 2000, 7 }, 2000},
		{"number, more shares than slots", func(p *plan.Plan) { p.Requests, p.Concurrency = 500, 2 }, 500},
		{"number below that of the shares", func(p *plan.Plan) { p.Requests, p.Concurrency = 2, 6 }, 2},
		{"staged concurrency", stages("300ms@x1..x7, 300ms@x2"), 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			const room = 100_000
			p := testPlan(0)
			row.set(&p)
			o := startOracle(t, room, "-delay", "2ms", "-expect", fmt.Sprint(row.want))
			set := indexedBodies(t, room/2, 0)
			c, all := together(t, divided(t, o.url(), p, 3, set))
			for try := 1; c.Sent < c.Planned && try < 6; try++ { // at the plan's end: they were kept from their cores
				o = startOracle(t, room, "-delay", "2ms", "-expect", fmt.Sprint(row.want))
				c, all = together(t, divided(t, o.url(), p, 3, set))
			}
			seen := o.summary()
			if seen.Arrived != c.Sent || seen.Distinct != c.Sent || c.Succeeded != c.Sent || c.Planned != c.Sent {
				t.Errorf("%d planned, %d sent, %d succeeded, %d arrived, %d distinct", c.Planned, c.Sent, c.Succeeded, seen.Arrived, seen.Distinct)
			}
			if row.want > 0 && (c.Sent != row.want || seen.Missing > 0) {
				t.Errorf("%d sent, %d missing, want %d", c.Sent, seen.Missing, row.want)
			}
			for i, s := range all {
				if d := s.Started.Sub(all[0].Started).Abs(); d > time.Millisecond {
					t.Errorf("run %d started %v apart", i, d)
				}
			}
		})
	}
}

// TestSharedConcurrency: with two requests at a time over three runs, the third ends at
// once and sends nothing.
func TestSharedConcurrency(t *testing.T) {
	t.Parallel()
	o := startOracle(t, 100_000, "-delay", "5ms")
	p := testPlan(0)
	p.Concurrency, p.Duration = 2, 500*time.Millisecond
	runs := divided(t, o.url(), p, 3, indexedBodies(t, 50_000, 0))
	<-runs[2].Done()
	select {
	case <-runs[0].Done():
		t.Error("the one without a slot did not end at once")
	default:
	}
	c, all := together(t, runs)
	if seen := o.summary(); all[2].Counts.Sent != 0 || seen.Arrived != c.Sent || seen.Distinct != c.Sent || seen.Connections != 2 {
		t.Errorf("%+v, of the third %d", seen, all[2].Counts.Sent)
	}
}
