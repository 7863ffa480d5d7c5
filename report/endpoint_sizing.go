package report

import (
	"fmt"
	"math"
	"slices"

	"brunt/attack/cause"
	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/report/format"
)

// What a sizing rests on: the time for which one request occupies one unit of
// the endpoint's provisioned concurrency.
const (
	byModelTime   = "model_time"   // the endpoint's own account of the run, without its queue
	bySaturation  = "saturation"   // units by the replies per second of an endpoint that was full
	byServiceTime = "service_time" // as seen from here, where next to nothing can have queued
)

const (
	// minForNeeded is how many successes the concurrency needed rests on.
	minForNeeded = 100
	// maxQueued is the part of the service time that queueing may be by the
	// approximation of Allen and Cunneen, for it to be left aside.
	maxQueued = 0.05
	// fullFrom is how many times the provisioned concurrency is in the endpoint on
	// average, from which on it is taken to be full all the time.
	fullFrom = 1.2
	// uneven is how far the mean may lie above the median: beyond, a few requests
	// that waited for something else may have made it.
	uneven = 1.15
	// rounds is how many service times a window must last for its rate to be that
	// of a full endpoint: at either end part of one is missing.
	rounds = 20
	// minIntervals is how many intervals a steady rate is the median of.
	minIntervals = 5
	// maxOdd is the share of requests that may fail for other reasons than that
	// the endpoint was full.
	maxOdd = 0.02
)

// occupied is for how many milliseconds a request occupies a unit, and by what,
// or why that is not known. A service time that holds waiting in the endpoint's
// queue would make the endpoint look as slow as it was loaded.
func (r *Report) occupied(used *float64) (ms float64, basis, reason string) {
	service := &r.LatencyMS[figure.Service]
	switch {
	case r.Plan.RatePerS == nil:
		return 0, "", "no rate was asked for"
	case len(r.Changes) > 0:
		return 0, "", "the load was changed while it ran"
	case r.Verdict.Untrusted():
		return 0, "", "the figures are not to be trusted"
	case service.Count < minForNeeded || service.Mean == nil:
		return 0, "", fmt.Sprintf("it takes %d successes, and there are %s", minForNeeded, format.Count(service.Count))
	}
	if own := r.Endpoint.model.Mean; own != nil {
		return *own, byModelTime, ""
	}
	if run := r.Endpoint.OverRun; run != nil && run.Model.Mean != nil && *run.Model.Mean > 0 {
		return *run.Model.Mean, byModelTime, ""
	}
	if used == nil || !(*used > 0) {
		return 0, "", "how many requests the endpoint works on at a time is not known, and so not how much of the service time was queueing"
	}
	return r.unqueued(*used)
}

// modelOf is the model's time in the endpoint's own account, where what it worked
// on was this run's: requests that it refused are in no such figure. See overRun
// for what an export may hold.
func modelOf(all []endpoint.Sample, served uint64) (found ServiceTimes) {
	if len(all) < 2 {
		return found
	}
	first, last := &all[0].Model, &all[len(all)-1].Model
	for _, t := range []ServiceTimes{timesOf(last.Count-first.Count, last.Sum-first.Sum), timesOf(last.Count, last.Sum)} {
		switch {
		case t.Mean == nil || !(*t.Mean > 0) || t.off(served) > 2*ofRun*float64(served):
		case found.Mean != nil && !alike(found, t):
			return ServiceTimes{}
		default:
			found = t
		}
	}
	return found
}

// unqueued judges by the client's figures alone.
func (r *Report) unqueued(used float64) (ms float64, basis, reason string) {
	t, service := &r.Throughput, &r.LatencyMS[figure.Service]
	if t.CompletedOKPerS == nil || !(*t.CompletedOKPerS > 0) {
		return 0, "", "nothing came within the measured time"
	}
	if odd := r.oddShare(); odd > maxOdd {
		return 0, "", fmt.Sprintf(
			"%s of the requests failed for other reasons than that the endpoint was full",
			format.Share(100*odd),
		)
	}
	reached, mean := *t.CompletedOKPerS, *service.Mean
	within := reached * mean / 1e3 // in the endpoint on average, by Little's law
	if within >= fullFrom*used && *r.Plan.RatePerS > 1.05*reached {
		if reached = r.steady(); !(*r.Plan.RatePerS > 1.05*reached) {
			return 0, "", "the endpoint was full for a part of the run only"
		}
		if ms = used / reached * 1e3; *t.WindowS*1e3 < rounds*ms {
			return 0, "", "the run was too short beside its service times"
		}
		return ms, bySaturation, ""
	}
	if service.P50 != nil && mean > uneven**service.P50 {
		return 0, "", fmt.Sprintf(
			"service times are too uneven (mean %s, median %s), as with a cold start among them",
			format.MS(mean),
			format.MS(*service.P50),
		)
	}
	// Of the mean so much is queueing, if no more is busy than is in the endpoint.
	variation := 0.0
	if service.StdDev != nil {
		variation = *service.StdDev / mean
	}
	if share := queueing(within/used, variation, used); share > maxQueued {
		return 0, "", fmt.Sprintf(
			"%s requests were in the endpoint on average, which works on %s at a time: how much of the %s was queueing is not known; ask for less, or for much more",
			format.Number(format.Significant(within, 3)),
			format.Number(used),
			format.MS(mean),
		)
	}
	return mean, byServiceTime, ""
}

// steady is the rate of successes that the endpoint kept to: the median of the
// intervals, where there are enough, since it may have begun slowly.
func (r *Report) steady() float64 {
	var rates []float64
	for i := range r.Intervals {
		if v := &r.Intervals[i]; v.WindowS != nil && *v.WindowS > 0.9*v.WidthS {
			rates = append(rates, float64(v.CompletedOK) / *v.WindowS)
		}
	}
	if len(rates) < minIntervals {
		return *r.Throughput.CompletedOKPerS
	}
	slices.Sort(rates)
	return (rates[(len(rates)-1)/2] + rates[len(rates)/2]) / 2
}

// oddShare is the share of requests that failed, but for refusals of an endpoint
// that is full.
func (r *Report) oddShare() float64 {
	var odd uint64
	for i := range r.Errors {
		if f := &r.Errors[i]; f.Cause == nil || *f.Cause != string(cause.Concurrency) {
			odd += f.Count
		}
	}
	return format.Per(float64(odd), float64(r.Requests.Succeeded+r.Requests.Failed))
}

// queueing is the mean wait by the mean service time for evenly spaced arrivals
// at so many servers, busy for a share of the time: Allen and Cunneen's
// approximation, cs²/2 · ρ^(√(2(c+1))−1) / (c·(1−ρ)). The network
// disturbs the arrivals a little.
func queueing(busy, variation, servers float64) float64 {
	if busy >= 1 {
		return math.Inf(1)
	}
	return (0.1 + variation*variation) / 2 * math.Pow(busy, math.Sqrt(2*(servers+1))-1) / (servers * (1 - busy))
}

// needed is rate × the time for which a request occupies a unit, 0 where that is
// not known. Reports of earlier versions took the mean service time.
func (r *Report) needed() float64 {
	p := r.Endpoint.Provisioned
	switch {
	case r.Plan.RatePerS == nil:
		return 0
	case p.ServiceMS != nil:
		return *r.Plan.RatePerS * *p.ServiceMS / 1e3
	case r.LatencyMS[figure.Service].Mean != nil:
		return *r.Plan.RatePerS * *r.LatencyMS[figure.Service].Mean / 1e3
	}
	return 0
}

// provisionWords is what the load needs of the endpoint, or why that is not
// known; empty where no rate was asked for.
func provisionWords(r *Report) string {
	if r.Endpoint == nil || r.Endpoint.Provisioned == nil || r.Plan.RatePerS == nil {
		return ""
	}
	p, used := r.Endpoint.Provisioned, ""
	if p.Used != nil {
		used = " " + format.Number(*p.Used)
	}
	if p.Needed == nil || p.NeededForTwice == nil || p.WorkloadSize == nil {
		if p.Reason == nil {
			return ""
		}
		return fmt.Sprintf(
			"provisioned concurrency%s: what %s needs is not known: %s",
			used,
			format.AskedRate(*r.Plan.RatePerS),
			format.Safe(*p.Reason, 300),
		)
	}
	ms := r.LatencyMS[figure.Service].Mean
	if p.ServiceMS != nil {
		ms = p.ServiceMS
	}
	if ms == nil {
		return ""
	}
	sizes := SizeWords(*p.WorkloadSize)
	twice, _ := WorkloadSize(*p.NeededForTwice)
	if twice = SizeWords(twice); twice != sizes {
		sizes += " / " + twice
	}
	return fmt.Sprintf(
		"provisioned concurrency%s: %s × %s%s needs %s, twice the rate %s (%s)",
		used,
		format.AskedRate(*r.Plan.RatePerS),
		format.MS(*ms),
		basisWords(p.Basis),
		format.Number(format.Significant(*p.Needed, 3)),
		format.Number(format.Significant(*p.NeededForTwice, 3)),
		sizes,
	)
}

// basisWords say what time it was that a sizing rests on.
func basisWords(basis *string) string {
	if basis == nil {
		return ""
	}
	switch *basis {
	case byModelTime:
		return " in the model"
	case bySaturation:
		return " a request while it was full"
	}
	return ""
}
