package result

import (
	"fmt"
	"strings"
	"time"

	"brunt/attack/plan"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

// Judge answers what the endpoint did, and then how far the figures can be
// trusted. Neither answer changes the other: an endpoint's failures are told
// though brunt was starved, and that it was is told though the endpoint failed.
func Judge(s *Snapshot, p *plan.Plan) Verdict {
	t := gradeTrust(s, p)
	f := findingOf(s, p, &t)
	v := Verdict{
		Headline: f.headline, Brief: briefOf(&f), Notes: f.notes, LimitedBy: f.limit,
		Trust: t.grade, Error: t.maxError, Reasons: append(t.reasons, cpuUse(&s.Client)),
	}
	v.judgeWorkers(s, p)
	return v
}

// findingOf is the first of these that holds: nothing was sent; the run's own
// credentials or payloads failed it; the endpoint failed requests; it gave no
// reply; something was in the way; brunt did not make the load; the endpoint fell
// behind, or it is too early to say; it kept up, or set the pace.
func findingOf(s *Snapshot, p *plan.Plan, t *trust) finding {
	for _, look := range []func(*Snapshot, *plan.Plan, *trust) (finding, bool){
		nothingSent, runFault, endpointFailed, noReply, limitReached, loadNotMade, fellBehind,
	} {
		if f, found := look(s, p, t); found {
			return f
		}
	}
	return keptUp(s, p)
}

func nothingSent(s *Snapshot, p *plan.Plan, t *trust) (finding, bool) {
	switch c := &s.Counts; {
	case c.Sent > 0:
		return finding{}, false
	case s.State != Done:
		return finding{headline: setting.Plain("no request has been sent yet"), limit: LimitNone}, true
	case share(waitedForSlot(c), c.Planned) >= noticeableShare:
		return limitReached(s, p, t)
	case c.UnknownPlanned > 0:
		return finding{headline: setting.Plain("nothing is known to have been sent"), limit: LimitClient}, true
	case c.Planned > 0 && c.Stopped < c.Planned:
		return finding{
			headline: setting.Textf("none of the %s was sent", spell.Counted(c.Planned, "planned request")),
			limit:    LimitClient,
		}, true
	}
	return finding{headline: setting.Plain("no request was sent"), limit: LimitNone}, true
}

// runFault is a run that ended, or went wrong, for what was given to it.
func runFault(s *Snapshot, _ *plan.Plan, _ *trust) (finding, bool) {
	c := &s.Counts
	if gone := countOfKind(s, KindPayloadGone); gone > 0 {
		return finding{
			headline: setting.Textf(
				"the run ended early, after %s: a payload file changed while it was in use",
				spell.Span(s.PlanElapsed),
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
					spell.Span(x.First),
					spell.Percent(share(x.Count, c.Succeeded+c.Failed)),
					x.Status,
				),
			)
			break
		}
	}
	return f, true
}

// noReply is a run in which no request has come back at all.
func noReply(s *Snapshot, p *plan.Plan, _ *trust) (finding, bool) {
	c := &s.Counts
	if c.Succeeded+c.Failed > 0 {
		return finding{}, false
	}
	if s.State == Done && c.CutOff == 0 {
		return finding{headline: setting.Plain("no reply is known of"), limit: LimitClient}, true
	}
	if s.State == Done {
		return finding{
			headline: setting.Textf(
				"the endpoint gave no reply: %s still had none when the run was cut off after %s",
				allOf(c.CutOff),
				spell.Span(s.Elapsed),
			),
			limit: LimitEndpoint,
		}, true
	}
	return finding{
		headline: setting.Textf(
			"no reply yet: %s in flight, the longest for about %s",
			spell.Counted(c.Sent, "request"),
			spell.Span(s.Elapsed),
		),
		brief: setting.Plain("filling: no reply yet, longest wait " + spell.Span(s.Elapsed)),
		limit: LimitNone,
	}, true
}

// limitReached is what kept requests from being sent that neither the endpoint nor
// brunt's speed did.
func limitReached(s *Snapshot, p *plan.Plan, t *trust) (finding, bool) {
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
			brief:    setting.Plain("held up by the limit of " + spell.Grouped(uint64(p.Concurrency)) + " in flight"),
			limit:    LimitConnections, notes: append([]setting.Text{setting.Textf("raise %v, or this is what the endpoint bears", setting.Concurrency)}, minorFailures(s)...),
		}
		if p.ShortOfFiles() {
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
				spell.Percent(queued),
			),
			limit: LimitConnections, notes: append([]setting.Text{moreConnections}, minorFailures(s)...),
		}, true
	}
	return finding{}, false
}

// loadNotMade is a load that brunt did not make as it was planned.
func loadNotMade(s *Snapshot, p *plan.Plan, t *trust) (finding, bool) {
	if !t.client {
		return finding{}, false
	}
	f := finding{limit: LimitClient, notes: minorFailures(s)}
	switch left := share(leftUnsent(&s.Counts), s.Counts.Planned); {
	case !p.Open():
		f.headline = setting.Plain("brunt set the pace, not the endpoint")
		f.brief = setting.Plain("brunt set the pace")
	case left >= noticeableShare:
		f.brief = setting.Plain("answered, but brunt did not keep up with its plan")
		f.headline = setting.Textf(
			"the endpoint answered what it was sent, but brunt did not keep up with its plan: it left out %s of the requests",
			spell.Percent(left),
		)
	default:
		late := share(s.Counts.LateWithSlots, s.Counts.Sent)
		f.headline = setting.Plain("the endpoint answered what it was sent, but the times are in good part brunt's own")
		f.brief = setting.Plain("answered, but the times are in good part brunt's own")
		switch {
		case t.unreadReplies:
			f.headline = setting.Plain(
				"the endpoint answered what it was sent, but brunt could not read the replies in time to send the rest",
			)
			f.brief = setting.Plain("answered, but brunt could not read the replies in time")
		case late >= noticeableShare:
			f.brief = setting.Plain("answered, but brunt sent late")
			f.headline = setting.Textf(
				"the endpoint answered what it was sent, but brunt sent %s over 10 ms late",
				partOf(s.Counts.LateWithSlots, s.Counts.Sent),
			)
		}
	}
	return f, true
}

// keptUp is a run in which nothing stands out.
func keptUp(s *Snapshot, p *plan.Plan) finding {
	f := finding{headline: setting.Plain("the endpoint set the pace"), limit: LimitNone, notes: minorFailures(s)}
	slower := false
	if p.Open() {
		f.headline = setting.Plain("the endpoint kept up")
		if b := backlogOf(s, p, lastLoad(s, p)); b.slower && b.last >= slowedBy*b.first {
			slower = true
			f.headline = f.headline.Plus(
				fmt.Sprintf(
					", but became slower: responses took about %s at the end, and %s at first",
					spell.Span(b.last),
					spell.Span(b.first),
				),
			)
		}
	}
	f.brief = setting.Plain(strings.TrimPrefix(f.headline.String(), "the endpoint "))
	if slower {
		f.brief = setting.Plain("kept up, but became slower")
	}
	if from, to := pauseIn(s, p); to > 0 {
		f.brief = f.brief.Plus(fmt.Sprintf(", but for a pause of %s at %s", spell.Span(to-from), clockTime(from)))
		since := spell.Span(from) + " of the run"
		if from < 10*time.Millisecond {
			since = "its beginning"
		}
		f.headline = f.headline.Plus(
			fmt.Sprintf(", but for a pause: no reply came for %s, from %s on", spell.Span(to-from), since),
		)
	}
	if text, n := shortage(s); n > 0 {
		f.notes = append(f.notes, text)
	}
	return f
}
