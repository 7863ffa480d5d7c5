package host

import (
	"math"
	"runtime"
	"runtime/metrics"
	"time"
)

// Usage is what the process has cost up to the moment at which it was read.
type Usage struct {
	at        time.Time
	cpu       time.Duration
	waited    time.Duration
	throttled time.Duration // by a quota
	gc        time.Duration
	pauses    []uint64 // counts of the runtime's GC pause histogram
}

const pauseMetric = "/sched/pauses/total/gc:seconds"

// ReadUsage reads what the process has cost so far.
func ReadUsage() Usage {
	h := readPauses()
	_, halted := quota()
	return Usage{
		at:        time.Now(),
		cpu:       CPUTime(),
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

// Cost is what the process has cost from one moment to another, and what it is
// allowed.
type Cost struct {
	Cores      int           // that the process may use
	Quota      float64       // cores' worth of time that a control group allows, 0 where it sets no limit
	CPU        time.Duration // user + system
	Wall       time.Duration
	Waited     time.Duration // its threads were ready but had no core, summed over all; 0 where the system does not tell
	Throttled  time.Duration // stopped by the quota
	GC         time.Duration // CPU time of garbage collection
	RSSPeak    uint64        // bytes, of the process's whole life
	GCPauseMax time.Duration
	MaxFiles   uint64 // open-file limit, 0 where there is none
}

// Cost is what the process has cost since u was read.
func (u *Usage) Cost() Cost {
	allowed, halted := quota()
	cpu := CPUTime() - u.cpu
	waited := max(0, runDelay()-u.waited) // a thread that ended took its share along
	return Cost{
		Cores:      runtime.GOMAXPROCS(0),
		Quota:      allowed,
		Waited:     waited,
		Throttled:  max(0, halted-u.throttled),
		GC:         gcCost(gcTime()-u.gc, cpu, waited),
		CPU:        cpu,
		Wall:       time.Since(u.at),
		RSSPeak:    rssPeak(),
		GCPauseMax: longestPause(readPauses(), u.pauses),
		MaxFiles:   MaxFiles(),
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
