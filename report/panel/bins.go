package panel

import (
	"fmt"
	"slices"
	"strings"

	"brunt/attack/figure"
	"brunt/report/format"
)

// mostBins is how many rows a distribution has at the most: more are no easier
// to read.
const mostBins = 24

// grids are round bounds within a decade, the finest first.
var grids = [][]float64{{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8}, {1, 1.5, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1}}

// bin counts the response times up to a bound, in nanoseconds, and above the
// bin before.
type bin struct {
	upTo  float64
	count int64
}

// binsOf sorts values, ascending and with their counts, into the finest bins
// of which there are no more than rows. Bins between two that hold something
// are kept, those outside are not.
func binsOf(values []bin, rows int) []bin {
	var bins []bin
	for _, grid := range grids {
		if bins = sorted(values, grid); len(bins) <= rows {
			break
		}
	}
	return bins
}

func sorted(values []bin, grid []float64) []bin {
	var bins []bin
	decade, i := 1.0, 0
	for _, v := range values {
		for decade*grid[i] < v.upTo {
			if bins != nil {
				bins = append(bins, bin{upTo: 0})
			}
			if i++; i == len(grid) {
				decade, i = decade*10, 0
			}
			if bins != nil {
				bins[len(bins)-1].upTo = decade * grid[i]
			}
		}
		if bins == nil {
			bins = []bin{{upTo: decade * grid[i]}}
		}
		bins[len(bins)-1].count += v.count
	}
	return bins
}

// distribution is the run's response times, drawn in no more rows than given.
func (m *model) distribution(width, rows int) []string {
	var values []bin
	for value, count := range m.snapshot.Latencies[figure.Response].ForEachBucket {
		values = append(values, bin{float64(value), count})
	}
	bins := binsOf(values, rows)
	if len(bins) == 0 {
		return nil
	}
	most := slices.MaxFunc(bins, func(a, b bin) int { return int(a.count - b.count) }).count
	room := max(10, width-labelWidth-24)
	lines := make([]string, len(bins))
	for i, b := range bins {
		bar := strings.Repeat("█", int(float64(b.count)/float64(most)*float64(room)))
		if bar == "" && b.count > 0 {
			bar = "▏"
		}
		lines[i] = fmt.Sprintf(
			"%-*s%s %s",
			labelWidth,
			"≤ "+nanoseconds(b.upTo),
			m.styles.response.Render(bar),
			m.styles.dim.Render(format.Count(uint64(b.count))),
		)
	}
	return lines
}
