package result

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

// endpointFailed tells of the endpoint's failures, the most frequent kind in
// words and the others by their names.
func endpointFailed(s *Snapshot, p *plan.Plan, t *trust) (finding, bool) {
	settled := s.Counts.Succeeded + s.Counts.Failed
	kinds, failed := endpointFailures(s)
	if settled == 0 || share(failed, settled) < noticeableShare {
		return finding{}, false
	}
	first := kinds[0]
	f := finding{
		headline: setting.Plain(failureSentence(first, settled, p) + failureTimes(first, settled, s, p)),
		brief:    briefFailures(kinds, failed, settled, s, p),
		limit:    LimitEndpoint,
	}
	if slices.Contains(timeoutKinds, first.kind) && s.Delays.Max() >= p.Timeout/2 {
		f.limit = LimitClient
		f.headline = f.headline.Plus(fmt.Sprintf(", but brunt itself could not run for up to %s", spell.Span(s.Delays.Max())))
	}
	if failed > first.count {
		var names []string
		for _, k := range kinds[1:min(len(kinds), 4)] {
			names = append(names, k.kind)
		}
		if len(kinds) > 4 {
			names = append(names, "…")
		}
		f.headline = f.headline.Plus(
			fmt.Sprintf(
				"; another %s failed (%s)",
				spell.Percent(share(failed-first.count, settled)),
				strings.Join(names, ", "),
			),
		)
	}
	if text, n := shortage(s); n > 0 {
		f.notes = append(f.notes, text)
		if n > failed {
			return finding{}, false
		}
	}
	if waited := share(waitedForSlot(&s.Counts), s.Counts.Planned); waited >= noticeableShare && !t.unreadReplies {
		f.notes = append(f.notes, setting.Plain(slotsHeldUp(waited, p)))
	}
	return f, true
}

// kindCount is one kind of failure, of whatever cause.
type kindCount struct {
	kind        string
	status      int
	count       uint64
	first, last time.Duration
}

// localKinds are failures that say nothing about the endpoint: this machine, or
// what the run was given, stood in the way.
var localKinds = []string{
	endpoint.NoFiles, endpoint.NoPorts, KindConnectRate, KindNoStream, KindPayloadGone,
	endpoint.ProxyUnreachable, endpoint.ProxyAuth, endpoint.ProxyRefused,
}

// timeoutKinds are failures that a client which cannot run makes by itself.
var timeoutKinds = []string{endpoint.TimeoutConnect, KindTimeoutReply, KindStreamStalled}

// endpointFailures are the failures that were the endpoint's, most frequent first.
func endpointFailures(s *Snapshot) (kinds []kindCount, sum uint64) {
	for i := range s.Failures {
		x := &s.Failures[i]
		if slices.Contains(localKinds, x.Kind) {
			continue
		}
		sum += x.Count
		at := slices.IndexFunc(kinds, func(k kindCount) bool { return k.kind == x.Kind })
		if at < 0 {
			kinds = append(kinds, kindCount{x.Kind, x.Status, x.Count, x.First, x.Last})
			continue
		}
		k := &kinds[at]
		k.count, k.first, k.last = k.count+x.Count, min(k.first, x.First), max(k.last, x.Last)
	}
	slices.SortStableFunc(
		kinds,
		func(a, b kindCount) int { return int(min(b.count, 1<<40)) - int(min(a.count, 1<<40)) },
	)
	return kinds, sum
}

// failureSentences say what the endpoint did by the kinds without a status; %s are the
// requests it did it to.
var failureSentences = map[string]string{
	endpoint.Refused:        "the endpoint refused the connection for %s",
	endpoint.DNS:            "the endpoint's name could not be resolved for %s",
	endpoint.TLS:            "no secure connection to the endpoint could be made for %s",
	endpoint.TimeoutConnect: "the endpoint could not be connected to in time for %s",
	endpoint.Unreachable:    "the endpoint could not be reached for %s",
	endpoint.NoHTTP2:        "the endpoint speaks no HTTP/2, which failed %s",

	endpoint.ProxyUpstream: "the proxy could not connect to the endpoint for %s",
	KindReset:              "the endpoint reset the connections of %s",
	KindClosedEarly:        "the endpoint closed the connections of %s before the replies were complete",
	KindStaleConnection:    "the endpoint closed idle connections just as %s were sent",
	KindBadReply:           "the endpoint answered %s with what is no valid HTTP",
	KindResetStream:        "the endpoint reset the streams of %s",
	KindRefusedStream:      "the endpoint refused the streams of %s",
	KindGoAway:             "the endpoint closed its connections (GOAWAY) on %s",
	KindTurnedAway:         "the endpoint ended the connections of %s before it took them",
	KindStreamError:        "the endpoint ended the streams of %s with an error",
	KindStreamBroken:       "the endpoint broke off the streams of %s",
	KindStreamEmpty:        "the endpoint answered %s with a stream without output",
	KindStreamStalled:      "the endpoint let the streams of %s stall",
	KindAnswerAborted:      "the endpoint aborted the answers of %s",
	KindAnswerError:        "the endpoint answered %s with an error under the status of a success",
	KindAnswerPage:         "the endpoint answered %s with a web page",
	KindBodyMatched:        "the endpoint answered %s with what marks a failure",
	KindBodyUnmatched:      "the endpoint answered %s without what marks a success",
	KindHeaderFailed:       "the endpoint answered %s without a header that is expected",
	KindJSONFailed:         "the endpoint answered %s with JSON that is not as expected",
}

// failureSentence say what the endpoint did, and to how many requests.
func failureSentence(k kindCount, settled uint64, p *plan.Plan) string {
	whom := partOf(k.count, settled)
	switch {
	case k.status == 429:
		return fmt.Sprintf("the endpoint refused %s (429)", whom)
	case k.status == 401 || k.status == 403:
		return fmt.Sprintf("the endpoint denied %s (%d)", whom, k.status)
	case k.status == 407:
		return fmt.Sprintf("a proxy wants a user and a password, and answered %s with 407", whom)
	case k.status >= 300 && k.status < 400:
		return fmt.Sprintf("the endpoint redirected %s (%d)", whom, k.status)
	case k.status > 0:
		return fmt.Sprintf("the endpoint answered %s with %d", whom, k.status)
	case k.kind == KindTimeoutReply:
		return fmt.Sprintf(
			"the endpoint left %s without a complete reply within the time-out of %s",
			whom,
			spell.Span(p.Timeout),
		)
	}
	if deed := failureSentences[k.kind]; deed != "" {
		return fmt.Sprintf(deed, whom)
	}
	return fmt.Sprintf("%s failed (%s)", whom, k.kind)
}

// failureTimes say when the requests were sent that failed, where that was not all
// the time.
func failureTimes(k kindCount, settled uint64, s *Snapshot, p *plan.Plan) string {
	if k.count == settled {
		return "" // all the time
	}
	if k.kind == KindTimeoutReply || k.kind == endpoint.TimeoutConnect {
		k.first, k.last = k.first-p.Timeout, k.last-p.Timeout
	} else if failed := s.Latencies[figure.Failed]; failed != nil && failed.TotalCount() > 0 {
		took := time.Duration(failed.Min()) // any of them took as long
		k.first, k.last = max(0, k.first-took), max(0, k.last-took)
	}
	margin := max(time.Second, s.Elapsed/20)
	began, ended := k.first > margin, s.State == Done && s.Counts.CutOff == 0 && k.last < s.PlanElapsed-margin
	switch {
	case began && ended && k.last-k.first < time.Second/2:
		return ", at " + spell.Span(k.first) + " of the run"
	case began && ended:
		return ", between " + spell.Span(k.first) + " and " + spell.Span(k.last) + " of the run"
	case began:
		return ", from " + spell.Span(k.first) + " of the run on"
	case ended:
		return ", up to " + spell.Span(k.last) + " of the run"
	}
	return ""
}
