package attack

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// gcRoom is the garbage, in bytes, that may gather before it is collected. By a
// share of the heap it would be either too much, where there are many names, or
// so little that each look at a run costs several collections.
const gcRoom = 8 << 20

// heapLive is the metric of what the last collection left.
const heapLive = "/gc/heap/live:bytes"

// collector keeps the runtime's trigger of collections at gcRoom above what is
// in use. Who sets GOGC has decided for himself.
type collector struct {
	free    bool // it is ours to set
	was     int  // percent before
	percent int  // set now
}

func newCollector() *collector {
	return &collector{free: os.Getenv("GOGC") == ""}
}

// adjust sets the trigger where the heap has become another.
func (c *collector) adjust() {
	if !c.free {
		return
	}
	sample := []metrics.Sample{{Name: heapLive}}
	metrics.Read(sample)
	live := uint64(0)
	if sample[0].Value.Kind() == metrics.KindUint64 {
		live = sample[0].Value.Uint64()
	}
	want := int(min(max(100*gcRoom/max(live, 1), 5), 400))
	if c.percent > 0 && want < 2*c.percent && 2*want > c.percent {
		return
	}
	was := debug.SetGCPercent(want)
	if c.percent == 0 {
		c.was = was
	}
	c.percent = want
}

// restore gives the trigger back.
func (c *collector) restore() {
	if c.percent > 0 {
		debug.SetGCPercent(c.was)
		c.percent = 0
	}
}
