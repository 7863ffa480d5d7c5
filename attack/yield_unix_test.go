//go:build !windows

package attack

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"brunt/attack/plan"
)

// TestJoins: a run is stopped, two others send what it had left, and a third one that
// joins later takes that over from them: all bodies arrive, each once.
func TestJoins(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		set  func(p *plan.Plan)
		want uint64 // 0 where only the endpoint can tell
	}{
		{"rate", func(p *plan.Plan) { p.Rate, p.Duration, p.Concurrency = mustRate(t, "500"), 2*time.Second, 64 }, 1000},
		{"rate and number", func(p *plan.Plan) { p.Rate, p.Requests, p.Concurrency = mustRate(t, "500"), 900, 3 }, 900},
		{"rate with a warm-up", func(p *plan.Plan) {
			p.Rate, p.Duration, p.Concurrency, p.Warmup = mustRate(t, "500"), time.Second, 64, 600*time.Millisecond
		}, 500},
		{"number", func(p *plan.Plan) { p.Requests, p.Concurrency = 3000, 9 }, 3000},
		{"number, more shares than slots", func(p *plan.Plan) { p.Requests, p.Concurrency = 900, 2 }, 900},
		{"slots", func(p *plan.Plan) { p.Concurrency, p.Duration = 9, 1500*time.Millisecond }, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			const room = 20_000
			o := startOracle(t, room, "-delay", "2ms", "-expect", fmt.Sprint(row.want))
			p := testPlan(0)
			row.set(&p)
			p.StartAt = time.Now().Add(200 * time.Millisecond)
			set := indexedBodies(t, room/2, 0)
			share := func(i uint64) *Run {
				p.Shares = []plan.Share{{Index: i, Of: 3}}
				return startWith(t, o.url(), p, Request{UserAgent: "test"}, set, nil)
			}
			runs := []*Run{share(0), share(1), share(2)}
			lost, own := runs[1], plan.Share{Index: 1, Of: 3}
			await(func() bool { return o.arrived() >= 60 })
			lost.Stop(plan.Drain)
			at, _ := lost.stopInstant()
			<-lost.Done()
			gone := lost.Snapshot().Counts
			pieces, others := []plan.Share{own.Split(0, 2), own.Split(1, 2)}, []*Run{runs[0], runs[2]}
			if !p.Open() && own.Part(uint64(p.Concurrency)) == 1 {
				pieces, others = []plan.Share{own}, runs[:1]
			}
			numbers := own.Narrowed(3, uint64(p.Concurrency))
			for i, run := range others {
				if err := run.Take(pieces[i], at.Sub(lost.measured.Load()), 0, numbers.Number(gone.Sent)); err != nil {
					t.Fatal(err)
				}
			}
			p.Joined = 1
			joined := share(1)
			if s := joined.Snapshot(); s.Counts.Planned > 0 {
				t.Errorf("%d are planned for one that was given nothing", s.Counts.Planned)
			}
			<-time.After(150 * time.Millisecond) // they send of it meanwhile
			for i, run := range others {
				y, err := run.Yield(pieces[i], joined.clock.Now().Sub(joined.start)+50*time.Millisecond)
				if err != nil {
					t.Fatal(err)
				}
				if _, err = run.Yield(pieces[i], 0); err == nil || errors.Is(err, ErrOver) {
					t.Errorf("yielded twice: %v", err)
				}
				if err = joined.Take(pieces[i], y.Until-p.Warmup, 0, y.Request); err != nil {
					t.Fatal(err)
				}
			}
			c, all := together(t, []*Run{runs[0], runs[2], joined})
			warmed := p.Warmup > 0 || row.want == 0 // or bodies come round again
			if seen := o.summaryOf(warmed); !warmed && (seen.Arrived != c.Sent+gone.Sent || seen.Distinct != seen.Arrived) {
				t.Errorf("%d and %d sent, %+v", c.Sent, gone.Sent, seen)
			}
			if row.want > 0 && c.Planned+gone.Planned != row.want || c.Planned-c.Sent > row.want/4 {
				t.Errorf("%d and %d planned, %d and %d sent, want %d", c.Planned, gone.Planned, c.Sent, gone.Sent, row.want)
			}
			if s := all[2]; s.Counts.Sent == 0 || len(s.Warnings) > 0 {
				t.Errorf("the one that joined sent %d: %v", s.Counts.Sent, s.Warnings)
			}
			if d := all[2].Started.Sub(all[0].Started).Abs(); d > time.Millisecond {
				t.Errorf("it counts from an instant %v from the others'", d)
			}
		})
	}
}
