package mock

import (
	"math"
	"time"
)

// draws are the endpoint's random numbers as a pure function of the seed and
// the request's place among the served ones: no state, so that neither
// interleaving nor refusals change what the k-th served request gets.
type draws struct {
	state  uint64
	median float64 // nanoseconds
	first  float64 // the same of a stream's time to its first token
	sigma  float64
	errors float64 // share
	stalls float64 // share
	stall  int64   // nanoseconds
	faults [3]float64
}

func newDraws(c Config) draws {
	first := c.TTFT
	if first == 0 {
		first = c.Latency
	}
	return draws{
		state:  mix(c.Seed), // neighbouring seeds would share a shifted sequence otherwise
		median: float64(c.Latency),
		first:  float64(first),
		sigma:  c.Sigma,
		errors: c.Errors,
		stalls: c.Stalls,
		stall:  int64(c.Stall),
		faults: [3]float64{c.StreamErrors, c.StreamBreaks, c.StreamStalls},
	}
}

// latency is the k-th time in the model in nanoseconds: median·exp(sigma·z)
// with z standard normal, at most Limit, and longer where it stalls.
func (d *draws) latency(k uint64) int64 { return d.spread(d.median, k) + d.stalled(k) }

// firstToken is the same for the time to the first token of a stream.
func (d *draws) firstToken(k uint64) int64 { return d.spread(d.first, k) + d.stalled(k) }

// stalled is how much longer than that the k-th served request takes.
func (d *draws) stalled(k uint64) int64 {
	if d.stalls > 0 && d.uniform(k^1<<62) < d.stalls { // far from the other draws
		return d.stall
	}
	return 0
}

func (d *draws) spread(median float64, k uint64) int64 {
	if d.sigma == 0 || median == 0 {
		return int64(median)
	}
	z := math.Sqrt2 * math.Erfinv(2*d.uniform(2*k)-1)
	return int64(math.Min(median*math.Exp(d.sigma*z), float64(Limit/time.Nanosecond)))
}

// fails is whether the model fails the k-th served request.
func (d *draws) fails(k uint64) bool {
	return d.errors > 0 && d.uniform(2*k+1) < d.errors
}

// fault is what goes wrong in the middle of the k-th served request's stream.
func (d *draws) fault(k uint64) fault {
	u := d.uniform(k ^ 1<<63) // far from the other draws
	for i, share := range d.faults {
		if u < share {
			return errorInStream + fault(i)
		}
		u -= share
	}
	return noFault
}

// uniform is the n-th number of the splitmix64 sequence as a fraction strictly
// between 0 and 1.
func (d *draws) uniform(n uint64) float64 {
	return (float64(mix(d.state+n*golden)>>12) + 0.5) / (1 << 52)
}

// golden is splitmix64's increment, 2⁶⁴ divided by the golden ratio.
const golden = 0x9e3779b97f4a7c15

// mix is splitmix64's step and output function (Steele, Lea and Flood, "Fast
// splittable pseudorandom number generators", 2014).
func mix(x uint64) uint64 {
	x += golden
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
