package result

import (
	"fmt"
	"strings"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

// briefLength is the longest that a headline may be to stand for its own short form.
const briefLength = 60

// briefOf says what happened in a few words, for a place that is read at a glance: what
// the finding has for that, or else its headline as far as its first comma or colon.
func briefOf(f *finding) setting.Text {
	if !f.brief.Empty() {
		return f.brief
	}
	words := strings.TrimPrefix(f.headline.String(), "the endpoint ")
	if at := strings.IndexAny(words, ",:;"); at > 0 && len(words) > briefLength {
		words = words[:at]
	}
	return setting.Plain(words)
}

// clockTime is an instant of a run as m:ss, or h:mm:ss.
func clockTime(at time.Duration) string {
	s := int(max(0, at).Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// briefKinds say in a word or two what became of requests, by kinds without a status.
var briefKinds = map[string]string{
	endpoint.Refused:        "refused (connection)",
	endpoint.DNS:            "failed (name not found)",
	endpoint.TLS:            "failed (TLS)",
	endpoint.TimeoutConnect: "not connected in time",
	endpoint.Unreachable:    "failed (not reachable)",
	KindReset:               "reset",
	KindClosedEarly:         "closed early",
	KindTimeoutReply:        "timed out",
	KindStreamStalled:       "stalled",
	KindStreamBroken:        "broken off",
}

// briefDeed is what became of the requests that failed so.
func briefDeed(k *kindCount) string {
	switch {
	case k.status == 429:
		return "refused (429)"
	case k.status == 401 || k.status == 403:
		return fmt.Sprintf("denied (%d)", k.status)
	case k.status >= 300 && k.status < 400:
		return fmt.Sprintf("redirected (%d)", k.status)
	case k.status > 0:
		return fmt.Sprintf("failed (%d)", k.status)
	}
	if deed := briefKinds[k.kind]; deed != "" {
		return deed
	}
	return "failed (" + k.kind + ")"
}

// briefFailures tell of the most frequent kind of failures; of all together where that
// is less than half of them.
func briefFailures(kinds []kindCount, failed, settled uint64, s *Snapshot, p *plan.Plan) setting.Text {
	all := kinds[0]
	if 2*all.count >= failed {
		return briefFailure(all, settled, s, p)
	}
	all = kindCount{kind: fmt.Sprintf("%d kinds", len(kinds)), count: failed, first: all.first, last: all.last}
	for _, k := range kinds[1:] {
		all.first, all.last = min(all.first, k.first), max(all.last, k.last)
	}
	return briefFailure(all, settled, s, p)
}

// briefFailure says what became of which share of the requests, and since when. The
// share is of those that ended while it was so: 503s for a tenth of a run are told as
// what they were then, and when that was.
func briefFailure(k kindCount, settled uint64, s *Snapshot, p *plan.Plan) setting.Text {
	if k.count == settled {
		return setting.Plain("all " + briefDeed(&k))
	}
	margin := max(time.Second, s.Elapsed/20)
	from, to := time.Duration(0), s.Elapsed
	began := k.first > margin
	over := k.last < s.Elapsed-max(margin, briefQuiet) && (s.State != Done || k.last < s.PlanElapsed-margin)
	if began {
		from = k.first
	}
	if over {
		to = k.last
	}
	words := spell.Percent(float64(k.count)/endedWithin(s, from, to)) + " " + briefDeed(&k)
	if float64(k.count) >= nearlyAll*endedWithin(s, from, to) {
		words = "nearly all " + briefDeed(&k)
	}
	switch {
	case began && over:
		words += ", " + clockTime(from) + "–" + clockTime(to)
	case began:
		words += " since " + clockTime(from)
	case over:
		words += " until " + clockTime(to)
	}
	if over && s.State != Done {
		words += ", none since"
	}
	return setting.Plain(words)
}

// nearlyAll is the share from which it is not told how many exactly: at the edges of a
// stretch that is not known.
const nearlyAll = 0.95

// briefQuiet is how long none must have failed for that to be over.
const briefQuiet = 3 * time.Second

// endedWithin is about how many requests ended in the stretch: of an interval that has a
// part of it, as large a part.
func endedWithin(s *Snapshot, from, to time.Duration) (n float64) {
	for i := range s.Intervals {
		iv := &s.Intervals[i]
		if part := min(iv.At+iv.Width, to) - max(iv.At, from); part > 0 && iv.Width > 0 {
			n += float64(iv.Succeeded+iv.Failed) * float64(part) / float64(iv.Width)
		}
	}
	if n < 1 {
		return float64(s.Counts.Succeeded + s.Counts.Failed)
	}
	return n
}
