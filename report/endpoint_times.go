package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/report/format"
)

// ServiceRun is what the endpoint says of its own times while the run was under
// way, of all that it served then.
type ServiceRun struct {
	Request ServiceTimes `json:"request_latency_ms"`
	Model   ServiceTimes `json:"model_prediction_latency_ms"`
	Queue   ServiceTimes `json:"model_queue_time_ms"`
}

// ofRun is how far the endpoint's counts over the run may be from the requests
// of the run.
const ofRun = 0.05

// fullMinute is the least time between two exports that share no request, where
// each holds a minute.
const fullMinute = 55 * time.Second

// part is one of an export's histograms: how many, and their sum in milliseconds.
type part func(*endpoint.Sample) (count, sum float64)

// overRun sets the endpoint's exports against the requests that the run has sent
// in all; nil where they do not tell it apart.
//
// Whether an export's histograms hold all that was ever served, as OpenMetrics
// has it, or the last minute, as the counts beside them do, is not documented.
// In the first case the run is the last export less the first. In the second it
// is the last one for a run of up to a minute, and for a longer one the sum of
// those after the first, a minute apart. Which it was the counts say: only what
// fits the run's own number of requests best is taken, and where two ways fit as
// well that differ in what they say, neither.
func overRun(all []endpoint.Sample, sent uint64) (found *ServiceRun) {
	if len(all) < 2 {
		return nil
	}
	first, last := &all[0], &all[len(all)-1]
	less := func(of part) ServiceTimes {
		count, sum := of(last)
		before, earlier := of(first)
		return timesOf(count-before, sum-earlier)
	}
	alone := func(of part) ServiceTimes { return timesOf(of(last)) }
	together := func(of part) ServiceTimes {
		var count, sum float64
		for i := range all[1:] {
			if all[i+1].At.Sub(all[i].At) >= fullMinute {
				more, longer := of(&all[i+1])
				count, sum = count+more, sum+longer
			}
		}
		return timesOf(count, sum)
	}
	for _, add := range []func(part) ServiceTimes{less, alone, together} {
		run := &ServiceRun{
			Request: add(func(x *endpoint.Sample) (float64, float64) { return x.Request.Count, x.Request.Sum }),
			Model:   add(func(x *endpoint.Sample) (float64, float64) { return x.Model.Count, x.Model.Sum }),
			Queue:   add(func(x *endpoint.Sample) (float64, float64) { return x.Queue.Count, x.Queue.Sum }),
		}
		switch {
		case !run.Request.near(sent) || !run.Model.near(sent) || !run.Queue.near(sent):
		case found == nil || run.Request.off(sent) < found.Request.off(sent):
			found = run
		case run.Request.off(sent) > found.Request.off(sent):
		case !alike(found.Request, run.Request) || !alike(found.Model, run.Model) || !alike(found.Queue, run.Queue):
			return nil
		}
	}
	return found
}

// near reports whether the times can be those of so many requests.
func (t ServiceTimes) near(sent uint64) bool {
	return t.Mean != nil && *t.Mean >= 0 && t.off(sent) <= ofRun*float64(sent)
}

// off is by how many the count is not so many requests.
func (t ServiceTimes) off(sent uint64) float64 { return math.Abs(t.Count - float64(sent)) }

// alike reports whether two means, in milliseconds, say the same.
func alike(a, b ServiceTimes) bool {
	return math.Abs(*a.Mean-*b.Mean) <= 0.1+0.02*max(*a.Mean, *b.Mean)
}

// whereWords says where the time went: network, queue or model. The endpoint's
// figures are of all that it served, so each has its own count.
func whereWords(r *Report) string {
	last, service := r.Endpoint.last(), &r.LatencyMS[figure.Service]
	if last == nil || service.Mean == nil {
		return ""
	}
	text := fmt.Sprintf(
		"network, queue or model? service %s (%s) as seen from here; ",
		format.MS(*service.Mean),
		format.Count(service.Count),
	)
	if run := r.Endpoint.OverRun; run != nil {
		text += "by the endpoint's own account of the run " + timesWords(run.Request, run.Model, run.Queue)
		between, within := *service.Mean-*run.Request.Mean, *run.Request.Mean-*run.Model.Mean-*run.Queue.Mean
		if run.Request.near(service.Count) && between >= 0 &&
			within >= 0 { // not where failures and warm-up are in one of them alone
			text += fmt.Sprintf(
				", which leaves %s for the rest of it and %s for network and gateway",
				format.MS(within),
				format.MS(between),
			)
		}
		return text + "; means, with counts"
	}
	words := timesWords(last.Request, last.Model, last.Queue)
	if words == "" {
		return ""
	}
	return text + "the endpoint's last export says " + words + "; means, with counts"
}

// timesWords names those of the times that are known.
func timesWords(request, model, queue ServiceTimes) string {
	var parts []string
	for _, x := range []struct {
		times ServiceTimes
		where string
	}{{request, "in all"}, {model, "in the model"}, {queue, "in its queue"}} {
		if x.times.Mean != nil {
			parts = append(
				parts,
				fmt.Sprintf("%s %s (%s)", format.MS(*x.times.Mean), x.where, format.Count(uint64(x.times.Count))),
			)
		}
	}
	return strings.Join(parts, ", ")
}
