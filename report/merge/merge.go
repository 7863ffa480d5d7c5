package merge

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"brunt/attack/result"
	"brunt/report"
	"brunt/report/format"
	"brunt/report/rules"
)

const maxSlowest = 20

// Reports makes one report of several, as though one run had sent all of it:
// counts add up, percentiles come from the merged histograms and are exact,
// times count from the earliest start, and rates are by the time in which any of
// the runs ran: those at the same time add up, and a gap between two is no part
// of it. It is trusted as far as each of them is. Percentiles of
// single intervals cannot be merged and are null where more than one report
// has a share in them. What does not fit together is said in warnings. The
// arguments are left as they are.
func Reports(reports []*report.Report) (*report.Report, error) {
	switch len(reports) {
	case 0:
		return nil, errors.New("no report to merge; give at least one file")
	case 1:
		return reports[0], nil
	}
	for i := range reports {
		for j := range reports[:i] {
			if SameRun(reports[j], reports[i]) {
				return nil, errSameRun
			}
		}
	}
	m := newMerger(reports)
	m.head()
	m.plan()
	m.figures()
	m.out.Intervals = m.intervals()
	m.out.Summarise()
	m.judge()
	return m.out, nil
}

var errSameRun = errors.New("the same run is in it twice, and would count twice; give it once")

// SameRun reports whether a run is in both: by its id or, of records that were cut
// off and have none, by the instant at which they begin.
func SameRun(a, b *report.Report) bool {
	for _, id := range a.Runs {
		if slices.Contains(b.Runs, id) {
			return true
		}
	}
	known := len(a.Runs) > 0 && len(b.Runs) > 0
	return !known && (a.Rebuilt || b.Rebuilt) && a.Started != nil && b.Started != nil &&
		a.Started.Equal(*b.Started) && a.Target.URL == b.Target.URL
}

// merger holds the reports in the order of their starts; at[i] is how many
// seconds after the first of them report i started.
type merger struct {
	reports []*report.Report
	at      []float64
	out     *report.Report
}

func newMerger(reports []*report.Report) *merger {
	m := &merger{reports: slices.Clone(reports), out: &report.Report{Schema: report.SchemaVersion}}
	slices.SortStableFunc(m.reports, func(a, b *report.Report) int { return startOf(a).Compare(startOf(b)) })
	origin := time.Time{}
	for _, r := range m.reports {
		if r.Started == nil { // nothing was sent yet, so nothing hangs on when
			m.at = append(m.at, 0)
			continue
		}
		if origin.IsZero() {
			origin = *r.Started
			m.out.Started = new(origin)
		}
		m.at = append(m.at, r.Started.Sub(origin).Seconds())
	}
	m.out.FillEmpty()
	return m
}

func startOf(r *report.Report) time.Time {
	if r.Started == nil {
		return time.Time{}
	}
	return *r.Started
}

// head merges what identifies the runs and how they ended.
func (m *merger) head() {
	out := m.out
	out.Name = same(m, func(r *report.Report) string { return r.Name }, "")
	out.Brunt = same(m, func(r *report.Report) string { return r.Brunt }, m.reports[0].Brunt)
	out.Command = same(m, func(r *report.Report) string { return r.Command }, "")
	out.State = string(result.Done)
	out.Target, out.Endpoint = m.target(), m.service()
	out.Verdict = m.verdict()
	for i, r := range m.reports {
		if !r.Done() {
			out.State = r.State
		}
		out.Interrupted = out.Interrupted || r.Interrupted
		out.Rebuilt = out.Rebuilt || r.Rebuilt
		out.CredentialsExpired = out.CredentialsExpired || r.CredentialsExpired
		out.Runs = append(out.Runs, r.Runs...)
		if r.Error != nil {
			out.Error = new(joined(out.Error, m.label(i)+": "+*r.Error))
		}
		out.ElapsedS = math.Max(out.ElapsedS, m.at[i]+r.ElapsedS)
		out.PlanElapsedS = math.Max(out.PlanElapsedS, m.at[i]+r.PlanElapsedS)
		for _, span := range r.RunSpans() {
			span.TS = format.Significant(m.at[i]+span.TS, 12)
			out.Spans = append(out.Spans, span)
		}
		for _, warning := range r.Warnings {
			m.warn(warning)
		}
		for _, change := range r.Changes {
			change.TS = format.Significant(m.at[i]+change.TS, 12)
			out.Changes = append(out.Changes, change)
		}
	}
	if out.Done() && out.Started != nil {
		out.Ended = new(out.Started.Add(time.Duration(math.Round(out.ElapsedS*1e6)) * time.Microsecond))
	}
	slices.SortStableFunc(out.Changes, func(a, b report.Change) int { return cmp.Compare(a.TS, b.TS) })
	for key, value := range m.reports[0].Labels {
		if same(m, func(r *report.Report) string { return r.Labels[key] }, "") == value {
			out.Labels[key] = value
		}
	}
	out.ElapsedS, out.PlanElapsedS = format.Significant(out.ElapsedS, 12), format.Significant(out.PlanElapsedS, 12)
}

// same is the reports' common value, or other where they differ.
func same[T comparable](m *merger, of func(*report.Report) T, other T) T {
	value := of(m.reports[0])
	for _, r := range m.reports[1:] {
		if of(r) != value {
			return other
		}
	}
	return value
}

func (m *merger) warn(warning string) {
	if !slices.Contains(m.out.Warnings, warning) {
		m.out.Warnings = append(m.out.Warnings, warning)
	}
}

// label names one of the reports to a reader.
func (m *merger) label(i int) string {
	if name := m.reports[i].Name; name != "" && m.out.Name == "" {
		return name
	}
	return fmt.Sprintf("report %d", i+1)
}

func joined(before *string, next string) string {
	if before == nil {
		return next
	}
	return *before + "; " + next
}

func (m *merger) target() report.Target {
	target := m.reports[0].Target
	target.Addresses = []string{}
	var urls []string
	for _, r := range m.reports {
		t := &r.Target
		if !slices.Contains(urls, t.URL) {
			urls = append(urls, t.URL)
		}
		for _, address := range t.Addresses {
			if !slices.Contains(target.Addresses, address) {
				target.Addresses = append(target.Addresses, address)
			}
		}
		if target.TLS != nil && (t.TLS == nil || *t.TLS != *target.TLS) {
			target.TLS = nil
		}
		if target.Proxy != nil && (t.Proxy == nil || *t.Proxy != *target.Proxy) {
			target.Proxy = nil
		}
		if target.Endpoint != nil && (t.Endpoint == nil || *t.Endpoint != *target.Endpoint) {
			target.Endpoint = nil
		}
	}
	target.Protocol = same(m, func(r *report.Report) string { return r.Target.Protocol }, "")
	if len(urls) > 1 {
		m.warn(fmt.Sprintf("the reports are of %d different targets: %s", len(urls), strings.Join(urls, ", ")))
	}
	if !same(m, func(r *report.Report) bool { return r.Brunt == m.reports[0].Brunt }, false) {
		m.warn("the reports were made by different versions of brunt")
	}
	return target
}

// judge holds the merged figures against every rule that any report had.
func (m *merger) judge() {
	for _, r := range m.reports {
		for _, j := range r.SLO {
			if slices.ContainsFunc(m.out.SLO, func(have report.Judgement) bool { return have.Rule == j.Rule }) {
				continue
			}
			rule, err := rules.Parse(j.Rule)
			if err != nil {
				m.out.SLO = append(
					m.out.SLO,
					report.Judgement{
						Rule:   j.Rule,
						Unit:   j.Unit,
						Reason: "this version of brunt does not know the rule",
					},
				)
				continue
			}
			m.out.SLO = append(m.out.SLO, rule.Judge(m.out))
		}
	}
}

func (m *merger) slowest() []report.Slow {
	all := []report.Slow{}
	for i, r := range m.reports {
		for _, s := range r.Slowest {
			s.AtS = format.Significant(s.AtS+m.at[i], 12)
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b report.Slow) int { return cmp.Compare(b.ResponseMS, a.ResponseMS) })
	return all[:min(len(all), maxSlowest)]
}
