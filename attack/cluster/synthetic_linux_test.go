package cluster

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/attack/result/wire"
)

// syntheticNames are the payload names of a load that nobody sends.
var syntheticNames = []string{"search", "detail", "cart", "suggest", "health"}

// syntheticRun is what a worker would measure of a load that nobody sends: times of some
// hundred requests a second that spread as those of services do. Many simulated workers
// report the same one.
type syntheticRun struct {
	mu       sync.Mutex
	random   *rand.Rand
	seconds  int
	s        result.Snapshot
	sender   wire.Sender
	messages [][]byte
}

// syntheticRuns are some runs of so many seconds, whose buckets differ.
func syntheticRuns(seconds int) (list []*syntheticRun) {
	for i := range 8 {
		r := &syntheticRun{random: rand.New(rand.NewPCG(1, uint64(i))), seconds: seconds}
		r.s.State, r.s.Latencies, r.s.Status = result.Running, result.NewLatencies(), map[int]uint64{}
		r.s.Followed.Names = syntheticNames
		for _, name := range syntheticNames {
			r.s.Names = append(r.s.Names, result.Named{Name: name})
		}
		r.s.Addresses, r.s.RunID = []string{"10.0.0.1:443", "10.0.0.2:443"}, "swarmswarmsw"
		r.s.Client = result.Client{Cores: 2, RSSPeak: 80 << 20, Poller: "epoll"}
		list = append(list, r)
	}
	return list
}

// message is what the worker tells after so many seconds. Those before are told in turn.
func (r *syntheticRun) message(second int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.messages) < second {
		r.second()
		b, err := r.sender.Encode(&r.s)
		if err != nil {
			panic(err) // a snapshot made here
		}
		r.sender.Acknowledged()
		r.messages = append(r.messages, b)
	}
	return r.messages[second-1]
}

// second lets another second go by.
func (r *syntheticRun) second() {
	at := time.Duration(len(r.s.Intervals)) * time.Second
	iv := result.Interval{At: at, Width: time.Second, Planned: swarmRate, Sent: swarmRate, Succeeded: swarmRate}
	iv.Completed, iv.CompletedOK, iv.BytesIn, iv.BytesOut = swarmRate, swarmRate, 900*swarmRate, 1200*swarmRate
	response, service, lateness := histogram.New(), histogram.New(), histogram.New()
	r.s.Names = slices.Clone(r.s.Names)
	for i := range r.s.Names {
		n := &r.s.Names[i]
		own := histogram.New()
		for range swarmRate / len(r.s.Names) {
			late := int64(60e3 * math.Exp(0.5*r.random.NormFloat64()))
			took := int64(float64(10+5*i) * 1e6 * math.Exp(0.4*r.random.NormFloat64()))
			_ = service.RecordValue(took) // within the bounds
			_ = lateness.RecordValue(late)
			_ = own.RecordValue(took + late)
		}
		response.Merge(own)
		n.Sent, n.Succeeded = n.Sent+uint64(own.TotalCount()), n.Succeeded+uint64(own.TotalCount())
		n.Response.Merge(histogram.DistributionOf(own))
		n.Service.Merge(histogram.DistributionOf(own))
		iv.Names = append(iv.Names, result.IntervalNamed{
			Index: i, Sent: uint64(own.TotalCount()), Succeeded: uint64(own.TotalCount()), Response: histogram.SketchOf(own),
		})
	}
	iv.Response, iv.Service, iv.Lateness = histogram.SketchOf(response), histogram.SketchOf(service), histogram.SketchOf(lateness)
	r.s.Latencies[figure.Response].Merge(response)
	r.s.Latencies[figure.Service].Merge(service)
	r.s.Latencies[figure.FirstByte].Merge(service)
	r.s.Latencies[figure.Lateness].Merge(lateness)
	c := &r.s.Counts
	c.Planned, c.Sent, c.Succeeded = c.Planned+swarmRate, c.Sent+swarmRate, c.Succeeded+swarmRate
	c.BytesIn, c.BytesOut, c.Connections = c.BytesIn+iv.BytesIn, c.BytesOut+iv.BytesOut, 64
	r.s.Status[200] = c.Succeeded
	r.s.Intervals = append(r.s.Intervals, iv)
	r.s.Elapsed, r.s.PlanElapsed = at+time.Second, at+time.Second
	if len(r.s.Intervals) == r.seconds {
		r.s.State = result.Done
	}
}
