package result

import (
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

const (
	// fillTimes is how many response times after its beginning a load is judged:
	// before the first replies are there, all that was sent is in flight, and by
	// Little's law the number settles one response time after the start.
	fillTimes = 2
	// firstReplies are so many as say how long a response took at first, and at the
	// end, where so many came within a quarter of the time; minReplies must do
	// otherwise.
	firstReplies, minReplies = 20, 3
	// sureIntervals are so many as tell a backlog from a queue that has grown for a
	// while; with fewer, sureShare of what was sent must still be in flight, and
	// with fewer than twice as many sureInFlight.
	sureIntervals, sureShare, sureInFlight = 7, 0.15, 20
	// fewInFlight is how many more requests in flight are no backlog: they come
	// and go.
	fewInFlight = 5
	// slowerBy is how much longer than half of the first responses nine of ten of
	// the last must take, for the endpoint to have become slower. Requests that
	// are slow by nature leave fast ones beside them; a queue delays all.
	slowerBy = 1.1
	// slowedBy is how much longer half of the last responses must take than half of
	// the first for it to be worth a word though requests in flight did not rise.
	slowedBy = 2
	// muchSlower is that where less than returnedShare of what was sent has come back:
	// the first ones back are the fast ones then, and those that come now are slow
	// without any queue.
	muchSlower, returnedShare = 2, 0.8
	// pauseReplies is how many replies must be lacking for a silence to be a pause.
	pauseReplies = 10
)

// fellBehind is an open loop whose endpoint answered fewer requests than it was
// sent: more and more were in flight, and the responses took longer and longer.
// While that cannot be known yet, it says so.
func fellBehind(s *Snapshot, p *plan.Plan, _ *trust) (finding, bool) {
	c := &s.Counts
	if cut := share(c.CutOff, c.Sent); cut >= noticeableShare && float64(c.CutOff) > 2*meanInFlight(s) {
		return finding{
			headline: setting.Textf(
				"the endpoint left %s of the requests without a reply until the run was cut off",
				spell.Percent(cut),
			),
			limit: LimitEndpoint,
			notes: minorFailures(s),
		}, true
	}
	if !p.Open() {
		return finding{}, false
	}
	b, in := backlogOf(s, p, wholeLoad(s, p)), load{}
	if stages := loadsOf(s, p); len(stages) > 0 {
		if b, in = firstBehind(s, p, stages); b.early && s.State == Done {
			return shortStage(s, &b, &in), true
		}
	}
	soon := b.from0 + fillTimes*b.first
	switch {
	case b.grows && b.slower && !b.early:
		return finding{
			headline: setting.Textf(
				"the endpoint fell behind%s: it answered slower and slower, and requests in flight rose from %s to %s",
				in.words(),
				spell.Grouped(b.from),
				spell.Grouped(b.to),
			),
			brief: setting.Plain("fell behind: in flight rose from " + spell.Grouped(b.from) + " to " + spell.Grouped(b.to)),
			limit: LimitEndpoint,
			notes: minorFailures(s),
		}, true
	case !b.early:
		return finding{}, false
	case s.State != Done && soon > s.PlanElapsed:
		return finding{
			headline: setting.Textf(
				"filling: %s in flight; a response takes about %s, so whether the endpoint keeps up shows from %s of the run on",
				spell.Counted(b.to, "request"),
				spell.Span(b.first),
				spell.Span(soon),
			),
			brief: setting.Plain("filling: " + spell.Grouped(b.to) + " in flight, a reply takes about " + spell.Span(b.first)),
			limit: LimitNone,
			notes: minorFailures(s),
		}, true
	case s.State != Done:
		return finding{
			headline: setting.Textf(
				"filling: %s in flight, and still more; whether the endpoint keeps up does not show yet",
				spell.Counted(b.to, "request"),
			),
			brief: setting.Plain("filling: " + spell.Grouped(b.to) + " in flight, and still more"),
			limit: LimitNone,
			notes: minorFailures(s),
		}, true
	}
	if b.grows {
		return finding{
			brief: setting.Plain("answered; too short to show whether it keeps up"),
			headline: setting.Textf(
				"the endpoint answered, but the load was too short to show whether it keeps up: requests in flight rose from %s to %s",
				spell.Grouped(b.from),
				spell.Grouped(b.to),
			),
			limit: LimitNone,
			notes: minorFailures(s),
		}, true
	}
	return finding{
		brief: setting.Plain("answered; too short to show whether it keeps up"),
		headline: setting.Textf(
			"the endpoint answered, but the load was too short to show whether it keeps up: it lasted %s, and a response takes about %s",
			spell.Span(s.PlanElapsed),
			spell.Span(b.first),
		),
		limit: LimitNone,
		notes: minorFailures(s),
	}, true
}

// meanInFlight is the mean number of requests in flight among those that have
// their reply, by Little's law: the sum of their times over the time that passed.
func meanInFlight(s *Snapshot) float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return (sumOf(s.Latencies[figure.Response]) + sumOf(s.Latencies[figure.Failed])) / float64(s.Elapsed)
}

func sumOf(h *hdrhistogram.PackedHistogram) float64 {
	if h == nil {
		return 0
	}
	return h.Mean() * float64(h.TotalCount())
}

// backlog is how requests in flight and response times went.
type backlog struct {
	from0    time.Duration // when the load that is judged began
	first    time.Duration // what a response took at first; 0 while none has come
	last     time.Duration // and at the end
	early    bool          // too early to say
	grows    bool          // requests in flight grew all the time, after the first ones were there
	slower   bool          // responses took longer at the end
	from, to uint64        // requests in flight then
}

// backlogOf looks at a part of the load. Only what was seen while requests were
// being sent counts: afterwards the number falls whatever the endpoint does, and
// only slow ones are left.
func backlogOf(s *Snapshot, p *plan.Plan, part load) (b backlog) {
	b.from0 = part.from
	length := part.to - part.from
	var list []*Interval
	for i := range s.Intervals {
		iv := &s.Intervals[i]
		if iv.At >= b.from0 && iv.At+iv.Width <= part.to+iv.Width/8 {
			list = append(list, iv)
		}
	}
	if len(list) == 0 {
		b.early, b.first = true, medianOf(s.Latencies[figure.Response])
		return b
	}
	first, last := histogram.New(), histogram.New()
	quarter := length / 4
	for _, iv := range list {
		if n := first.TotalCount(); n < minReplies || n < firstReplies && iv.At < b.from0+quarter {
			iv.Response.AddTo(first)
		}
	}
	for i := len(list) - 1; i >= 0; i-- {
		if n := last.TotalCount(); n < minReplies || n < firstReplies && list[i].At > part.to-quarter {
			list[i].Response.AddTo(last)
		}
	}
	b.to = list[len(list)-1].InFlight
	if first.TotalCount() == 0 {
		// Nothing came back while requests were sent.
		b.early, b.first = true, max(medianOf(s.Latencies[figure.Response]), part.to)
		return b
	}
	b.first, b.last = time.Duration(first.ValueAtPercentile(50)), time.Duration(last.ValueAtPercentile(50))
	settled := b.from0 + fillTimes*b.first
	var inFlight []uint64 // at the rate of the part's end, were it that all the time
	for _, iv := range list {
		if iv.At+iv.Width >= settled {
			inFlight = append(inFlight, part.scaled(iv))
			if len(inFlight) == 1 {
				b.from = iv.InFlight
			}
		}
	}
	sent, back := countedIn(list)
	by := slowerBy
	if back < returnedShare*sent {
		by = muchSlower
	}
	b.slower = float64(last.ValueAtPercentile(10)) >= by*float64(b.first)
	if len(inFlight) < 2 {
		b.early = b.to >= fewInFlight && fillTimes*b.first > length/2
		return b
	}
	b.grows = growsThroughout(inFlight)
	if b.grows && b.slower {
		n := len(inFlight)
		b.early = n < 2*sureIntervals && b.to < sureInFlight || n < sureIntervals && float64(b.to) < sureShare*sent
		return b
	}
	// More and more in flight that do not take longer are not all there yet: those
	// that take long have not come back.
	if c := &s.Counts; s.State != Done && 2*(c.Succeeded+c.Failed) < c.Sent {
		b.early = true // most replies are still to come
	}
	if b.grows {
		b.early, b.first = true, max(b.first, medianOf(s.Latencies[figure.Response]))
	}
	return b
}

// countedIn is how many requests were sent, and came back, within intervals.
func countedIn(list []*Interval) (sent, back float64) {
	for _, iv := range list {
		sent += float64(iv.Sent)
		back += float64(iv.Succeeded + iv.Failed)
	}
	return sent, back
}

func medianOf(h *hdrhistogram.PackedHistogram) time.Duration {
	if h == nil || h.TotalCount() == 0 {
		return 0
	}
	return time.Duration(h.ValueAtPercentile(50))
}

// growsThroughout reports whether a number is higher in each third of its values
// than in the one before, and higher at the end than it was at first by more
// than such a number varies by itself: twice its root, as a count does.
func growsThroughout(n []uint64) bool {
	var means [3]float64
	for i := range means {
		from, to := i*len(n)/3, (i+1)*len(n)/3
		if len(n) < 3 { // of two values, each is compared as it is
			from, to = i*(len(n)-1)/2, i*(len(n)-1)/2+1
		}
		for _, x := range n[from:to] {
			means[i] += float64(x) / float64(to-from)
		}
	}
	// A queue that comes and goes is back where it began now and then.
	third := max(1, len(n)/3)
	if slices.Min(n[len(n)-third:]) <= slices.Max(n[:third]) {
		return false
	}
	rise := means[2] - means[0]
	return means[1] > means[0] && means[2] > means[1] && rise >= fewInFlight && rise*rise >= 4*means[0]
}

// pauseIn is the longest stretch of the run in which no reply came though some
// were due: at the run's rate at least ten, and it lasted longer than two responses
// take and a second at the least. 0, 0 without one, or where brunt itself could not
// run.
func pauseIn(s *Snapshot, p *plan.Plan) (from, to time.Duration) {
	long := s.Silence.Length
	c := &s.Counts
	if s.Elapsed <= long || long < time.Second || s.Delays.Max() >= long/2 {
		return 0, 0
	}
	due := float64(c.Succeeded+c.Failed) / float64(s.Elapsed-long) * float64(long)
	if p.Open() && len(p.Stages) > 0 && len(s.Changes) == 0 {
		planned := p.Curve(nil)
		due = planned.Reached(s.Silence.From + long).Sub(planned.Reached(s.Silence.From))
	}
	if long <= fillTimes*medianOf(s.Latencies[figure.Service]) || due < pauseReplies {
		return 0, 0
	}
	return s.Silence.From, s.Silence.From + long
}

// firstBehind is the backlog of the first stage in which the endpoint fell behind.
// Without one, it is that of the first stage of which that cannot be told; while the
// run goes on, only the stage under way can be one, since it may yet show.
func firstBehind(s *Snapshot, p *plan.Plan, stages []load) (b backlog, in load) {
	var early *backlog
	for i := range stages {
		if b := backlogOf(s, p, stages[i]); b.grows && b.slower && !b.early {
			return b, stages[i]
		} else if early == nil && b.early && (s.State == Done || i == len(stages)-1) {
			early, in = &b, stages[i]
		}
	}
	if early == nil {
		return backlog{}, load{}
	}
	return *early, in
}

// shortStage says of which stage it cannot be told whether the endpoint kept up.
func shortStage(s *Snapshot, b *backlog, in *load) finding {
	why := fmt.Sprintf("it lasted %s, and a response takes about %s", spell.Span(in.to-in.from), spell.Span(b.first))
	if b.grows {
		why = fmt.Sprintf("requests in flight rose from %s to %s", spell.Grouped(b.from), spell.Grouped(b.to))
	}
	headline := fmt.Sprintf(
		"the endpoint answered, but stage %d (%s) was too short to show whether it keeps up: %s",
		in.number,
		in.stage,
		why,
	)
	return finding{
		headline: setting.Plain(headline), limit: LimitNone, notes: minorFailures(s),
		brief: setting.Plain("answered; too short to show whether it keeps up"),
	}
}
