package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"brunt/attack/arrivals"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report/format"
)

// Throughput holds rates: offered = planned and sent = sent, each by the
// plan's elapsed time; succeeded and bytes by the time to the last reply, or
// to the end where requests were cut off (Report.ElapsedS). In a report of
// several runs the times are those in which any of them ran (Report.Spans).
//
// Completed are the complete replies, of any status, that came within the
// measured window (see result.Window), those to the warm-up's requests included
// and those of the drain left out; completed_ok are the successes among them.
// Their rates are by the window's length: the endpoint's own, free of a run's
// edges. They are null where the window has no length or is not known.
type Throughput struct {
	OfferedPerS     float64  `json:"offered_per_s"`
	SentPerS        float64  `json:"sent_per_s"`
	SucceededPerS   float64  `json:"succeeded_per_s"`
	CompletedPerS   *float64 `json:"completed_per_s"`
	CompletedOKPerS *float64 `json:"completed_ok_per_s"`
	// CompletedTokensPerS is of completed_output_tokens: the output tokens that came
	// within the window by their own instants, whoever asked for them and whatever
	// became of the reply (see result.WindowTokens); null also where no token is
	// known of.
	CompletedTokensPerS *float64 `json:"completed_output_tokens_per_s"`
	BytesInPerS         float64  `json:"bytes_in_per_s"`
	BytesOutPerS        float64  `json:"bytes_out_per_s"`
	BytesIn             uint64   `json:"bytes_in"`
	BytesOut            uint64   `json:"bytes_out"`
	WindowS             *float64 `json:"window_s"` // its length
	Completed           uint64   `json:"completed"`
	CompletedOK         uint64   `json:"completed_ok"`
	CompletedTokens     uint64   `json:"completed_output_tokens"`
	// EstimatedTokens are those of completed_output_tokens that came in streams that
	// failed, were cut off or, in a report of a run under way, have not ended: their
	// chunks, at the tokens per chunk of the streams that succeeded.
	EstimatedTokens uint64 `json:"completed_output_tokens_estimated"`
}

// Span is when a run was, in seconds since the report's start.
type Span struct {
	TS           float64  `json:"t_s"`
	PlanElapsedS float64  `json:"plan_elapsed_s"`
	ElapsedS     float64  `json:"elapsed_s"`
	WindowS      *float64 `json:"window_s"` // length of its measured window, which begins at t_s; null where it is not known
}

// RunSpans are those of all runs in the report.
func (r *Report) RunSpans() []Span {
	if len(r.Spans) > 0 {
		return r.Spans
	}
	return []Span{{PlanElapsedS: r.PlanElapsedS, ElapsedS: r.ElapsedS, WindowS: r.Throughput.WindowS}}
}

// union is how long at least one of the spans lasted, by what length takes for
// its length.
func union(spans []Span, length func(*Span) float64) (s float64) {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b Span) int { return cmp.Compare(a.TS, b.TS) })
	until := math.Inf(-1)
	for i := range sorted {
		from, to := sorted[i].TS, sorted[i].TS+length(&sorted[i])
		s += max(0, to-max(from, until))
		until = max(until, to)
	}
	return format.Significant(s, 12)
}

// sending is for how long requests were to be sent, and running for how long
// the runs lasted, down to the last reply.
func (r *Report) sending() float64 {
	return union(r.RunSpans(), func(s *Span) float64 { return s.PlanElapsedS })
}

func (r *Report) running() float64 {
	return union(r.RunSpans(), func(s *Span) float64 { return s.ElapsedS })
}

// window is the length of the measured window, of several runs of all of them
// together; null where one's is not known.
func (r *Report) window() *float64 {
	spans := r.RunSpans()
	if slices.ContainsFunc(spans, func(s Span) bool { return s.WindowS == nil }) {
		return nil
	}
	return new(union(spans, func(s *Span) float64 { return *s.WindowS }))
}

// windowOf fills in what a snapshot counted within its window.
func (r *Report) windowOf(s *result.Snapshot) {
	w, t := &s.Counts.Window, &r.Throughput
	t.WindowS = new(format.Seconds(w.Length))
	t.Completed, t.CompletedOK = w.Completed, w.OK
	t.CompletedTokens, t.EstimatedTokens = w.Tokens.Total(), w.Tokens.Estimated
	if r.Stream != nil {
		r.Stream.CompletedTokens = new(w.Tokens.Streamed + w.Tokens.Estimated)
	}
	if r.Usage != nil {
		r.Usage.CompletedTokens = new(w.Tokens.Whole)
	}
	t.BytesIn, t.BytesOut = s.Counts.BytesIn, s.Counts.BytesOut
}

// summarise fills in the rates, from the counts and from the times of r.
func (t *Throughput) summarise(r *Report) {
	q, sending, running := &r.Requests, r.sending(), r.running()
	t.OfferedPerS, t.SentPerS = format.Per(float64(q.Planned), sending), format.Per(float64(q.Sent), sending)
	t.SucceededPerS = format.Per(float64(q.Succeeded), running)
	t.BytesInPerS, t.BytesOutPerS = format.Per(float64(t.BytesIn), running), format.Per(float64(t.BytesOut), running)
	t.WindowS = r.window()
	t.CompletedPerS, t.CompletedOKPerS, t.CompletedTokensPerS = nil, nil, nil
	if t.WindowS == nil || *t.WindowS <= 0 {
		return
	}
	rate := func(n uint64) *float64 { return new(format.Per(float64(n), *t.WindowS)) }
	t.CompletedPerS, t.CompletedOKPerS = rate(t.Completed), rate(t.CompletedOK)
	if r.Stream != nil || r.Usage != nil || t.CompletedTokens > 0 {
		t.CompletedTokensPerS = rate(t.CompletedTokens)
	}
}

// ForgetWindow says that nothing is known of the measured window: results tell
// neither its end nor the replies to the warm-up's requests.
func (r *Report) ForgetWindow() {
	t := &r.Throughput
	t.WindowS, t.Completed, t.CompletedOK, t.CompletedTokens, t.EstimatedTokens = nil, 0, 0, 0, 0
	for i := range r.Intervals {
		v := &r.Intervals[i]
		v.WindowS, v.Completed, v.CompletedOK = nil, 0, 0
	}
	if h := r.IntervalHistograms; h != nil {
		for i := range h.Stretches {
			s := &h.Stretches[i]
			s.WindowS, s.Completed, s.CompletedOK = nil, 0, 0
		}
	}
	if r.Stream != nil {
		r.Stream.CompletedTokens = nil
		r.Stream.summarise(r)
	}
	if r.Usage != nil {
		r.Usage.CompletedTokens = nil
		r.Usage.summarise(r)
	}
	t.summarise(r)
}

// checkThroughput holds the window's counts against all replies, and its rates
// against its length.
func (r *Report) checkThroughput() error {
	t := &r.Throughput
	replies := r.Requests.Warmup
	for _, n := range r.Status {
		replies += n
	}
	err := first(
		atMost("completed", t.Completed, "replies, those of the warm-up included", replies),
		atMost("completed_ok", t.CompletedOK, "completed", t.Completed),
		atMost("completed_output_tokens_estimated", t.EstimatedTokens, "completed_output_tokens", t.CompletedTokens),
	)
	for _, x := range []struct {
		key   string
		rate  *float64
		count uint64
	}{{"completed_per_s", t.CompletedPerS, t.Completed}, {"completed_ok_per_s", t.CompletedOKPerS, t.CompletedOK}, {"completed_output_tokens_per_s", t.CompletedTokensPerS, t.CompletedTokens}} {
		switch {
		case err != nil || x.rate == nil:
		case t.WindowS == nil || !(math.Abs(*x.rate**t.WindowS-float64(x.count)) <= 0.002*float64(x.count)):
			return fmt.Errorf("%s (%g) is not %d by window_s (%s)", x.key, *x.rate, x.count, plain(t.WindowS))
		}
	}
	return err
}

// AskedNow is the rate that is asked for by now, after all changes; 0 in a closed
// loop.
func AskedNow(p *plan.Plan, s *result.Snapshot) float64 {
	if n := len(s.Changes); n > 0 && s.Changes[n-1].Rate.Freq > 0 {
		return plan.PerSecond(s.Changes[n-1].Rate)
	}
	if len(p.Stages) > 0 && p.Open() {
		planned := p.Curve(nil)
		return planned.Rate(min(s.PlanElapsed, planned.End()-1))
	}
	return plan.PerSecond(p.Rate)
}

// asking is what a run's plan asked for at any time, and its measured window.
type asking struct {
	planned     *arrivals.Curve // nil where the plan has no rate of its own
	instants    []int64         // of a replay
	end, window time.Duration
}

func askingOf(p *plan.Plan, s *result.Snapshot) *asking {
	a := &asking{instants: p.Instants, end: s.PlanElapsed, window: s.Counts.Window.Length}
	if s.Sessions { // a rate counts those, and how many requests they are, is not asked
		a.instants = nil
		return a
	}
	if p.Open() && p.Instants == nil {
		planned := p.Curve(s.Changes)
		a.planned = &planned
	}
	return a
}

// fill says how much of an interval was measured, and what was asked for in it.
func (a *asking) fill(v *Interval, in *result.Interval) {
	from, until := max(in.At, 0), in.At+in.Width
	v.WindowS = new(format.Seconds(max(0, min(until, a.window)-from)))
	switch to := min(until, a.end); {
	case to <= from:
	case a.planned != nil:
		n := a.planned.Reached(to).Sub(a.planned.Reached(from))
		v.AskedPerS = new(format.Significant(n/(to-from).Seconds(), 12))
	case a.instants != nil:
		v.AskedPerS = new(format.Per(float64(between(a.instants, from, to)), (to - from).Seconds()))
	}
}

// between is how many of the instants, in nanoseconds, lie from one on and
// before another.
func between(instants []int64, from, to time.Duration) int {
	first, _ := slices.BinarySearch(instants, int64(from))
	last, _ := slices.BinarySearch(instants, int64(to))
	return last - first
}
