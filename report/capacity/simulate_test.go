package capacity

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// queue is a simulated endpoint: servers that take requests in the order of
// arrival, with whatever service times and arrivals its functions draw.
type queue struct {
	servers int
	capped  float64        // most per second, beyond a tenth of a second's worth at once; 0 for no cap
	bound   int            // most waiting, 0 for no bound; more are refused
	service func() float64 // seconds
	gap     func() float64 // to the next arrival, in units of the mean gap
	limit   float64        // of the p99 (or the quantile), in seconds
	share   float64        // that may be beyond the limit: 0.01 for p99
	mean    float64        // limit of the mean, in seconds; 0 for no such rule
	failed  float64        // share that may fail; 0 for no such rule
	grow    float64        // seconds of saturation after which the servers double, once
	length  float64        // seconds measured of a step
	cores   float64        // rate from which the client is the limit; 0 for none
	disturb func() float64 // factor on service times of a whole step; nil for none
	clock   float64        // all steps together
	steps   []Next
}

type instants []float64

func (h instants) Len() int           { return len(h) }
func (h instants) Less(i, j int) bool { return h[i] < h[j] }
func (h instants) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *instants) Push(x any)        { *h = append(*h, x.(float64)) }
func (h *instants) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// intervals is the number of intervals of a simulated step.
const intervals = 20

// step makes one step at a rate.
func (q *queue) step(next Next) (Outcome, error) {
	q.steps = append(q.steps, next)
	length := q.length
	if next.Long {
		length *= longer
	}
	length = max(length, 1.1/q.share/next.Level)
	settle := length / 5
	m := q.measure(next.Level, settle, length)
	q.clock += settle + length
	o, _ := m.Judge()
	return o, nil
}

func (q *queue) measure(rate, settle, length float64) *Measured {
	m := &Measured{Open: true, Offered: rate, FailuresAllowed: q.failed > 0, Points: make([]Point, intervals), Seconds: length}
	if q.cores > 0 && rate > q.cores {
		m.Client, m.Unmade = "brunt was too slow", "brunt was too slow"
		return m
	}
	factor := 1.0
	if q.disturb != nil {
		factor = q.disturb()
	}
	free := make(instants, q.servers) // when each server is free
	var came, starts, ends, times []float64
	saturated, due := 0.0, 0.0
	for at := 0.0; at < settle+length; at += q.gap() / rate {
		started := max(at, free[0])
		waiting := 0
		if q.bound > 0 {
			waiting = len(starts) - sort.SearchFloat64s(starts, at)
		}
		measured := at >= settle
		if measured {
			m.Planned++
			m.Sent++
		}
		full := q.bound > 0 && waiting >= q.bound && started > at
		if q.capped > 0 {
			due = max(due, at)
			if full = full || due-at >= 0.1; !full {
				due += 1 / q.capped
			}
		}
		if full {
			if measured {
				m.Failed++
			}
			continue
		}
		if started > at {
			if saturated == 0 {
				saturated = at
			}
			if q.grow > 0 && at-saturated >= q.grow {
				for range q.servers {
					heap.Push(&free, at)
				}
				q.servers, q.grow = 2*q.servers, 0
				started = max(at, free[0])
			}
		} else {
			saturated = 0
		}
		end := started + factor*q.service()
		free[0] = end
		heap.Fix(&free, 0)
		came = append(came, at)
		starts = append(starts, started)
		ends = append(ends, end)
		if measured {
			m.Succeeded++
			times = append(times, end-at)
		}
		if i := int((end - settle) / length * intervals); end >= settle && i < intervals {
			p := &m.Points[i]
			p.Done++
			p.Latency += 1e3 * (end - at)
		}
	}
	q.sumUp(m, settle, length, came, ends, times)
	return m
}

func (q *queue) sumUp(m *Measured, settle, length float64, came, ends, times []float64) {
	slices.Sort(ends)
	done := 0.0
	for i := range m.Points {
		p := &m.Points[i]
		p.Width = length / intervals
		if p.Latency /= p.Done; p.Done == 0 {
			p.Latency = math.NaN()
		}
		done += p.Done
		until := settle + float64(i+1)*p.Width
		p.InFlight = float64(sort.SearchFloat64s(came, until) - sort.SearchFloat64s(ends, until))
	}
	m.Completed = done / length
	over := uint64(0)
	for _, t := range times {
		if t > q.limit {
			over++
		}
	}
	n := uint64(len(times))
	if q.limit > 0 {
		r := Ruled{Rule: "p99", Met: float64(over) <= q.share*float64(n), Few: float64(n) < 1/q.share, Weight: tail(over, n, q.share), Reason: "too slow", Excess: float64(over) / (q.share * float64(n)), Count: n, Share: q.share}
		m.Rules = append(m.Rules, r)
	}
	if q.mean > 0 {
		sum := 0.0
		for _, t := range times {
			sum += t / float64(n)
		}
		m.Rules = append(m.Rules, Ruled{Rule: "mean", Met: sum < q.mean, Weight: distance(sum, q.mean, sum < q.mean), Reason: "too slow", Excess: sum / q.mean, Count: n, Share: figureShare})
	}
	if q.failed > 0 {
		met := float64(m.Failed) <= q.failed*float64(m.Planned)
		m.Rules = append(m.Rules, Ruled{Rule: "failed", Met: met, Weight: tail(m.Failed, m.Planned, q.failed), Reason: "failed", Excess: float64(m.Failed) / (q.failed * float64(m.Planned)), Count: m.Planned, Share: q.failed})
	}
}

func constant(x float64) func() float64 { return func() float64 { return x } }

func exponential(r *rand.Rand, mean float64) func() float64 {
	return func() float64 { return mean * r.ExpFloat64() }
}

func lognormal(r *rand.Rand, median, sigma float64) func() float64 {
	return func() float64 { return median * math.Exp(sigma*r.NormFloat64()) }
}

// erlangC is the probability that a request of an M/M/c queue waits, for c
// servers and an offered load of a.
func erlangC(c int, a float64) float64 {
	b := 1.0 // Erlang B, by its recursion
	for k := 1; k <= c; k++ {
		b = a * b / (float64(k) + a*b)
	}
	rho := a / float64(c)
	return b / (1 - rho*(1-b))
}

// sojourn is the share of requests of an M/M/c queue that take longer than t, for
// a rate, a service time of 1/mu and c servers.
func sojourn(rate, mu float64, c int, t float64) float64 {
	waits := erlangC(c, rate/mu)
	theta := float64(c)*mu - rate
	if math.Abs(theta-mu) < 1e-9*mu {
		return math.Exp(-mu*t) * (1 + waits*mu*t)
	}
	return (1-waits)*math.Exp(-mu*t) + waits*(theta*math.Exp(-mu*t)-mu*math.Exp(-theta*t))/(theta-mu)
}

// limitOf is the highest rate at which no more than a share take longer than t.
func limitOf(mu float64, c int, t, share float64) float64 {
	low, high := 0.0, float64(c)*mu
	for range 60 {
		if mid := (low + high) / 2; sojourn(mid, mu, c, t) <= share {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}
