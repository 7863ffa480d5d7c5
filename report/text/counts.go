package text

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"brunt/attack/figure"
	"brunt/report"
	"brunt/report/format"
	"brunt/report/rules"
)

// goodputItems are the items of its line; nil without bounds.
func goodputItems(g *report.Goodput) []string {
	if g == nil {
		return nil
	}
	var bounds []string
	for f, longest := range g.BoundsMS {
		if longest != nil {
			bounds = append(bounds, strings.ReplaceAll(figure.Figure(f).String(), "_", " ")+" "+format.MS(*longest))
		}
	}
	items := []string{
		format.Rate(g.PerS),
		format.Share(g.Percent) + " of requests within " + strings.Join(bounds, ", "),
	}
	for _, text := range g.Unbound {
		items = append(items, "not bound by "+format.Safe(text, 120))
	}
	return items
}

// rateItems are the items of the line of rates reached: first what came
// within the measured time, which the last reply does not stretch.
func rateItems(r *report.Report) []string {
	t := &r.Throughput
	sent := format.Rate(t.SentPerS) + " sent"
	if t.CompletedPerS == nil {
		return []string{sent, format.Rate(t.SucceededPerS) + " succeeded"}
	}
	items := []string{format.Rate(*t.CompletedPerS) + " completed"}
	if t.CompletedOK != t.Completed {
		items = append(items, format.Rate(*t.CompletedOKPerS)+" ok")
	}
	if r.Plan.RatePerS == nil && r.Plan.Concurrency != nil {
		return items // a closed loop sends what it completes
	}
	return append([]string{sent}, items...)
}

// tokenItems are the items of the line of what was generated, and what to know
// of that; nil where no tokens were.
func tokenItems(r *report.Report) (items, notes []string) {
	s, user := r.Stream, ""
	output, prompt, perS := r.Tokens()
	switch {
	case s == nil && r.Usage == nil && r.Throughput.CompletedTokens == 0:
		return nil, nil
	case s == nil:
		s = &report.Stream{}
	case s.PerUserTokensPerS != nil:
		user = format.Rate(*s.PerUserTokensPerS) + " per user"
	}
	items = []string{
		counted(output, "output"),
		format.Rate(perS),
		user,
		unlessZero(prompt, "prompt"),
		unlessZero(s.Silent, "streams without output"),
	}
	if n := s.TokensBy.Unknown; n > 0 && n == s.Streams && r.Usage == nil {
		items = []string{"not known"}
	}
	items = append(items, detailItems(r.Answers)...)
	// Less than one in a hundred changes no figure that is shown.
	if t := &r.Throughput; t.EstimatedTokens > t.CompletedTokens/100 {
		notes = append(
			notes,
			fmt.Sprintf(
				"%s of the %s output tokens within the measured time are estimated, from the chunks of streams "+
					"that failed or did not end",
				format.Count(t.EstimatedTokens),
				format.Count(t.CompletedTokens),
			),
		)
	}
	if n := s.TokensBy.Chunks; n > 0 {
		notes = append(
			notes,
			fmt.Sprintf(
				"%s of %s streams stated no usage: their chunks are counted as output tokens; "+askForUsage,
				format.Count(n),
				format.Count(s.Streams),
			),
		)
	}
	if n := s.TokensBy.Unknown; n > 0 {
		notes = append(notes, unknownTokens(s, n))
	}
	if n := s.Unpaced; n > 0 {
		notes = append(notes, fmt.Sprintf("%s of %s streams have no tpot: reasoning was withheld or summarised, and "+
			"no usage says how many of their tokens were sent", format.Count(n), format.Count(s.Streams)))
	}
	if u := r.Usage; u != nil && u.Replies < r.Requests.Succeeded-s.Streams {
		notes = append(
			notes,
			fmt.Sprintf(
				"%s of %s whole replies stated their usage: the others' tokens are not counted",
				format.Count(u.Replies),
				format.Count(r.Requests.Succeeded-s.Streams),
			),
		)
	}
	return items, notes
}

// finishItems say why the answers ended, most frequent first; nil where that is what is
// to be expected: all of them said all that they had to say.
func finishItems(a *report.Answers) (items []string) {
	if a == nil || len(a.FinishReasons) == 1 && a.FinishReasons["stop"] > 0 {
		return nil
	}
	reasons := slices.SortedFunc(maps.Keys(a.FinishReasons), func(x, y string) int {
		return cmp.Or(cmp.Compare(a.FinishReasons[y], a.FinishReasons[x]), cmp.Compare(x, y))
	})
	for _, reason := range reasons {
		items = append(items, counted(a.FinishReasons[reason], format.Safe(reason, 40)))
	}
	return items
}

// detailItems are what the tokens are made up of.
func detailItems(a *report.Answers) (items []string) {
	if a == nil {
		return nil
	}
	for _, of := range []struct {
		tokens *uint64
		what   string
	}{{a.ReasoningTokens, "reasoning"}, {a.VisibleTokens, "visible"}, {a.CachedTokens, "prompt cached"}} {
		if of.tokens != nil {
			items = append(items, counted(*of.tokens, of.what))
		}
	}
	return items
}

// askForUsage is how a stream gets to state its usage.
const askForUsage = "stream_options.include_usage in the body asks for it"

// unknownTokens says of which streams the tokens are not known, and why.
func unknownTokens(s *report.Stream, n uint64) string {
	const silent, strange = "no usage was stated, and chunks may hold several tokens; " + askForUsage,
		"brunt does not know their format, and takes each event for a chunk"
	of := fmt.Sprintf("tokens of %s of %s streams are not known: ", format.Count(n), format.Count(s.Streams))
	switch {
	case s.Unknown == 0:
		return of + silent
	case s.Unknown >= n:
		return of + strange
	}
	return of + fmt.Sprintf("of %s, %s; of the others, %s", format.Count(s.Unknown), strange, silent)
}

func (p *page) counts(r *report.Report) {
	q, why := &r.Requests, &r.Requests.NotSentReason
	failed := counted(q.Failed, "failed")
	if q.Failed > 0 {
		failed += " (" + format.Share(rules.FailedShare(q)) + ")"
	}
	p.flow(plainText, "requests", counted(q.Planned, "planned"), counted(q.Sent, "sent"),
		counted(q.Succeeded, "succeeded"), failed, unlessZero(q.CutOff, "cut off"), unlessZero(q.Unknown, "unknown"), unlessZero(q.InFlight, "in flight"))
	p.flow(plainText, "not sent", unlessZero(why.NoSlot, "no free slot"), unlessZero(why.Stopped, "stopped before"),
		unlessZero(why.Skipped, "skipped as too late"))
	if c := r.Sessions; c != nil {
		p.flow(plainText, "sessions", counted(c.Begun, "begun"), counted(c.Complete, "complete"),
			unlessZero(c.Broken, "broken off"), unlessZero(c.Unfinished, "unfinished at the end"),
			unlessZero(c.TurnsLeft, "turns never sent"))
	}
	p.flow(plainText, "apart", unlessZero(q.Warmup, "in the warm-up"), unlessZero(q.Reconnected, "reconnected"))
	if r.RunID != nil {
		p.flow(plainText, "ids", "client_request_id from "+format.Safe(*r.RunID, 40)+"-0 on")
	}
	if k := r.Results; k != nil {
		p.flow(
			plainText,
			"results",
			counted(k.Kept, "kept"),
			unlessZero(k.Dropped, "dropped: the file could not take them"),
			missingOf(k),
		)
	}
	t := &r.Throughput
	asked := ""
	switch {
	case r.Plan.RatePerS != nil:
		asked = format.Rate(*r.Plan.RatePerS) + " asked"
	case r.Plan.SessionsPerS != nil:
		asked = "sessions at " + format.Rate(*r.Plan.SessionsPerS) + " asked"
	case r.Plan.Concurrency == nil:
		asked = format.Rate(t.OfferedPerS) + " offered"
	}
	p.flow(plainText, "rate", append([]string{asked}, rateItems(r)...)...)
	tokens, notes := tokenItems(r)
	if a := r.Answers; a != nil && a.Whole > 0 {
		notes = append(notes, format.Count(a.Whole)+
			" answers were asked for as streams and came as a whole: they have no ttft and no tpot")
	}
	p.flow(plainText, "tokens", tokens...)
	p.flow(plainText, "finished", finishItems(r.Answers)...)
	for _, note := range notes {
		p.prose(dim, note, 2)
	}
	p.flow(plainText, "goodput", goodputItems(r.Goodput)...)
}

// missingOf says how many records other machines have kept.
func missingOf(k *report.ResultsKept) string {
	if k.Missing == 0 {
		return ""
	}
	return "at least " + counted(k.Missing, "missing: with workers that are gone")
}

func counted(n uint64, what string) string { return format.Count(n) + " " + what }

func unlessZero(n uint64, what string) string {
	if n == 0 {
		return ""
	}
	return counted(n, what)
}

// row is one line of the percentile table.
type row struct {
	label string
	report.Summary
}

// shownFigures are those of the percentile table, where they have samples.
var shownFigures = []figure.Figure{
	figure.Response, figure.Service, figure.TTFT, figure.FirstVisible, figure.TPOT, figure.InterChunk, figure.Lateness, figure.Failed,
}

// sameTimes reports whether the first output was visible everywhere.
func sameTimes(r *report.Report) bool {
	visible, any := r.Summary(figure.FirstVisible), r.Summary(figure.TTFT)
	return visible.Count == any.Count && visible.Mean == any.Mean ||
		visible.Mean != nil && any.Mean != nil && visible.Count == any.Count && *visible.Mean == *any.Mean
}

// rowsOf are the table's lines; a figure without samples has none.
func rowsOf(r *report.Report, figures []figure.Figure) (rows []row) {
	for _, f := range figures {
		if f == figure.FirstVisible && sameTimes(r) {
			continue
		}
		if summary := r.Summary(f); summary.Count > 0 {
			rows = append(rows, row{strings.ReplaceAll(f.String(), "_", "-"), summary})
		}
	}
	return rows
}
