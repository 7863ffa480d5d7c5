package capacity

import (
	"fmt"
	"math"

	"brunt/report/format"
)

// Measured is what a step gave.
type Measured struct {
	Open            bool // requests came at a rate, whatever the endpoint did
	Planned, Sent   uint64
	Succeeded       uint64
	Failed          uint64
	Failures        string // the most frequent kind, in words; empty of none
	Rules           []Ruled
	FailuresAllowed bool    // a rule says how many requests may fail
	Points          []Point // of the measured time, in order
	Completed       float64 // successes per second within it
	Seconds         float64 // it lasted
	Offered         float64 // requests per second asked for; 0 in a closed loop
	// Behind says that the endpoint answered fewer requests than it was sent; empty
	// where nobody found it to.
	Behind string
	// Lost is why the step was ended early; empty where it was not.
	Lost string
	// Client is why brunt, and not the endpoint, may have broken the rules; empty
	// where it cannot have.
	Client string
	// Unmade is why the load that was asked for was not made by brunt; empty where
	// it was.
	Unmade string
}

// Ruled is how one rule fared.
type Ruled struct {
	Rule   string
	Met    bool
	Few    bool    // there is no figure, for want of requests
	Reason string  // why it is not met
	Weight float64 // as Outcome's
	// Excess is how many times as many requests as are allowed lie beyond the limit,
	// of Count requests where Share of them may; of a figure that is no such count it
	// is the figure by its limit, and Share is figureShare.
	Excess, Share float64
	Count         uint64
}

const (
	// failedShare is the share of failures from which a load is not borne where no
	// rule says how many may fail.
	failedShare = 0.01
	// madeShare is the share of the planned requests that must be sent.
	madeShare = 0.99
	// unclear is the weight of a figure close to its limit, and closeBy how close
	// that is, as a share of the limit.
	unclear, closeBy = 1.5, 0.05
	// ratio is the ratio of the two shares that a tail is tested between: half as
	// much to either side of the share allowed.
	ratio = 2
	// figureShare stands for the share that may lie beyond a limit where a figure is
	// no such share: how much a mean varies, tried on simulated queues.
	figureShare = 0.4
	// bursts is the length of a burst of slow requests by the time for which the
	// endpoint stays slow: tried on simulated queues.
	bursts = 4
)

// Judge is what the step has shown, and in one line why its load is not held.
func (m *Measured) Judge() (o Outcome, why string) {
	if m.Unmade != "" {
		return Outcome{Verdict: Client}, m.Unmade
	}
	weight, why := m.broken()
	if why == "" {
		return m.held()
	}
	if m.Client != "" {
		return Outcome{Verdict: Client}, m.Client
	}
	o = Outcome{Verdict: Broken, Weight: max(weight, 0.1)}
	o.Excess, o.Spread = m.excess()
	if m.Open && m.Completed < madeShare*m.Offered {
		o.Reached = m.Completed
	}
	o.Grew = grew(m.Points)
	return o, why
}

// broken is the heaviest evidence against the load, and why; empty for none.
func (m *Measured) broken() (weight float64, why string) {
	add := func(w float64, text string) {
		if why == "" || w > weight {
			weight, why = w, text
		}
	}
	if settled := m.Succeeded + m.Failed; m.Sent > 0 && settled == 0 {
		return most, "no request was answered"
	} else if share := float64(m.Failed) / float64(max(1, settled)); !m.FailuresAllowed && m.Failed > 0 && share >= failedShare {
		add(tail(m.Failed, settled, failedShare), fmt.Sprintf("%s of the requests failed (%s)", format.Share(100*share), m.Failures))
	}
	for _, r := range m.Rules {
		if !r.Met && !r.Few {
			add(r.Weight, r.Reason)
		}
	}
	if m.Lost != "" && why == "" {
		add(most, m.Lost)
	}
	if m.Behind != "" {
		add(most, m.Behind)
	}
	if fills, sure := filling(m.Points); m.Open && fills {
		w := unclear
		if sure {
			w = most
		}
		add(w, "requests piled up: response times rose throughout")
	}
	if m.Open && m.Failed == 0 && behind(m.Points, float64(m.Planned), m.Completed*m.Seconds) {
		add(
			most,
			fmt.Sprintf(
				"requests piled up: %s were completed of %s",
				format.Rate(m.Completed),
				format.AskedRate(m.Offered),
			),
		)
	}
	return weight, why
}

// held is the outcome of a step against which nothing speaks: as sure as the
// rule that came closest to its limit.
func (m *Measured) held() (Outcome, string) {
	weight := -float64(most)
	for _, r := range m.Rules {
		if r.Few {
			return Outcome{Verdict: Unjudged}, r.Reason
		}
		weight = max(weight, r.Weight)
	}
	o := Outcome{Verdict: Held, Weight: min(weight, -0.1)}
	o.Excess, o.Spread = m.excess()
	return o, ""
}

// excess is Outcome's, with its spread: at least that of one request, and that of
// all that come within the time for which the endpoint stays slow.
func (m *Measured) excess() (excess, spread float64) {
	slow := memory(m.Points)
	add := func(by, share float64, of uint64) {
		excess = max(excess, by)
		spread = max(spread, 1/(share*float64(max(1, of))), bursts*slow/(share*m.Seconds))
	}
	met := true
	for _, r := range m.Rules {
		if !r.Few {
			add(r.Excess, r.Share, r.Count)
			met = met && r.Met
		}
	}
	if settled := m.Succeeded + m.Failed; !m.FailuresAllowed && m.Failed > 0 {
		by := float64(m.Failed) / float64(settled) / failedShare
		add(by, failedShare, settled)
		met = met && by < 1
	}
	if _, why := m.broken(); why == "" {
		return min(excess, 1), spread
	} else if met { // it fell behind
		return mostExcess, spread
	}
	return max(excess, 1), spread
}

// tail is the evidence of n requests, over of which lie beyond a limit, that more
// than a share of all do: the logarithm of the likelihood ratio of a share √2
// times as large to one √2 times as small.
func tail(over, n uint64, share float64) float64 {
	large, small := share*math.Sqrt(ratio), share/math.Sqrt(ratio)
	large = min(large, (1+share)/2)
	return float64(over)*math.Log(large/small) + float64(n-over)*math.Log((1-large)/(1-small))
}

// distance is the evidence of a figure that is no count: clear, unless it lies
// close to its limit.
func distance(value, limit float64, met bool) float64 {
	weight := float64(most)
	if math.Abs(value-limit) < closeBy*limit {
		weight = unclear
	}
	if met {
		return -weight
	}
	return weight
}
