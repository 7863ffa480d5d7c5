package cluster

import (
	"fmt"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/sys/unix"

	"brunt/attack/plan"
	"brunt/attack/result/join"
	"brunt/attack/result/wire"
)

// BenchmarkSecond is what a coordinator does in a second of a run of many workers: it
// reads a message of each of them, adds it up, and looks at the whole once. How long the
// run has lasted by then is to make no difference.
func BenchmarkSecond(b *testing.B) {
	const workers = 50
	for _, lasted := range []int{10, 120} {
		b.Run(fmt.Sprint("after=", lasted, "s"), func(b *testing.B) {
			a := join.New(&plan.Plan{
				Rate: vegeta.Rate{Freq: swarmRate * workers, Per: time.Second}, Concurrency: 1000, Duration: time.Hour, Timeout: time.Second,
			})
			for i := range workers {
				a.Add(fmt.Sprint("w", i))
			}
			runs := syntheticRuns(1 << 30)
			second := func(at int) (size int, took float64) {
				for _, run := range runs {
					run.message(at)
				}
				before := cpuNow(b)
				for i := range workers {
					body := runs[i%len(runs)].message(at)
					m, err := wire.Decode(body)
					if err == nil {
						err = a.Take(i, 0, m)
					}
					if err != nil {
						b.Fatal(err)
					}
					size += len(body)
				}
				if s := a.Snapshot(); s.Counts.Sent != uint64(at*swarmRate*workers) {
					b.Fatal(s.Counts.Sent)
				}
				return size, cpuNow(b) - before
			}
			at, size, cpu := 0, 0, 0.0
			for at < lasted {
				at++
				second(at)
			}
			b.ResetTimer()
			for range b.N {
				at++
				bytes, took := second(at)
				size, cpu = bytes, cpu+took
			}
			b.ReportMetric(0, "ns/op") // others use the machine, too
			b.ReportMetric(float64(size)/workers, "bytes/message")
			b.ReportMetric(1e6*cpu/float64(b.N*workers), "µs-CPU/message")
		})
	}
}

// cpuNow is the CPU time that this process has taken, in seconds.
func cpuNow(b *testing.B) float64 {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return cpuOf(&used)
}
