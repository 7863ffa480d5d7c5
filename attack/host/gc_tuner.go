package host

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// gcGarbage is the garbage, in bytes, that may gather before it is collected. A
// share of the heap instead would be too much where there are many names, and
// elsewhere so little that each snapshot costs several collections.
const gcGarbage = 8 << 20

// heapLive is the metric of what the last collection left.
const heapLive = "/gc/heap/live:bytes"

// GCTuner keeps the runtime's collection trigger at gcGarbage above the memory in
// use. It does nothing where the user has set GOGC.
type GCTuner struct {
	free    bool // the user has not set GOGC
	was     int  // the percentage before
	percent int  // the percentage set now
}

// NewGCTuner returns a tuner that has set nothing yet.
func NewGCTuner() *GCTuner {
	return &GCTuner{free: os.Getenv("GOGC") == ""}
}

// Adjust sets the trigger anew where the heap has grown or shrunk by half.
func (t *GCTuner) Adjust() {
	if !t.free {
		return
	}
	sample := []metrics.Sample{{Name: heapLive}}
	metrics.Read(sample)
	live := uint64(0)
	if sample[0].Value.Kind() == metrics.KindUint64 {
		live = sample[0].Value.Uint64()
	}
	want := int(min(max(100*gcGarbage/max(live, 1), 5), 400))
	if t.percent > 0 && want < 2*t.percent && 2*want > t.percent {
		return
	}
	was := debug.SetGCPercent(want)
	if t.percent == 0 {
		t.was = was
	}
	t.percent = want
}

// Restore sets the trigger to what it was before the run.
func (t *GCTuner) Restore() {
	if t.percent > 0 {
		debug.SetGCPercent(t.was)
		t.percent = 0
	}
}
