package result

import (
	"fmt"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/spell"
)

const (
	// trustedShare is the part of a reported percentile up to which brunt's own
	// delay does not count, and spoiltShare the part from which the percentile is
	// more of brunt than of the endpoint.
	trustedShare, spoiltShare = 0.05, 0.5
	// wakeUp is what it takes a thread to wake on an idle virtual core, to send and
	// to read. Every client pays it, so that it is no error.
	wakeUp = 200 * time.Microsecond
	// leftShare is the share of the planned requests from which those that were
	// left out make another load of it.
	leftShare = 0.05
	// busyShare is the share of the allowed cores from which the client itself
	// is at its limit.
	busyShare = 0.9
	// starvedShare is the share of the allowed cores' time that a client which
	// waited for a core longer than it ran must have wanted, to count as starved.
	starvedShare = 0.9
	// throttledShare is the share of the wall time from which a quota's stops count.
	throttledShare = 0.02
	// collectedShare is the share of the client's CPU time from which garbage
	// collection is a reason. While it runs the runtime gives it a quarter of the
	// cores, so that a fifth means that it runs nearly always.
	collectedShare = 0.2
	// minStop is the delay from which the process, or its machine, must have been
	// stopped where no other program took its cores.
	minStop = 500 * time.Millisecond
	// minJudged is the least wall time over which CPU time says anything.
	minJudged = 500 * time.Millisecond
)

// trust is how far the figures can be trusted, and why no further.
type trust struct {
	grade         string
	maxError      time.Duration // see Verdict.Error
	reasons       []string
	client        bool // brunt did not make the load, or its delays spoil the times
	unreadReplies bool // slots were taken because brunt could not run to free them
}

// lower gives the figures a lower grade.
func (t *trust) lower(grade, reason string) {
	if t.grade != TrustNone {
		t.grade = grade
	}
	if reason != "" {
		t.reasons = append(t.reasons, reason)
	}
}

// gradeTrust grades the figures by what brunt itself has done to them: its delays
// against the percentiles that are reported, requests that it left out, cores
// that were too busy, files and ports that were too few.
func gradeTrust(s *Snapshot, p *plan.Plan) trust {
	t := trust{grade: TrustFull}
	c := &s.Counts
	t.delays(s, p)
	if left := share(leftUnsent(c), c.Planned); left >= noticeableShare {
		t.client = true
		reason := fmt.Sprintf(
			"%s of the planned requests were left out though slots were free: the figures are of %s requests/s",
			spell.Percent(left),
			ratePerSecond(c.Sent, s.PlanElapsed),
		)
		if left >= leftShare {
			t.lower(TrustNone, reason)
		} else {
			t.lower(TrustLimited, reason)
		}
	}
	if s.Client.Wall >= minJudged {
		t.cores(s, p)
	}
	if _, n := shortage(s); share(n, c.Sent) >= leftShare {
		t.lower(TrustNone, "what this machine has too little of stood in the way")
	}
	if p.ShortOfFiles() && share(waitedForSlot(c), c.Planned) >= leftShare {
		t.lower(TrustNone, "what this machine has too little of stood in the way")
	}
	t.stops(s, p)
	if t.grade != TrustFull {
		t.reasons = append(t.reasons, causes(s)...)
	}
	return t
}

// delays compares brunt's own delays with what is reported.
func (t *trust) delays(s *Snapshot, p *plan.Plan) {
	worst := delayed{}
	for _, f := range judgedFigures(s, p) {
		f.compare(&s.Delays, &worst)
	}
	if worst.share <= trustedShare {
		return
	}
	// A spoilt p99 says nothing about who kept up, or set the pace; requests that
	// were sent late, or a spoilt median, do.
	spoilt := worst.share > spoiltShare
	late := share(s.Counts.LateWithSlots, s.Counts.Sent) >= noticeableShare
	t.client = spoilt && (p.Open() && late || worst.quantile == "p50")
	t.maxError = time.Duration(worst.largest)
	reason := fmt.Sprintf(
		"up to %s of the %s %s of %s may be brunt's own delay",
		spell.Span(time.Duration(worst.own)),
		worst.quantile,
		worst.figure,
		spell.Span(time.Duration(worst.reported)),
	)
	if spoilt {
		t.lower(TrustNone, reason)
	} else {
		t.lower(TrustLimited, reason)
	}
}

// stops looks at the stretches in which brunt could not run at all. They make a
// closed loop's rate too low, and the longest times too long, whatever they do to
// the percentiles.
func (t *trust) stops(s *Snapshot, p *plan.Plan) {
	halted := s.Delays.stopped()
	if part := float64(halted) / float64(max(s.PlanElapsed, 1)); !p.Open() && part > trustedShare {
		grade := TrustLimited
		if part > spoiltShare {
			grade, t.client = TrustNone, true
		}
		t.lower(
			grade,
			fmt.Sprintf(
				"brunt could not run for %s of the time: the rates are that much too low",
				spell.Percent(min(1, part)),
			),
		)
	}
	longest := s.Latencies[figure.Response]
	if delay := s.Delays.Max(); delay >= minStop && longest != nil &&
		float64(delay) > spoiltShare*float64(longest.Max()) {
		t.reasons = append(
			t.reasons,
			fmt.Sprintf("brunt could not run for %s at a time: the longest times may be its own", spell.Span(delay)),
		)
	}
}

// judgedQuantiles are the percentiles that are judged, where they have the
// samples that they need.
var judgedQuantiles = [...]struct {
	q     float64
	needs int64
	name  string
}{{0.5, 1, "p50"}, {0.9, 10, "p90"}, {0.95, 20, "p95"}, {0.99, 100, "p99"}}

// judgedFigure is one reported distribution, what could delay it, and, in an open
// loop, the lateness that is a part of it.
type judgedFigure struct {
	name     string
	reported *hdrhistogram.PackedHistogram
	lateness func(q float64) float64
	hit      events
	least    float64 // that the endpoint itself took
}

// delayed is a percentile, the part of it that may be brunt's own, and its share.
type delayed struct {
	figure, quantile     string
	own, reported, share float64
	largest              float64 // of all that count
}

// judgedFigures are the distributions that are judged. Each reply is one event that
// a delay may hit, and of those no more can wait than are in flight; of streams
// each chunk is one.
func judgedFigures(s *Snapshot, p *plan.Plan) []judgedFigure {
	l := &s.Latencies
	elapsed := float64(max(s.Elapsed, 1))
	replies := func(h *hdrhistogram.PackedHistogram) events {
		n := float64(h.TotalCount())
		return events{count: n, rate: n / elapsed, pending: meanInFlight(s)}
	}
	late := func(float64) float64 { return 0 }
	if p.Open() {
		late = l.ownLateness
	}
	list := []judgedFigure{
		{"response time", l[figure.Response], late, events{}, 0},
		{"service time", l[figure.Service], nil, events{}, 0},
	}
	if l[figure.Response] != nil && l[figure.Response].TotalCount() == 0 &&
		len(s.Status) > 0 { // all that came are failures
		list = []judgedFigure{{"time of failed requests", l[figure.Failed], late, events{}, 0}}
	}
	if l.Streamed() {
		list = append(list, judgedFigure{"ttft", l[figure.TTFT], nil, events{}, 0})
	}
	kept := list[:0]
	for _, f := range list {
		if f.reported != nil && f.reported.TotalCount() > 0 {
			f.hit = replies(f.reported)
			if f.reported == l[figure.Response] && l[figure.Service] != nil && l[figure.Service].TotalCount() > 0 {
				f.least = float64(l[figure.Service].Min()) // which holds no lateness
			}
			kept = append(kept, f)
		}
	}
	return kept
}

// compare keeps the percentile of which the largest share may be brunt's own.
func (f *judgedFigure) compare(d *Delays, worst *delayed) {
	n := f.reported.TotalCount()
	for _, j := range judgedQuantiles {
		if n < j.needs {
			continue
		}
		own, reported := d.quantile(j.q, f.hit), float64(f.reported.ValueAtPercentile(percentileFor(j.q, n)))
		if f.lateness != nil {
			own += f.lateness(j.q)
		}
		own = min(own, reported-f.least)
		if own <= float64(wakeUp) || reported <= 0 {
			continue
		}
		share := own / reported
		if share > trustedShare {
			worst.largest = max(worst.largest, own)
		}
		if share > worst.share {
			*worst = delayed{
				figure:   f.name,
				quantile: j.name,
				own:      own,
				reported: reported,
				share:    share,
				largest:  worst.largest,
			}
		}
	}
}

// percentileFor is the percentile to ask HdrHistogram for so that it gives the
// ⌈q·n⌉-th smallest of n values, as reports do: it looks for the place ⌊n·p/100 + ½⌋.
func percentileFor(q float64, n int64) float64 {
	return 100 * (math.Ceil(q*float64(n)-1e-9) - 0.25) / float64(n)
}

// cores looks at what the client had of its cores. A closed loop that had
// nothing left of them sends as fast as it can, and not as fast as it gets
// replies. In an open loop slots are taken for as long as their replies are not
// read: of a client that has no core to read them on that says nothing about the
// endpoint.
func (t *trust) cores(s *Snapshot, p *plan.Plan) {
	c := &s.Client
	switch {
	case !p.Open() && (busy(c) >= busyShare || starved(c)):
		t.client = true
		t.lower(TrustNone, "brunt took all that it could get of its cores, and so set the pace itself")
	case p.Open() && share(waitedForSlot(&s.Counts), s.Counts.Planned) >= noticeableShare && (busy(c) >= busyShare || coreStarved(c)):
		t.client, t.unreadReplies = true, true
		t.lower(
			TrustNone,
			fmt.Sprintf(
				"all %s that may be in flight were, because brunt had too little of its cores to read the replies",
				spell.Grouped(uint64(p.Concurrency)),
			),
		)
	}
}

// starved reports whether the client wanted all of its cores and was given
// less than half of that. The threads' waits are summed over all threads, so
// that they can be more than the time that has passed.
func starved(c *Client) bool {
	return c.Waited >= c.CPU && (c.CPU+c.Waited).Seconds() >= starvedShare*c.Wall.Seconds()*allowed(c)
}

// coreStarved reports whether the client's threads waited for a core longer than
// they ran, and for half of the time that there was.
func coreStarved(c *Client) bool {
	return c.Waited >= c.CPU && c.Waited.Seconds() >= c.Wall.Seconds()*allowed(c)/2
}

// causes are why a client may have been slow, the surest first, each with what
// to do about it.
func causes(s *Snapshot) (reasons []string) {
	c := &s.Client
	halted := c.Throttled.Seconds() >= throttledShare*c.Wall.Seconds() && c.Throttled > 0
	crowded := c.Waited >= c.CPU && c.Waited > 0
	if halted {
		reasons = append(
			reasons,
			fmt.Sprintf(
				"a control group's limit of %.3g cores stopped it for %s: raise the CPU limit (cpu.max, resources.limits.cpu)",
				c.Quota,
				spell.Span(c.Throttled),
			),
		)
	} else if crowded {
		reasons = append(reasons, fmt.Sprintf("something else keeps the cores busy: brunt ran for %s and waited %s for a core; end what else runs here, or use another machine", spell.Span(c.CPU), spell.Span(c.Waited)))
	}
	if c.GC.Seconds() >= collectedShare*c.CPU.Seconds() && c.GC > 0 ||
		c.GCPauseMax >= LateEnough && !crowded && !halted {
		reasons = append(
			reasons,
			fmt.Sprintf(
				"garbage collection took %s of its CPU time and stopped it for up to %s",
				spell.Percent(min(1, c.GC.Seconds()/max(c.CPU.Seconds(), 1e-9))),
				spell.Span(c.GCPauseMax),
			),
		)
	}
	if s.Delays.Max() >= minStop && !halted && !crowded {
		reasons = append(reasons, fmt.Sprintf("it, or its machine, was stopped (for up to %s)", spell.Span(s.Delays.Max())))
	}
	return reasons
}

// cpuUse says what the run took of this machine.
func cpuUse(c *Client) string {
	who := "brunt"
	if c.Embedded {
		who = "brunt and its embedded endpoint"
	}
	cores := fmt.Sprintf("%.3g cores", allowed(c))
	if allowed(c) == 1 {
		cores = "1 core"
	}
	return fmt.Sprintf("%s used %s of %s", who, spell.Percent(busy(c)), cores)
}

// allowed is how many cores' time the client may use.
func allowed(c *Client) float64 {
	if c.Quota > 0 {
		return min(c.Quota, float64(c.Cores))
	}
	return float64(c.Cores)
}

// busy is the share of the allowed cores' time that the process used.
func busy(c *Client) float64 {
	if c.Wall <= 0 || c.Cores == 0 {
		return 0
	}
	return c.CPU.Seconds() / (c.Wall.Seconds() * allowed(c))
}

// ratePerSecond is a count by a time, in words.
func ratePerSecond(n uint64, d time.Duration) string {
	if d <= 0 {
		return "0"
	}
	return fmt.Sprintf("%.4g", float64(n)/d.Seconds())
}
