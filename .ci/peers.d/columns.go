package main

import (
	"fmt"
	"strings"
)

// column is one figure of a table, read from each run.
type column struct {
	head string
	of   func(s *sample) (float64, bool) // false where a run has none
	to   relation
	show shown
	// digits after the point.
	digits int
}

// relation is how a figure stands to that of the line's base in the same round.
type relation int

const (
	alone      relation = iota
	ratio               // divided by the base's
	difference          // less the base's
	theirs              // the base's own
)

// shown is what a table prints of all rounds.
type shown int

const (
	withRange shown = iota // median [least–most]
	median
	most
	each // every round's
)

// figure is a column of one line, over all rounds.
type figure struct {
	Name   string    `json:"name"`
	Values []float64 `json:"values"` // in the order of rounds
	*spread
	column column
}

// figureOf takes a column's values from a line's runs; base may be nil.
func figureOf(c column, l, base *line) figure {
	f := figure{Name: c.head, Values: []float64{}, column: c}
	for i := range l.Samples {
		if value, known := c.value(&l.Samples[i], base); known {
			f.Values = append(f.Values, value)
		}
	}
	f.spread = spreadOf(f.Values)
	return f
}

// value is that of one run, against the base's in the same round.
func (c *column) value(s *sample, base *line) (float64, bool) {
	if s.Error != "" {
		return 0, false
	}
	own, known := c.of(s)
	if c.to == alone {
		return own, known
	}
	if base == nil {
		return 0, false
	}
	for i := range base.Samples {
		b := &base.Samples[i]
		if b.Round != s.Round || b.Error != "" {
			continue
		}
		other, found := c.of(b)
		switch {
		case !found:
			return 0, false
		case c.to == theirs:
			return other, true
		case c.to == difference:
			return own - other, known
		}
		return own / other, known && other != 0
	}
	return 0, false
}

// told is a run in a line, while others are still to come.
func (s *sample) told(list []column) string {
	var words []string
	for _, c := range list {
		if value, known := c.value(s, nil); known && c.to == alone && c.show != each {
			words = append(words, c.write(value)+" "+c.head)
		}
	}
	return strings.Join(append(words, s.marks()...), ", ")
}

// write gives a value its digits.
func (c *column) write(v float64) string {
	if c.digits == 0 && v >= 0 {
		return grouped(uint64(v + 0.5))
	}
	return fmt.Sprintf("%.*f", c.digits, v)
}

// String is how a table shows it.
func (f *figure) String() string {
	if f.spread == nil {
		return "–"
	}
	write := f.column.write
	switch f.column.show {
	case median:
		return write(f.Median)
	case most:
		return write(f.Max)
	case each:
		var words []string
		for _, v := range f.Values {
			words = append(words, write(v))
		}
		return strings.Join(words, " ")
	}
	return fmt.Sprintf("%s [%s–%s]", write(f.Median), write(f.Min), write(f.Max))
}

// columns puts groups of them one after the other.
func columns(groups ...[]column) []column {
	var list []column
	for _, g := range groups {
		list = append(list, g...)
	}
	return list
}

// positive is a figure that is 0 where it is not known.
func positive(of func(s *sample) float64) func(*sample) (float64, bool) {
	return func(s *sample) (float64, bool) { v := of(s); return v, v > 0 }
}

var (
	cpuOf     = positive(func(s *sample) float64 { return s.CPU })
	speedOf   = positive(func(s *sample) float64 { return s.PerSecond })
	peakOf    = positive(func(s *sample) float64 { return s.PeakMB })
	shareOf   = positive(func(s *sample) float64 { return 100 * s.Share })
	openedOf  = positive(func(s *sample) float64 { return float64(s.Connections) })
	serverOf  = positive(func(s *sample) float64 { return s.ServerCPU })
	tokenOf   = positive(func(s *sample) float64 { return s.CPUPerToken })
	statusOf  = positive(func(s *sample) float64 { return float64(s.Status) })
	serviceOf = positive(func(s *sample) float64 { return s.ServiceMS })
)

// usual are of nearly every row.
var usual = []column{
	{head: "succeeded/s", of: speedOf, show: median},
	{head: "CPU µs/request", of: cpuOf, show: median, digits: 1},
	{head: "peak MB", of: peakOf, show: most},
}

// cpuRatio is of CPU per request.
func cpuRatio(to string) []column {
	return []column{{head: "CPU, ratio to " + to, of: cpuOf, to: ratio, digits: 2}}
}

// late reads one figure of lateness.
func late(of func(l *lateness) float64) func(*sample) (float64, bool) {
	return func(s *sample) (float64, bool) {
		if s.Lateness == nil {
			return 0, false
		}
		return of(s.Lateness), true
	}
}

var (
	latenesses = []column{
		{head: "p50 ms", of: late(func(l *lateness) float64 { return l.P50 }), digits: 2},
		{head: "p99 ms", of: late(func(l *lateness) float64 { return l.P99 }), digits: 2},
		{head: "max ms", of: late(func(l *lateness) float64 { return l.Max }), digits: 2},
	}
	latenessOfEach = []column{
		{head: "p99 ms of each run", of: late(func(l *lateness) float64 { return l.P99 }), show: each, digits: 2},
	}
)
