package attack

import (
	"math"
	"runtime"
	"runtime/metrics"
	"strings"
	"time"
)

// usage is what the process has cost so far.
type usage struct {
	at        time.Time
	cpu       time.Duration
	waited    time.Duration
	throttled time.Duration // by a quota
	gc        time.Duration
	pauses    []uint64 // counts of the runtime's GC pause histogram
}

const pauseMetric = "/sched/pauses/total/gc:seconds"

func readUsage() usage {
	h := readPauses()
	_, halted := quota()
	return usage{
		at:        time.Now(),
		cpu:       cpuTime(),
		waited:    runDelay(),
		throttled: halted,
		gc:        gcTime(),
		pauses:    append([]uint64(nil), h.Counts...),
	}
}

func readPauses() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: pauseMetric}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return &metrics.Float64Histogram{}
	}
	return sample[0].Value.Float64Histogram()
}

// client is what the run has cost since its start.
func (r *Run) client() Client {
	allowed, halted := quota()
	cpu := cpuTime() - r.began.cpu
	waited := max(0, runDelay()-r.began.waited) // a thread that ended took its share along
	return Client{
		Cores:      runtime.GOMAXPROCS(0),
		Quota:      allowed,
		Waited:     waited,
		Throttled:  max(0, halted-r.began.throttled),
		GC:         gcCost(gcTime()-r.began.gc, cpu, waited),
		CPU:        cpu,
		Wall:       time.Since(r.began.at),
		RSSPeak:    rssPeak(),
		GCPauseMax: longestPause(readPauses(), r.began.pauses),
		MaxFiles:   maxFiles(),
		Embedded:   r.embedded,
	}
}

// gcTime is the time that garbage collection has held processors, as of its
// last cycle, by the runtime's account. What it does while nothing else is to be
// done is left out, for it keeps nobody waiting.
func gcTime() time.Duration {
	samples := []metrics.Sample{
		{Name: "/cpu/classes/gc/mark/assist:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/dedicated:cpu-seconds"},
		{Name: "/cpu/classes/gc/pause:cpu-seconds"},
	}
	metrics.Read(samples)
	sum := 0.0
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindFloat64 {
			sum += s.Value.Float64()
		}
	}
	return time.Duration(sum * float64(time.Second))
}

// gcCost is what of that was CPU time. The runtime counts by the clock, and so
// counts as collecting what its threads waited for a core while they collected:
// on a busy machine most of it. They are taken to have had the same share of
// their time on a core as the process has had in all.
func gcCost(held, cpu, waited time.Duration) time.Duration {
	if cpu <= 0 {
		return 0
	}
	return min(cpu, time.Duration(float64(held)*float64(cpu)/float64(cpu+max(0, waited))))
}

// longestPause is the upper bound of the highest bucket that has grown.
func longestPause(h *metrics.Float64Histogram, before []uint64) time.Duration {
	for i := len(h.Counts) - 1; i >= 0; i-- {
		if i < len(before) && h.Counts[i] == before[i] || h.Counts[i] == 0 {
			continue
		}
		bound := h.Buckets[i+1]
		if math.IsInf(bound, 0) {
			bound = h.Buckets[i]
		}
		return time.Duration(bound * float64(time.Second))
	}
	return 0
}

func join(list []string) string { return strings.Join(list, ", ") }
