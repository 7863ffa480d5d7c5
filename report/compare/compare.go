package compare

import (
	"fmt"
	"math"

	"brunt/report"
	"brunt/report/format"
)

// Verdicts, of one figure and of all. Slower also says that more requests failed:
// it is the word for whatever is worse.
const (
	Slower        = "slower"
	Faster        = "faster"
	Same          = "same"
	NotComparable = "not_comparable"
)

// Methods.
const (
	BlockBootstrap = "block_bootstrap"
	RankTest       = "rank_test"
)

// Options are a comparison's.
type Options struct {
	Tolerance float64 // by how much NEW may be worse, as a share: 0.05
	Force     bool    // compare what is not alike, with the reasons as notes
}

// Comparison says how the new runs did beside the base's. As JSON it is the value of
// "comparison"; what is not known is null.
type Comparison struct {
	Verdict  string `json:"verdict"`
	Headline string `json:"headline"` // the answer, one sentence
	// Worse says that a figure that decides is worse by more than the tolerance, with
	// confidence: the near end of its interval lies beyond it.
	Worse     bool     `json:"worse_than_tolerance"`
	Tolerance float64  `json:"tolerance"` // a share
	Method    *string  `json:"method"`    // null where nothing was compared
	Reasons   []string `json:"reasons"`   // why the runs cannot be compared
	Notes     []string `json:"notes"`     // what else a reader should know
	Base      Side     `json:"base"`
	New       Side     `json:"new"`
	Figures   []Figure `json:"figures"`
}

// Side is one of the two.
type Side struct {
	Runs      int     `json:"runs"`
	Succeeded uint64  `json:"succeeded"`
	Failed    uint64  `json:"failed"`
	DurationS float64 `json:"duration_s"` // of all runs together
	Target    string  `json:"target"`
}

// Figure is one figure of both sides. Its difference is new − base, in its unit; the
// interval from Low to High holds the true one with Confidence, together with those
// of all other figures. The same as shares of base is in Relative. SmallestDetectable
// is the difference that such runs would show four times in five.
type Figure struct {
	Name               string    `json:"name"`
	Unit               string    `json:"unit"` // ms, percent or per_s
	Base               *float64  `json:"base"`
	New                *float64  `json:"new"`
	Difference         *float64  `json:"difference"`
	Low                *float64  `json:"low"`
	High               *float64  `json:"high"`
	Confidence         float64   `json:"confidence"`
	SmallestDetectable *float64  `json:"smallest_detectable"`
	Relative           *Relative `json:"relative"` // null for a share of failures
	Verdict            *string   `json:"verdict"`  // null where it is not known
	Decides            bool      `json:"decides"`  // whether the verdict on the whole hangs on it
	BaseCount          uint64    `json:"base_count"`
	NewCount           uint64    `json:"new_count"`
	Reason             string    `json:"reason"` // why it is not known
}

// Relative are differences as shares of base: 0.34 is 34 % more.
type Relative struct {
	Difference         float64  `json:"difference"`
	Low                *float64 `json:"low"`
	High               *float64 `json:"high"`
	SmallestDetectable *float64 `json:"smallest_detectable"`
}

// Reports compares the runs of two sides, one report per run.
func Reports(base, next []*report.Report, o Options) *Comparison {
	c := &Comparison{
		Tolerance: o.Tolerance, Reasons: []string{}, Notes: notesOn(base, next), Figures: []Figure{},
		Base: sideOf(base), New: sideOf(next),
	}
	if reasons := unlike(base, next); len(reasons) > 0 {
		if !o.Force {
			c.refuse(reasons)
			return c
		}
		for _, reason := range reasons {
			c.Notes = append(c.Notes, "compared all the same: "+reason)
		}
	}
	var list []*row
	for i := range rows {
		if f := &rows[i]; c.known(f, base, next) {
			list = append(list, f)
		}
	}
	estimates, ok := c.estimate(base, next, list)
	if !ok {
		c.refuse([]string{noStretches})
		return c
	}
	for i, f := range list {
		c.judge(f, estimates[i])
	}
	c.conclude()
	return c
}

const noStretches = "a report has no distributions of its intervals: it is merged, of a run that had not ended, or of an earlier version; give each run's own report"

func (c *Comparison) refuse(reasons []string) {
	c.Verdict, c.Reasons, c.Figures = NotComparable, reasons, []Figure{}
	c.Headline = "not comparable: " + reasons[0]
	if more := len(reasons) - 1; more > 0 {
		c.Headline += fmt.Sprintf(" (and %s)", plural(more, "other reason", "other reasons"))
	}
}

func sideOf(runs []*report.Report) Side {
	s := Side{Runs: len(runs)}
	for i, r := range runs {
		s.Succeeded, s.Failed = s.Succeeded+r.Requests.Succeeded, s.Failed+r.Requests.Failed
		s.DurationS = format.Significant(s.DurationS+r.PlanElapsedS, 12)
		if i == 0 {
			s.Target = r.Target.URL
		}
	}
	return s
}

// known fills in what is known of a figure without any statistics, and reports
// whether there is enough for more.
func (c *Comparison) known(f *row, base, next []*report.Report) bool {
	a, n, first := f.value(base)
	b, m, second := f.value(next)
	if n == 0 && m == 0 {
		return false // there is no such figure: no streams, say
	}
	out := Figure{Name: f.name, Unit: f.unit, Confidence: confidence, Decides: f.decides, BaseCount: n, NewCount: m}
	if first {
		out.Base = new(round(a))
	}
	if second {
		out.New = new(round(b))
	}
	if !first || !second {
		out.Reason = fmt.Sprintf(
			"too few requests: %s and %s, of %s needed",
			format.Count(n),
			format.Count(m),
			format.Count(f.needs()),
		)
		c.Figures = append(c.Figures, out)
		return false
	}
	out.Difference = new(round(b - a))
	if f.relative() {
		out.Relative = &Relative{Difference: round(b/a - 1)}
	}
	c.Figures = append(c.Figures, out)
	return true
}

// estimate is by the method that suits the number of runs.
func (c *Comparison) estimate(base, next []*report.Report, list []*row) ([]estimate, bool) {
	if min(len(base), len(next)) >= leastRuns {
		if out, cut := ranked(base, next, list); out != nil {
			c.Method = new(RankTest)
			if cut == 0 {
				c.Notes = append(
					c.Notes,
					fmt.Sprintf(
						"%d and %d runs cannot show a difference at 95 %%: make one more on each side",
						len(base),
						len(next),
					),
				)
			}
			return out, true
		}
	}
	out, s, ok := bootstrap(base, next, list)
	if !ok {
		return nil, false
	}
	c.Method = new(BlockBootstrap)
	c.Notes = append(c.Notes, s.notes()...)
	if len(base)+len(next) > 2 {
		c.Notes = append(
			c.Notes,
			fmt.Sprintf(
				"with fewer than %d runs a side, how much one run differs from the next is not in the intervals",
				leastRuns,
			),
		)
	}
	return out, true
}

// notes say where the intervals rest on little.
func (s *sampling) notes() []string {
	switch {
	case s.stretches < fewStretches:
		return []string{
			fmt.Sprintf(
				"a run of %s is short for its spread to be known: intervals are wide; run for a minute",
				plural(s.stretches, "interval", "intervals"),
			),
		}
	case s.blocks < fewBlocks:
		return []string{
			"latency changed slowly within a run, so that it holds few independent stretches: intervals are wide; run for longer",
		}
	}
	return nil
}

const (
	fewStretches = 10
	fewBlocks    = 8
)

// ranked compares run by run; nil where a run lacks a figure that decides. cut is 0
// where there are too few runs to show anything.
func ranked(base, next []*report.Report, list []*row) (out []estimate, cut int) {
	values := make([][]float64, len(list))
	var deciding [][]float64
	for i, f := range list {
		a, ok := runValues(f, base)
		b, also := runValues(f, next)
		if !ok || !also {
			return nil, 0
		}
		values[i] = append(a, b...)
		if f.decides {
			deciding = append(deciding, values[i])
		}
	}
	if len(deciding) > 0 {
		cut = jointCut(deciding, len(base))
	}
	for i := range list {
		shift, low, high := hodgesLehmann(values[i][:len(base)], values[i][len(base):], cut)
		out = append(out, estimate{difference: shift, low: low, high: high, ranked: true})
	}
	return out, cut
}

// round keeps as many digits as a figure has.
func round(x float64) float64 { return format.Significant(x, 6) }

func finite(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
