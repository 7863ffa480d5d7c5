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
	"brunt/payloads"
)

// ticketRun is a run without connections: its workers take tickets and record
// replies that were never sent for.
func ticketRun(p plan.Plan, workers int) *Run {
	cores := runtime.GOMAXPROCS(0)
	r := &Run{plan: p, payloads: payloads.Single("test", []byte("{}")), nameOf: []int{-1}}
	r.end.Store(1 << 62)
	r.clock = clock.From(time.Now().Add(-time.Hour))
	for range min(cores, workers) {
		r.tallies = append(r.tallies, newTally(0))
	}
	if p.Open() {
		r.schedule.Store(plan.NewSchedule(&r.plan))
		for i := range cores {
			r.dispatchers = append(r.dispatchers, &dispatcher{run: r, stride: uint64(cores), next: uint64(i), limit: workers / cores, workers: workers / cores})
		}
	}
	for i := range workers {
		w := newWorker(r, nil, r.tallies[i%len(r.tallies)])
		if p.Open() {
			w.dispatcher = r.dispatchers[i%cores]
		}
		r.workerList = append(r.workerList, w)
	}
	return r
}

// pretend does to a ticket what worker.fire does, but for the exchange.
func (w *worker) pretend(tk ticket) {
	w.started.Store(w.started.Load() + 1)
	w.ex = exchange{ticket: tk}
	w.ex.variant = w.run.payloads.At(tk.index).Variant
	ex := &w.ex
	ex.sent, ex.first, ex.end = ex.begin, ex.begin+400_000, ex.begin+500_000+Instant(tk.index%4096)*64
	ex.status, ex.out, ex.in = 200, 200, 150
	w.free = ex.end
	w.tally.record(w)
}

// BenchmarkTickets takes tickets that are all due and counts them, without a
// transport: what brunt itself may cost per request. With one worker per core
// nothing is shared that need not be; with 64, what is shared in a run.
func BenchmarkTickets(b *testing.B) {
	for _, open := range []bool{false, true} {
		for _, perCore := range []int{1, 32} {
			for cores := 1; cores <= min(2, runtime.NumCPU()); cores++ {
				b.Run(fmt.Sprintf("open=%v/workers=%d/cores=%d", open, perCore*cores, cores), func(b *testing.B) {
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
					for _, w := range r.workerList {
						all.Go(func() {
							for {
								tk, ok := w.next()
								if !ok {
									return
								}
								w.pretend(tk)
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

func (w *worker) next() (ticket, bool) {
	if w.dispatcher != nil {
		return w.dispatcher.take(w)
	}
	return w.claim.take(w.run, -1)
}
