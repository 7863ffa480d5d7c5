package compare

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/report"
)

// world is an endpoint as a series of requests: what a run would have recorded of
// it, without a clock or a network.
type world struct {
	seconds   int     // 60 unless given
	rate      int     // requests per second, 200 unless given
	median    float64 // milliseconds, 20 unless given
	sigma     float64 // of the log-normal's logarithm, 0.3 unless given; −1 is none
	tail      float64 // share of requests whose time is multiplied by a Pareto value
	shape     float64 // of that, 1.5 unless given: below 2 its variance is infinite
	phi       float64 // AR(1) of the level's logarithm, from second to second
	wander    float64 // standard deviation of that level
	stepAt    float64 // share of the run after which latency is multiplied by step; 0 is never
	step      float64
	failures  float64 // share
	bursts    bool    // failures come in one second of ten
	stall     float64 // share of seconds in which each request waits up to 300 ms
	ttft      float64 // median of the first token, milliseconds; 0 is no stream
	between   float64 // standard deviation of one run's level from the next
	rateLoss  float64 // share by which the completed rate falls
	slowStart float64 // multiple of the latency in the first tenth of the run
}

func (w world) filled() world {
	or := func(x *float64, other float64) {
		if *x == 0 {
			*x = other
		}
	}
	or(&w.median, 20)
	or(&w.sigma, 0.3)
	or(&w.shape, 1.5)
	w.sigma = math.Max(w.sigma, 0)
	if w.seconds == 0 {
		w.seconds = 60
	}
	if w.rate == 0 {
		w.rate = 200
	}
	return w
}

// run makes the report of one run.
func (w world) run(seed uint64) *report.Report {
	w = w.filled()
	key := [32]byte{}
	binary.LittleEndian.PutUint64(key[:], seed)
	rng := rand.New(rand.NewChaCha8(key)) // of neighbouring seeds, PCG's first values are alike
	r := &report.Report{Schema: 1, State: string(result.Done), ElapsedS: float64(w.seconds), PlanElapsedS: float64(w.seconds)}
	trust, valid, rule := result.TrustFull, true, "200-299"
	r.Verdict.Trust, r.Verdict.Valid = &trust, &valid
	r.Plan = report.Plan{
		RatePerS: new(float64(w.rate)), MaxInFlight: 10000, TimeoutS: 60, KeepAlive: true, Order: "sequential", Arrivals: "constant", Success: &rule,
		Payloads: []report.Payload{{File: "bodies.jsonl", Lines: 1, SHA256: "abc", Weight: 1}},
	}
	r.Target.URL = "http://127.0.0.1/"
	r.Histograms[figure.Response], r.Histograms[figure.Service] = report.NewHistogram(), report.NewHistogram()
	if w.ttft > 0 {
		r.Stream = &report.Stream{}
		r.Stream.Histograms[figure.TTFT], r.Stream.Histograms[figure.TPOT] = report.NewHistogram(), report.NewHistogram()
	}
	own := w.between * rng.NormFloat64()
	level := w.wander * rng.NormFloat64() // the stationary law from the start on
	at := w.stepAt * float64(w.seconds)
	if w.stepAt > 0 { // somewhat earlier or later in each run
		at *= 0.8 + 0.4*rng.Float64()
	}
	for s := range w.seconds {
		level = w.phi*level + w.wander*math.Sqrt(1-w.phi*w.phi)*rng.NormFloat64()
		scale := w.median * math.Exp(own+level)
		if w.stepAt > 0 && float64(s) >= at {
			scale *= w.step
		}
		if w.slowStart > 0 && s < w.seconds/10 {
			scale *= w.slowStart
		}
		r.Intervals = append(r.Intervals, w.second(s, scale, rng, r))
	}
	r.Throughput.WindowS = new(float64(w.seconds))
	r.Throughput.Completed = r.Requests.Succeeded + r.Requests.Failed
	r.SumUpIntervals()
	return r
}

// second is one of them.
func (w *world) second(s int, scale float64, rng *rand.Rand, r *report.Report) report.Interval {
	in := report.Interval{TS: float64(s), WidthS: 1, WindowS: new(1.0)}
	response, first, token := histogram.New(), histogram.New(), histogram.New()
	share := w.failures
	if w.bursts {
		share *= 10
		if rng.Float64() > 0.1 {
			share = 0
		}
	}
	stalled := rng.Float64() < w.stall
	for range int(float64(w.rate) * (1 - w.rateLoss)) {
		if rng.Float64() < share {
			in.Failed++
			continue
		}
		ms := scale * math.Exp(w.sigma*rng.NormFloat64())
		if rng.Float64() < w.tail {
			ms *= math.Pow(1-rng.Float64(), -1/w.shape)
		}
		if stalled {
			ms += 300 * rng.Float64()
		}
		in.Succeeded++
		ns := min(int64(ms*1e6), histogram.Max)
		must(response.RecordValue(ns))
		if w.ttft > 0 {
			must(first.RecordValue(int64(w.ttft * math.Exp(0.3*rng.NormFloat64()) * 1e6)))
			must(token.RecordValue(int64(8e6 * math.Exp(0.1*rng.NormFloat64()))))
		}
	}
	in.Completed, in.CompletedOK = in.Succeeded+in.Failed, in.Succeeded
	r.Requests.Succeeded += in.Succeeded
	r.Requests.Failed += in.Failed
	r.Histograms[figure.Response].Merge(response)
	r.Histograms[figure.Service].Merge(response)
	in.Response, in.Service = histogram.SketchOf(response), histogram.SketchOf(response)
	if w.ttft > 0 {
		in.TTFT, in.TPOT = histogram.SketchOf(first), histogram.SketchOf(token)
		r.Stream.Histograms[figure.TTFT].Merge(first)
		r.Stream.Histograms[figure.TPOT].Merge(token)
	}
	return in
}

// runs makes so many of them.
func (w world) runs(n int, seed uint64) []*report.Report {
	list := make([]*report.Report, n)
	for i := range list {
		list[i] = w.run(seed*1000 + uint64(i))
	}
	return list
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprint("a simulated value: ", err))
	}
}
