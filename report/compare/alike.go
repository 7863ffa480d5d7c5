package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"brunt/attack/result"
	"brunt/report"
	"brunt/report/format"
)

// unlike says why two sides cannot be compared, each reason in one line; none where
// they can. All runs must have had the bodies and the load of the first one.
func unlike(base, next []*report.Report) (reasons []string) {
	add := func(reason string) {
		if reason != "" && !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	all := slices.Concat(base, next)
	for i, r := range all {
		add(unfit(r, label(i, len(base), len(next))))
	}
	for i, r := range all[1:] {
		for _, reason := range different(all[0], r, label(0, len(base), len(next)), label(i+1, len(base), len(next))) {
			add(reason)
		}
	}
	return reasons
}

// label names a run to a reader.
func label(i, base, next int) string {
	side, n := "BASE", base
	if i >= base {
		side, n, i = "NEW", next, i-base
	}
	if n == 1 {
		return side
	}
	return fmt.Sprintf("run %d of %s", i+1, side)
}

// unfit says why a run's figures are of no use.
func unfit(r *report.Report, who string) string {
	switch {
	case !r.Done():
		return who + " had not ended when its report was made"
	case r.Requests.Succeeded == 0:
		return who + " has no successful request"
	case r.Verdict.Trust != nil && *r.Verdict.Trust == result.TrustNone:
		return who + "'s figures are not to be trusted" + because(r.Verdict.Reasons)
	}
	return ""
}

func because(reasons []string) string {
	if len(reasons) == 0 {
		return ""
	}
	return ": " + format.Safe(reasons[0], 200)
}

// different says in what two runs' plans differ. What a report does not tell is not
// held against it (notesOn says so).
func different(a, b *report.Report, first, second string) (reasons []string) {
	if a.Rebuilt || b.Rebuilt {
		return nil
	}
	say := func(what, x, y string) {
		if x != y {
			reasons = append(reasons, fmt.Sprintf("other %s: %s in %s, %s in %s", what, x, first, y, second))
		}
	}
	p, q := &a.Plan, &b.Plan
	say("load", loadWords(a), loadWords(b))
	say("stages", stageWords(p), stageWords(q))
	if x, y := bodies(p), bodies(q); x != y {
		reasons = append(reasons, fmt.Sprintf("other bodies: the payload digests of %s and %s differ", first, second))
	}
	if p.Arrivals != "" && q.Arrivals != "" {
		say("arrivals", p.Arrivals, q.Arrivals)
	}
	say("order of the bodies", p.Order, q.Order)
	say("cap on requests in flight", fmt.Sprint(p.MaxInFlight), fmt.Sprint(q.MaxInFlight))
	say("time-out", format.SpanSeconds(p.TimeoutS), format.SpanSeconds(q.TimeoutS))
	say("use of connections", keepWords(p.KeepAlive), keepWords(q.KeepAlive))
	if p.Success != nil && q.Success != nil {
		say("rule of success", *p.Success, *q.Success)
	}
	say("changes of the load under way", changeWords(a), changeWords(b))
	return reasons
}

func loadWords(r *report.Report) string {
	if r.Plan.RatePerS != nil {
		return format.AskedRate(*r.Plan.RatePerS)
	}
	if r.Plan.Concurrency != nil {
		return fmt.Sprintf("%d in flight", *r.Plan.Concurrency)
	}
	return "unknown"
}

func stageWords(p *report.Plan) string {
	if len(p.Stages) == 0 {
		return "none"
	}
	var parts []string
	for i := range p.Stages {
		parts = append(parts, stage(&p.Stages[i]))
	}
	return format.Safe(strings.Join(parts, ", "), 120)
}

// stage puts a stage into the words of --stages.
func stage(s *report.Stage) string {
	length := format.SpanSeconds(s.DurationS)
	if s.RatePerS != nil && s.ToRatePerS != nil {
		return length + "@" + fromTo(format.Number(*s.RatePerS), format.Number(*s.ToRatePerS))
	}
	if s.Concurrency != nil && s.ToConcurrency != nil {
		return length + "@" + fromTo(fmt.Sprintf("x%d", *s.Concurrency), fmt.Sprintf("x%d", *s.ToConcurrency))
	}
	return length
}

func fromTo(from, to string) string {
	if from == to {
		return from
	}
	return from + ".." + to
}

func bodies(p *report.Plan) string {
	var parts []string
	for _, f := range p.Payloads {
		parts = append(parts, fmt.Sprintf("%s:%d", f.SHA256, f.Weight))
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

func keepWords(keep bool) string {
	if keep {
		return "kept"
	}
	return "one per request"
}

func changeWords(r *report.Report) string {
	if len(r.Changes) == 0 {
		return "none"
	}
	var parts []string
	for _, c := range r.Changes {
		if c.RatePerS != nil {
			parts = append(parts, format.AskedRate(*c.RatePerS))
		} else if c.Concurrency != nil {
			parts = append(parts, fmt.Sprint(*c.Concurrency))
		}
	}
	return strings.Join(parts, ", ")
}

// notesOn is what a reader should know of the runs besides.
func notesOn(base, next []*report.Report) []string {
	notes := []string{}
	all := slices.Concat(base, next)
	differ := func(of func(*report.Report) string) bool {
		return slices.ContainsFunc(all[1:], func(r *report.Report) bool { return of(r) != of(all[0]) })
	}
	if slices.ContainsFunc(all, func(r *report.Report) bool { return r.Rebuilt }) {
		notes = append(
			notes,
			"a run was rebuilt from records, which do not tell its plan: whether the load was alike is not known",
		)
	}
	if differ(func(r *report.Report) string {
		if r.Client.Embedded { // at another port each time
			return "mock"
		}
		return r.Target.URL
	}) {
		notes = append(notes, "the runs are of different targets")
	}
	if differ(func(r *report.Report) string { return r.Target.Protocol }) {
		notes = append(notes, "the runs spoke different protocols")
	}
	if differ(func(r *report.Report) string { return *cmp.Or(r.Target.Proxy, new("")) }) {
		notes = append(notes, "the runs did not go through the same proxy")
	}
	for i, r := range all {
		who := label(i, len(base), len(next))
		if r.Interrupted {
			notes = append(notes, who+" was ended before its plan's end")
		}
		if v := &r.Verdict; v.Trust != nil && *v.Trust == result.TrustLimited && v.ErrorMS != nil {
			notes = append(
				notes,
				fmt.Sprintf("times of %s may be up to %s too high (brunt's own delays)", who, format.MS(*v.ErrorMS)),
			)
		}
	}
	return notes
}
