package attack

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"brunt/attack/clock"
	"brunt/attack/host"
	"brunt/attack/plan"
	"brunt/attack/poll"
	"brunt/payloads"
)

// ticketRun is a run without connections: its loops take tickets and record replies
// that were never sent for.
func ticketRun(p plan.Plan, slots int) *Run {
	cores := min(runtime.GOMAXPROCS(0), slots)
	r := &Run{plan: p, payloads: payloads.Single("test", []byte("{}")), nameOf: []int{-1}}
	r.end.Store(1 << 62)
	r.clock = clock.From(time.Now().Add(-time.Hour))
	if p.Open() {
		r.schedule.Store(plan.NewSchedule(&r.plan))
	}
	for range cores {
		t := newTally(0)
		l := newLoop(r, poll.NewGoroutines(r.clock, &t.mu), t, slots/cores)
		r.loops = append(r.loops, l)
	}
	r.deal()
	for _, l := range r.loops {
		for range slots / cores {
			l.release(l.newSlot())
		}
	}
	return r
}

// pretend does to a ticket what slot.begin and slot.conclude do, but for the exchange.
func (s *slot) pretend(tk ticket) {
	s.loop.started++
	s.ex = exchange{ticket: tk}
	s.ex.variant = s.run.payloads.At(tk.index).Variant
	s.loop.deadlines.add(s)
	ex := &s.ex
	ex.sent, ex.first, ex.end = ex.begin, ex.begin+400_000, ex.begin+500_000+Instant(tk.index%4096)*64
	ex.status, ex.out, ex.in = 200, 200, 150
	s.free = ex.end
	s.loop.deadlines.remove(s)
	s.loop.tally.record(s)
}

// BenchmarkTickets takes tickets that are all due and counts them, without a
// transport: what brunt itself may cost per request. With one slot per core
// nothing is shared that need not be; with 64, what is shared in a run.
func BenchmarkTickets(b *testing.B) {
	for _, open := range []bool{false, true} {
		for _, perCore := range []int{1, 32} {
			for cores := 1; cores <= min(2, runtime.NumCPU()); cores++ {
				b.Run(fmt.Sprintf("open=%v/slots=%d/cores=%d", open, perCore*cores, cores), func(b *testing.B) {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
					p := testPlan(uint64(b.N))
					p.Concurrency = perCore * cores
					if open {
						p.Rate, _ = plan.ParseRate("10000000")
					}
					r := ticketRun(p, perCore*cores)
					var all sync.WaitGroup
					b.ReportAllocs()
					b.ResetTimer()
					before := host.CPUTime()
					for _, l := range r.loops {
						all.Go(func() {
							for i := 0; ; i++ {
								tk, ok := ticket{}, false
								s := l.slots[i%len(l.slots)]
								if open {
									s, tk, ok = l.takeDue()
								} else {
									tk, ok = l.claim.take(r, -1)
								}
								if !ok {
									return
								}
								s.pretend(tk)
								if open {
									l.release(s)
								}
							}
						})
					}
					all.Wait()
					cpu := host.CPUTime() - before
					b.StopTimer()
					if n := r.begun(); n != uint64(b.N) {
						b.Fatalf("%d of %d tickets", n, b.N)
					}
					// On a machine with other work, CPU time tells more than time does.
					b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N), "cpu-ns/ticket")
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tickets/s")
				})
			}
		}
	}
}
