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
	at     time.Time
	cpu    time.Duration
	waited time.Duration
	halted time.Duration // by a quota
	gc     time.Duration
	pauses []uint64 // counts of the runtime's GC pause histogram
}

const pauseMetric = "/sched/pauses/total/gc:seconds"

func readUsage() usage {
	h := readPauses()
	_, halted := quota()
	return usage{at: time.Now(), cpu: cpuTime(), waited: runDelay(), halted: halted, gc: gcTime(), pauses: append([]uint64(nil), h.Counts...)}
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
	return Client{
		Cores:      runtime.GOMAXPROCS(0),
		Quota:      allowed,
		Waited:     max(0, runDelay()-r.began.waited), // a thread that ended took its share along
		Throttled:  max(0, halted-r.began.halted),
		GC:         gcTime() - r.began.gc,
		CPU:        cpuTime() - r.began.cpu,
		Wall:       time.Since(r.began.at),
		RSSPeak:    rssPeak(),
		GCPauseMax: longestPause(readPauses(), r.began.pauses),
		MaxFiles:   maxFiles(),
		Embedded:   r.embedded,
	}
}

// gcTime is the CPU time that garbage collection has cost, as of its last
// cycle.
func gcTime() time.Duration {
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64 {
		return 0
	}
	return time.Duration(sample[0].Value.Float64() * float64(time.Second))
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
