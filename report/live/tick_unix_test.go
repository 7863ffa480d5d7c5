//go:build unix

package live

import (
	"bytes"
	"syscall"
	"testing"
	"time"

	"brunt/attack/plan"
	"brunt/report"
	"brunt/report/rules"
)

// spent is the CPU time of this process so far, in milliseconds: a share of a
// busy machine's time says nothing.
func spent() float64 {
	var u syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}

// BenchmarkTick is what one second costs with viewers, when an hour's
// intervals are there. "anew" is the same without what the follower keeps.
func BenchmarkTick(b *testing.B) {
	meta, s := long(3600)
	slos, err := rules.ParseAll([]string{"p99<200ms", "failed<0.1%"})
	must(err)
	b.Run("followed", func(b *testing.B) {
		var c *encodedRun
		n, cpu, apart := 3600, spent(), 0.0
		for b.Loop() {
			if n++; n > 3600 {
				b.StopTimer()
				from := spent()
				c, n = newEncodedRun(meta), 3001
				cut := *s
				cut.Intervals = s.Intervals[:3000:3000]
				c.update(&cut, slos)
				apart += spent() - from
				b.StartTimer()
			}
			cut := *s
			cut.Intervals = s.Intervals[:n:n]
			c.update(&cut, slos)
			var frame bytes.Buffer
			c.write(&frame, n-1, nil)
			b.ReportMetric(float64(frame.Len()), "frame-bytes")
		}
		b.ReportMetric((spent()-cpu-apart)/float64(b.N), "cpu-ms/op")
	})
	b.Run("anew", func(b *testing.B) {
		cpu := spent()
		for b.Loop() {
			rep := report.From(meta, s)
			rules.JudgeAll(rep, slos)
			b.ReportMetric(float64(len(wholeRun(rep, 0))), "frame-bytes")
		}
		b.ReportMetric((spent()-cpu)/float64(b.N), "cpu-ms/op")
	})
}

// BenchmarkSnapshot is what a run itself spends on a look.
func BenchmarkSnapshot(b *testing.B) {
	job := mustJob(b, small(time.Hour))
	cpu := spent()
	for b.Loop() {
		job.Run.Snapshot()
	}
	b.ReportMetric((spent()-cpu)/float64(b.N), "cpu-ms/op") // that of 100 requests/s included
	job.Run.Stop(plan.Cut)
	<-job.Run.Done()
	job.Close(nil)
}
