package report

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"brunt/attack/figure"
	"brunt/attack/result"
)

// Check reports the first identity that the report's figures break, with both
// sides of it. A report of one run or of a merge always passes; a file that
// was edited, or an error in the accounting, does not.
//
//	planned = sent + not_sent + unknown_planned
//	not_sent = Σ not_sent_reasons
//	sent = succeeded + failed + cut_off + unknown_sent + in_flight, of which in_flight is 0
//	unknown = unknown_sent + unknown_planned, of which there are some only where a worker was lost
//	connections = connect times
//	Σ status + Σ errors without a status = succeeded + failed
//	Σ errors = failed, and no more of one status than replies with it
//	Σ intervals = totals
//	histogram counts = counts, summaries = what their histograms say
//	streams: one TTFT for each with output, one gap between any two chunks, and
//	their chunks are no more than those of all intervals
//	what the endpoint needs = rate × mean service time
//	names: the same of each, and together no more than the totals
//
// While a run is in progress tickets may wait for a slot, so that there are more
// planned than sent, and what is in flight has no lateness yet. All its counts
// are of one moment, so that every other identity holds.
func (r *Report) Check() error {
	checks := []func() error{
		r.checkPlanned,
		r.checkSent,
		r.checkReplies,
		r.checkThroughput,
		r.checkIntervals,
		r.checkHistograms,
		r.checkNames,
		r.checkStages,
		r.checkModels,
		r.checkStream,
		r.checkUsage,
		r.checkGoodput,
		r.checkService,
		r.checkIntervalHistograms,
		r.checkSlices,
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return fmt.Errorf("figures contradict each other: %w", err)
		}
	}
	return nil
}

// equal says that two sides of an identity differ.
func equal(left string, a uint64, right string, b uint64) error {
	if a != b {
		return fmt.Errorf("%s (%d) is not %s (%d)", left, a, right, b)
	}
	return nil
}

func atMost(left string, a uint64, right string, b uint64) error {
	if a > b {
		return fmt.Errorf("%s (%d) is more than %s (%d)", left, a, right, b)
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) checkPlanned() error {
	q, why := &r.Requests, &r.Requests.NotSentReason
	err := equal("not_sent", q.NotSent, "no_slot + stopped + skipped", why.NoSlot+why.Stopped+why.Skipped)
	planned := "sent + not_sent" + andUnknown(q.UnknownPlanned, " + unknown_planned")
	if !r.Done() {
		return first(err, atMost(planned, q.Sent+q.NotSent+q.UnknownPlanned, "planned", q.Planned))
	}
	return first(err,
		equal("planned", q.Planned, planned, q.Sent+q.NotSent+q.UnknownPlanned),
		equal("in_flight of a finished run", q.InFlight, "none", 0),
	)
}

// andUnknown is a term of an identity that is told only where there are any.
func andUnknown(n uint64, term string) string {
	if n == 0 {
		return ""
	}
	return term
}

func (r *Report) checkSent() error {
	q := &r.Requests
	lost := slices.ContainsFunc(r.Client.Workers, func(w Worker) bool { return w.Lost != nil })
	if q.Unknown > 0 && !lost {
		return errors.New("unknown is more than 0, and no worker was lost")
	}
	return first(
		equal("unknown", q.Unknown, "unknown_sent + unknown_planned", q.UnknownSent+q.UnknownPlanned),
		equal("sent", q.Sent, "succeeded + failed + cut_off"+andUnknown(q.UnknownSent, " + unknown_sent")+" + in_flight",
			q.Succeeded+q.Failed+q.CutOff+q.UnknownSent+q.InFlight),
	)
}

// Done reports whether the run had ended when the report was made.
func (r *Report) Done() bool { return r.State == string(result.Done) }

func (r *Report) checkReplies() error {
	q := &r.Requests
	var replies, failures, withoutStatus uint64
	for _, n := range r.Status {
		replies += n
	}
	byStatus := map[int]uint64{}
	for _, e := range r.Errors {
		failures += e.Count
		if e.Status == nil {
			withoutStatus += e.Count
			continue
		}
		byStatus[*e.Status] += e.Count
	}
	for status, n := range byStatus {
		name := fmt.Sprintf("errors of status %d", status)
		if err := atMost(name, n, "replies with it", r.Status[status]); err != nil {
			return err
		}
	}
	return first(
		equal(
			"status counts + errors without a status",
			replies+withoutStatus,
			"succeeded + failed",
			q.Succeeded+q.Failed,
		),
		equal("the sum of errors", failures, "failed", q.Failed),
	)
}

func (r *Report) checkIntervals() error {
	var planned, sent, succeeded, failed, cutOff, in, out, completed, ok uint64
	for i := range r.Intervals {
		v := &r.Intervals[i]
		planned, sent, succeeded, failed = planned+v.Planned, sent+v.Sent, succeeded+v.Succeeded, failed+v.Failed
		cutOff, in, out = cutOff+v.CutOff, in+v.BytesIn, out+v.BytesOut
		completed, ok = completed+v.Completed, ok+v.CompletedOK
	}
	q, t := &r.Requests, &r.Throughput
	return first(
		equal("planned of all intervals", planned, "planned", q.Planned),
		equal("sent of all intervals", sent, "sent", q.Sent),
		equal("succeeded of all intervals", succeeded, "succeeded", q.Succeeded),
		equal("failed of all intervals", failed, "failed", q.Failed),
		equal("cut_off of all intervals", cutOff, "cut_off", q.CutOff),
		equal("completed of all intervals", completed, "completed", t.Completed),
		equal("completed_ok of all intervals", ok, "completed_ok", t.CompletedOK),
		equal("bytes_in of all intervals", in, "bytes_in", t.BytesIn),
		equal("bytes_out of all intervals", out, "bytes_out", t.BytesOut),
	)
}

func (r *Report) checkHistograms() error {
	return r.checkFigures(figure.Whole(), func(f figure.Figure) string {
		if f == figure.Lateness {
			return "lateness_ms"
		}
		return "latency_ms." + f.String()
	})
}

// checkPart holds the figures of a part of the requests against each other.
func checkPart(name string, q *NamedRequests, l *NamedLatency, h *NamedHistograms) error {
	settled := q.Succeeded + q.Failed + q.CutOff + q.InFlight
	return first(
		equal(name+"sent", q.Sent, "succeeded + failed + cut_off + in_flight", settled),
		equal(name+"samples of response", h.Response.Count(), "succeeded", q.Succeeded),
		equal(name+"samples of service", h.Service.Count(), "succeeded", q.Succeeded),
		agree(name+"latency_ms.response", l.Response, h.Response.Open()),
		agree(name+"latency_ms.service", l.Service, h.Service.Open()),
	)
}

func (r *Report) checkNames() error {
	var sent uint64
	for i := range r.Names {
		n := &r.Names[i]
		sent += n.Requests.Sent
		if err := checkPart(fmt.Sprintf("name %.40q: ", n.Name), &n.Requests, &n.LatencyMS, &n.Histograms); err != nil {
			return err
		}
	}
	return atMost("sent of all names", sent, "sent", r.Requests.Sent)
}

func (r *Report) checkModels() error {
	var count uint64
	for i := range r.ServedModels {
		m := &r.ServedModels[i]
		count += m.Count
		if m.Histograms.Response.Count() == 0 { // there were none in earlier versions
			continue
		}
		h, name := &m.Histograms, fmt.Sprintf("served model %.40q: ", m.Name)
		err := first(
			equal(name+"samples of response", h.Response.Count(), "count", m.Count),
			equal(name+"samples of service", h.Service.Count(), "count", m.Count),
			agree(name+"latency_ms.response", m.LatencyMS.Response, h.Response.Open()),
			agree(name+"latency_ms.service", m.LatencyMS.Service, h.Service.Open()),
		)
		if err != nil {
			return err
		}
	}
	return atMost("replies of all served models", count, "succeeded", r.Requests.Succeeded)
}

// agree says where a summary is not what its histogram sums up to. The
// tolerance leaves room for another version's rounding, no more.
func agree(where string, stated Summary, h Histogram) error {
	if stated.Count != h.Count() {
		return equal(where+".count", stated.Count, "the histogram's", h.Count())
	}
	own := h.Summary()
	theirs := stated.values()
	for i, mine := range own.values() {
		given := theirs[i]
		switch {
		case mine.value == nil && given.value == nil:
		case mine.value == nil:
			return fmt.Errorf("%s.%s (%g) has too few samples (%d) behind it", where, mine.key, *given.value, own.Count)
		case given.value == nil || math.Abs(*given.value-*mine.value) > 0.002**mine.value+1e-6:
			return fmt.Errorf(
				"%s.%s (%s) is not the histogram's (%g)",
				where,
				mine.key,
				plain(given.value),
				*mine.value,
			)
		}
	}
	return nil
}

func plain(value *float64) string {
	if value == nil {
		return "null"
	}
	return fmt.Sprintf("%g", *value)
}

// keyed is one value of a summary under its key in JSON.
type keyed struct {
	key   string
	value *float64
}

func (s *Summary) values() []keyed {
	return []keyed{
		{"min", s.Min}, {"mean", s.Mean}, {"stddev", s.StdDev}, {"p50", s.P50}, {"p75", s.P75}, {"p90", s.P90},
		{"p95", s.P95}, {"p99", s.P99}, {"p99_9", s.P999}, {"p99_99", s.P9999}, {"max", s.Max},
	}
}
