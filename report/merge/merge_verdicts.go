package merge

import (
	"fmt"
	"slices"

	"brunt/attack/result"
	"brunt/report"
)

// In order of doubt: who was the limit, and how far figures can be trusted. A
// report that nobody judged may be worse than one of limited trust; one that is
// not to be trusted makes the whole so, whatever the others are.
var (
	limitDoubt = []string{result.LimitNone, result.LimitEndpoint, result.LimitConnections, result.LimitClient}
	trustDoubt = []string{result.TrustFull, result.TrustLimited, "", result.TrustNone}
)

// verdict is trusted as far as the least trusted report is, and not judged where
// one is not. The limit is that of the report which was most in doubt. Of
// the reasons, those that all reports give are kept once, and beside them those
// of the reports that met this limit or have no more trust than the whole.
func (m *merger) verdict() report.Verdict {
	v := report.Verdict{
		LimitedBy: new(result.LimitNone),
		Trust:     new(result.TrustFull),
		Notes:     m.notes(),
		Reasons:   []string{},
	}
	limit, trust := result.LimitNone, result.TrustFull
	for _, r := range m.reports {
		if slices.Index(limitDoubt, r.Verdict.Limit()) > slices.Index(limitDoubt, limit) {
			limit = r.Verdict.Limit()
		}
		if slices.Index(trustDoubt, trustOf(r)) > slices.Index(trustDoubt, trust) {
			trust = trustOf(r)
		}
	}
	v.Reasons = m.reasons(func(r *report.Report) bool {
		return limit != result.LimitNone && r.Verdict.Limit() == limit ||
			trust != result.TrustFull && trustOf(r) == trust
	})
	if trust == "" {
		return report.Verdict{Notes: []string{}, Reasons: v.Reasons}
	}
	v.LimitedBy, v.Trust, v.Valid, v.Headline = new(
		limit,
	), new(
		trust,
	), new(
		trust != result.TrustNone,
	), m.headline(
		limit,
	)
	for _, r := range m.reports {
		if ms := r.Verdict.ErrorMS; trust == result.TrustLimited && ms != nil &&
			(v.ErrorMS == nil || *ms > *v.ErrorMS) {
			v.ErrorMS = new(*ms)
		}
	}
	return v
}

// trustOf is the report's trust, empty where nobody judged.
func trustOf(r *report.Report) string {
	if !r.Verdict.Judged() {
		return ""
	}
	return *r.Verdict.Trust
}

// maxHeadlines bounds what is quoted of a merge's reports.
const maxHeadlines = 3

// headline is what all reports say, or else what each says: first those whose
// endpoint failed, then those that met the limit, at most three in all.
func (m *merger) headline(limit string) *string {
	said := func(r *report.Report) string {
		if r.Verdict.Headline == nil {
			return ""
		}
		return *r.Verdict.Headline
	}
	if all := same(m, said, ""); all != "" {
		return new(all)
	}
	var words *string
	quoted, left := 0, 0
	for _, want := range []string{result.LimitEndpoint, limit} {
		for i, r := range m.reports {
			switch {
			case r.Verdict.Limit() != want || said(r) == "":
			case quoted == maxHeadlines:
				left++
			default:
				words = new(joined(words, m.label(i)+": "+said(r)))
				quoted++
			}
		}
		if limit == result.LimitEndpoint {
			break
		}
	}
	if left > 0 {
		words = new(joined(words, fmt.Sprintf("and %d more", left)))
	}
	return words
}

// notes are those of all reports.
func (m *merger) notes() []string {
	list := []string{}
	for i, r := range m.reports {
		for _, note := range r.Verdict.Notes {
			list = append(list, m.label(i)+": "+note)
		}
	}
	return list
}

// reasons are those that all reports give, and those of the reports chosen.
func (m *merger) reasons(chosen func(*report.Report) bool) []string {
	list := []string{}
	for _, reason := range m.reports[0].Verdict.Reasons {
		if same(m, func(r *report.Report) bool { return slices.Contains(r.Verdict.Reasons, reason) }, false) {
			list = append(list, reason)
		}
	}
	common := slices.Clone(list)
	for i, r := range m.reports {
		if !chosen(r) {
			continue
		}
		if !r.Verdict.Judged() && len(r.Verdict.Reasons) == 0 {
			list = append(list, m.label(i)+": "+report.NotJudged)
		}
		for _, reason := range r.Verdict.Reasons {
			if !slices.Contains(common, reason) {
				list = append(list, m.label(i)+": "+reason)
			}
		}
	}
	return list
}
