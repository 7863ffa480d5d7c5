package attack

import (
	"fmt"
	"strings"
	"time"

	"brunt/payloads/setting"
)

// What a verdict can name as the limit.
const (
	LimitNone        = "none"
	LimitClient      = "client"
	LimitConnections = "connections"
	LimitEndpoint    = "endpoint"
)

// noticeableShare is the share of requests from which a symptom counts: fewer are
// the noise of a shared machine.
const noticeableShare = 0.01

// judge answers what the endpoint did, and then how far the figures can be
// trusted. Neither answer changes the other: an endpoint's failures are told
// though brunt was starved, and that it was is told though the endpoint failed.
func judge(s *Snapshot, p *Plan) Verdict {
	t := gradeTrust(s, p)
	f := findingOf(s, p, &t)
	return Verdict{
		Headline: f.headline, Notes: f.notes, LimitedBy: f.limit,
		Trust: t.grade, Error: t.maxError, Reasons: append(t.reasons, cpuUse(&s.Client)),
	}
}

// finding is what happened: the headline, what bounded the load, and what else
// the reader should know of it.
type finding struct {
	headline setting.Text
	limit    string
	notes    []setting.Text
}

// findingOf is the first of these that holds: nothing was sent; the run's own
// credentials or payloads failed it; the endpoint failed requests; it gave no
// reply; something was in the way; brunt did not make the load; the endpoint fell
// behind, or it is too early to say; it kept up, or set the pace.
func findingOf(s *Snapshot, p *Plan, t *trust) finding {
	for _, look := range []func(*Snapshot, *Plan, *trust) (finding, bool){
		nothingSent, runFault, endpointFailed, noReply, limitReached, loadNotMade, fellBehind,
	} {
		if f, found := look(s, p, t); found {
			return f
		}
	}
	return keptUp(s, p)
}

func nothingSent(s *Snapshot, p *Plan, t *trust) (finding, bool) {
	switch c := &s.Counts; {
	case c.Sent > 0:
		return finding{}, false
	case s.State != Done:
		return finding{headline: setting.Plain("no request has been sent yet"), limit: LimitNone}, true
	case share(waitedForSlot(c), c.Planned) >= noticeableShare:
		return limitReached(s, p, t)
	case c.Planned > 0 && c.Stopped < c.Planned:
		return finding{
			headline: setting.Textf("none of the %s was sent", counted(c.Planned, "planned request")),
			limit:    LimitClient,
		}, true
	}
	return finding{headline: setting.Plain("no request was sent"), limit: LimitNone}, true
}

// runFault is a run that ended, or went wrong, for what was given to it.
func runFault(s *Snapshot, _ *Plan, _ *trust) (finding, bool) {
	c := &s.Counts
	if gone := countOfKind(s, KindPayloadGone); gone > 0 {
		return finding{
			headline: setting.Textf(
				"the run ended early, after %s: a payload file changed while it was in use",
				span(s.PlanElapsed),
			),
			limit: LimitClient, notes: minorFailures(s),
		}, true
	}
	if !s.CredentialsExpired {
		return finding{}, false
	}
	f := finding{headline: setting.Plain("the credentials ran out and were not renewed"), limit: LimitClient}
	for i := range s.Failures {
		if x := &s.Failures[i]; x.Status == 401 || x.Status == 403 {
			f.headline = f.headline.Plus(
				fmt.Sprintf(
					": from %s on the endpoint denied requests (%s, %d)",
					span(x.First),
					percent(share(x.Count, c.Succeeded+c.Failed)),
					x.Status,
				),
			)
			break
		}
	}
	return f, true
}

// noReply is a run in which no request has come back at all.
func noReply(s *Snapshot, p *Plan, _ *trust) (finding, bool) {
	c := &s.Counts
	if c.Succeeded+c.Failed > 0 {
		return finding{}, false
	}
	if s.State == Done {
		return finding{
			headline: setting.Textf(
				"the endpoint gave no reply: %s still had none when the run was cut off after %s",
				allOf(c.CutOff),
				span(s.Elapsed),
			),
			limit: LimitEndpoint,
		}, true
	}
	return finding{
		headline: setting.Textf(
			"no reply yet: %s in flight, the longest for about %s",
			counted(c.Sent, "request"),
			span(s.Elapsed),
		),
		limit: LimitNone,
	}, true
}

// limitReached is what kept requests from being sent that neither the endpoint nor
// brunt's speed did.
func limitReached(s *Snapshot, p *Plan, t *trust) (finding, bool) {
	c := &s.Counts
	if text, n := shortage(s); share(n, c.Sent) >= noticeableShare {
		return finding{headline: text, limit: LimitConnections}, true
	}
	if t.unreadReplies {
		return finding{}, false
	}
	if waited := share(waitedForSlot(c), c.Planned); waited >= noticeableShare {
		f := finding{
			headline: setting.Plain(slotsHeldUp(waited, p)),
			limit:    LimitConnections, notes: append([]setting.Text{setting.Textf("raise %v, or this is what the endpoint bears", setting.Concurrency)}, minorFailures(s)...),
		}
		if p.fewFiles {
			f.notes[0] = setting.Textf(
				"no more may be in flight, for this process may open %d files: raise ulimit -n",
				s.Client.MaxFiles,
			)
		}
		return f, true
	}
	if queued := share(c.Queued, c.Sent); queued >= noticeableShare {
		return finding{
			headline: setting.Textf(
				"%s of the requests waited over 10 ms for a stream: the endpoint takes no more of them at once on an HTTP/2 connection",
				percent(queued),
			),
			limit: LimitConnections, notes: append([]setting.Text{moreConnections}, minorFailures(s)...),
		}, true
	}
	return finding{}, false
}

// slotsHeldUp says what part of the requests found all slots taken.
func slotsHeldUp(waited float64, p *Plan) string {
	return fmt.Sprintf(
		"the limit of %s in flight held up %s of the requests",
		counted(uint64(p.Concurrency), "request"),
		percent(waited),
	)
}

// waitedForSlot counts the tickets that found every slot taken.
func waitedForSlot(c *Counts) uint64 {
	return c.LateNoSlots + c.NoSlot - min(c.NoSlot, c.UnsentWithSlots) + c.SkippedNoSlot
}

// loadNotMade is a load that brunt did not make as it was planned.
func loadNotMade(s *Snapshot, p *Plan, t *trust) (finding, bool) {
	if !t.client {
		return finding{}, false
	}
	f := finding{limit: LimitClient, notes: minorFailures(s)}
	switch left := share(leftUnsent(&s.Counts), s.Counts.Planned); {
	case !p.Open():
		f.headline = setting.Plain("brunt set the pace, not the endpoint")
	case left >= noticeableShare:
		f.headline = setting.Textf(
			"the endpoint answered what it was sent, but brunt did not keep up with its plan: it left out %s of the requests",
			percent(left),
		)
	default:
		late := share(s.Counts.LateWithSlots, s.Counts.Sent)
		f.headline = setting.Plain("the endpoint answered what it was sent, but the times are in good part brunt's own")
		switch {
		case t.unreadReplies:
			f.headline = setting.Plain(
				"the endpoint answered what it was sent, but brunt could not read the replies in time to send the rest",
			)
		case late >= noticeableShare:
			f.headline = setting.Textf(
				"the endpoint answered what it was sent, but brunt sent %s over 10 ms late",
				partOf(s.Counts.LateWithSlots, s.Counts.Sent),
			)
		}
	}
	return f, true
}

// leftUnsent counts the tickets that were not sent though slots were free.
func leftUnsent(c *Counts) uint64 {
	return c.Skipped - min(c.Skipped, c.SkippedNoSlot) + c.UnsentWithSlots
}

// keptUp is a run in which nothing stands out.
func keptUp(s *Snapshot, p *Plan) finding {
	f := finding{headline: setting.Plain("the endpoint set the pace"), limit: LimitNone, notes: minorFailures(s)}
	if p.Open() {
		f.headline = setting.Plain("the endpoint kept up")
		if b := backlogOf(s, p, lastLoad(s, p)); b.slower && b.last >= slowedBy*b.first {
			f.headline = f.headline.Plus(
				fmt.Sprintf(
					", but became slower: responses took about %s at the end, and %s at first",
					span(b.last),
					span(b.first),
				),
			)
		}
	}
	if from, to := pauseIn(s, p); to > 0 {
		since := span(from) + " of the run"
		if from < 10*time.Millisecond {
			since = "its beginning"
		}
		f.headline = f.headline.Plus(
			fmt.Sprintf(", but for a pause: no reply came for %s, from %s on", span(to-from), since),
		)
	}
	if text, n := shortage(s); n > 0 {
		f.notes = append(f.notes, text)
	}
	return f
}

// minorFailures tell of failures that are too few for the headline.
func minorFailures(s *Snapshot) []setting.Text {
	c := &s.Counts
	if c.Failed == 0 || share(c.Failed, c.Succeeded+c.Failed) >= noticeableShare {
		return nil
	}
	kind := s.Failures[0].Kind
	with := "with " + kind
	if c.Failed > countOfKind(s, kind) {
		with = "most of them with " + kind
	}
	return []setting.Text{
		setting.Textf(
			"%s of %s failed (%s), %s",
			grouped(c.Failed),
			counted(c.Succeeded+c.Failed, "request"),
			percent(share(c.Failed, c.Succeeded+c.Failed)),
			with,
		),
	}
}

func countOfKind(s *Snapshot, kind string) (n uint64) {
	for i := range s.Failures {
		if s.Failures[i].Kind == kind {
			n += s.Failures[i].Count
		}
	}
	return n
}

func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// span is a time for people, to three digits: 8.12 ms, 20.4 s, 3 min 20 s.
func span(d time.Duration) string {
	switch s := d.Seconds(); {
	case s >= 119.5:
		whole := d.Round(time.Second)
		if rest := whole % time.Minute / time.Second; rest > 0 {
			return fmt.Sprintf("%d min %d s", whole/time.Minute, rest)
		}
		return fmt.Sprintf("%d min", whole/time.Minute)
	case s >= 0.9995:
		return threeDigits(s) + " s"
	default:
		return threeDigits(1e3*s) + " ms"
	}
}

func threeDigits(x float64) string {
	switch {
	case x >= 99.95:
		return fmt.Sprintf("%.0f", x)
	case x >= 9.995:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.2f", x)
	}
}

// percent writes a share for people: two digits below 10 %, none above, and
// never all where it is not all.
func percent(share float64) string {
	switch p := 100 * share; {
	case p > 0 && p < 0.01:
		return "under 0.01 %"
	case p > 0 && p < 10:
		return fmt.Sprintf("%.2g %%", p)
	case p >= 99.995 && p < 100:
		return "over 99.99 %"
	case p >= 99 && p < 100:
		return strings.TrimRight(fmt.Sprintf("%.2f", p), "0.") + " %"
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}

// counted is a number of things: 1 request, 20 requests.
func counted(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return grouped(n) + " " + what + "s"
}

// grouped writes a count with a comma between thousands.
func grouped(n uint64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// partOf is a share of the requests in words.
func partOf(part, whole uint64) string {
	if part == whole {
		return allOf(whole)
	}
	return percent(share(part, whole)) + " of the requests"
}

// allOf is all of so many requests.
func allOf(n uint64) string {
	if n == 1 {
		return "the only request"
	}
	return "all " + counted(n, "request")
}
