package text

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"brunt/report"
	"brunt/report/format"
)

// capacity is the answer of a search: its sentence, what else there is to know,
// and a row for each load that was tried.
func (p *page) capacity(r *report.Report) {
	c := r.Capacity
	s := bold
	if c.Status == "none_holds" || c.Status == "client" || c.Status == "unknown" {
		s = red
	}
	p.prose(s, format.Safe(c.Headline, maxText), 2)
	p.gap()
	for _, note := range c.Notes {
		p.prose(plainText, format.Safe(note, maxText), 2)
	}
	p.gap()
	p.table(capacityColumns(c))
	p.gap()
	for _, warning := range r.Warnings {
		p.prose(yellow, "warning: "+format.Safe(warning, maxText), 9)
	}
}

// tried are the steps of one load, the newest last.
type tried []*report.CapacityStep

// levelsOf are the steps by load, in ascending order.
func levelsOf(c *report.Capacity) (list []tried) {
	at := func(s *report.CapacityStep) float64 {
		switch {
		case s.RatePerS != nil:
			return *s.RatePerS
		case s.Concurrency != nil:
			return float64(*s.Concurrency)
		}
		return 0
	}
	for i := range c.Steps {
		s := &c.Steps[i]
		j := slices.IndexFunc(list, func(t tried) bool { return at(t[0]) == at(s) })
		if j < 0 {
			list = append(list, nil)
			j = len(list) - 1
		}
		list[j] = append(list[j], s)
	}
	slices.SortStableFunc(list, func(a, b tried) int { return cmp.Compare(at(a[0]), at(b[0])) })
	return list
}

// outcome is what became of the steps: held, 2 of 3 held, not known.
func (t tried) outcome() string {
	held, known := 0, 0
	for _, s := range t {
		if s.Held != nil {
			known++
			if *s.Held {
				held++
			}
		}
	}
	switch {
	case known == 0 && t[0].Outcome == "unjudged":
		return "too few"
	case known == 0:
		return "not known"
	case held == known && held == 1:
		return "held"
	case held == 0 && known == 1:
		return "not held"
	}
	return fmt.Sprintf("%d of %d held", held, known)
}

// capacityColumns are one row for each load. Counts are of all its steps, times
// of the newest.
func capacityColumns(c *report.Capacity) []column {
	streams := slices.ContainsFunc(
		c.Steps,
		func(s report.CapacityStep) bool { return s.TTFTP99 != nil || s.UserTokensPerS != nil },
	)
	load := "rate"
	if c.Sweep == "concurrency" {
		load = "clients"
	}
	columns := []column{
		{
			head:  load,
			right: true,
		}, {head: "completed", right: true}, {head: "p50", right: true, drop: 3}, {head: "p99", right: true, drop: 4},
		{head: "requests", right: true, drop: 2}, {head: "failed", right: true}, {head: "outcome"},
	}
	if streams {
		columns = slices.Insert(
			columns,
			2,
			column{head: "tokens", right: true},
			column{head: "per user", right: true},
			column{
				head:  "ttft p99",
				right: true,
			},
			column{head: "tpot p99", right: true},
			column{head: "goodput", right: true, drop: 1},
		)
	}
	if c.Fit != nil {
		columns = append(columns, column{head: "fit", right: true, drop: 5})
	}
	for _, t := range levelsOf(c) {
		for i, cell := range capacityCells(c, t, streams) {
			columns[i].cells = append(columns[i].cells, cell)
		}
	}
	return columns
}

func capacityCells(c *report.Capacity, t tried, streams bool) []string {
	newest, load := t[len(t)-1], ""
	var requests, failed uint64
	for _, s := range t {
		requests, failed = requests+s.Requests, failed+s.Failed
	}
	if newest.RatePerS != nil {
		load = format.AskedRate(*newest.RatePerS)
	} else if newest.Concurrency != nil {
		load = format.Count(uint64(max(0, *newest.Concurrency)))
	}
	cells := []string{load, optionalRate(newest.CompletedPerS)}
	if streams {
		cells = append(cells, optionalRate(newest.TokensPerS), optionalRate(newest.UserTokensPerS),
			format.OptionalMS(newest.TTFTP99), format.OptionalMS(newest.TPOTP99), optionalRate(newest.GoodputPerS))
	}
	cells = append(
		cells,
		format.OptionalMS(newest.P50),
		format.OptionalMS(newest.P99),
		format.Count(requests),
		format.Count(failed),
		t.outcome(),
	)
	if f := c.Fit; f != nil {
		text := ""
		if i := slices.Index(f.Concurrency, intOf(newest.Concurrency)); i >= 0 && i < len(f.Residuals) {
			text = fmt.Sprintf("%+.1f %%", 100*f.Residuals[i])
			if f.Knee != nil && kneeAt(f) == i {
				text += " knee"
			}
		}
		cells = append(cells, text)
	}
	return cells
}

// kneeAt is the row that lies next to the knee.
func kneeAt(f *report.CapacityFit) int {
	best := 0
	for i, n := range f.Concurrency {
		if apart(float64(n), *f.Knee) < apart(float64(f.Concurrency[best]), *f.Knee) {
			best = i
		}
	}
	return best
}

// apart is how far apart two loads are, by their ratio.
func apart(a, b float64) float64 { return max(a/b, b/a) }

func intOf(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func optionalRate(x *float64) string {
	if x == nil {
		return format.None
	}
	return format.Rate(*x)
}

// markdownCapacity is the answer of a search as Markdown.
func markdownCapacity(b *strings.Builder, r *report.Report) {
	c := r.Capacity
	fmt.Fprintf(b, "**%s.**\n\n", cell(upper(c.Headline), maxText))
	for _, note := range c.Notes {
		fmt.Fprintf(b, "- %s\n", cell(note, maxText))
	}
	columns := capacityColumns(c)
	b.WriteString("\n|")
	for _, col := range columns {
		b.WriteString(" " + col.head + " |")
	}
	b.WriteString("\n|")
	for _, col := range columns {
		if col.right {
			b.WriteString("--:|")
		} else {
			b.WriteString(":--|")
		}
	}
	b.WriteString("\n")
	for row := range columns[0].cells {
		b.WriteString("|")
		for _, col := range columns {
			b.WriteString(" " + cell(col.cells[row], 40) + " |")
		}
		b.WriteString("\n")
	}
}
