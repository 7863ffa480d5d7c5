package text

import (
	"cmp"
	"fmt"
	"slices"

	"brunt/report"
	"brunt/report/format"
)

// maxWorkerRows is how many workers have a row.
const maxWorkerRows = 8

// workers is a table of the machines, or processes, that sent the load together. Of many
// it has those that were lost, came in their place, or are trusted the least.
func (p *page) workers(r *report.Report) {
	list := slices.Clone(r.Client.Workers)
	if len(list) == 0 {
		return
	}
	if len(list) > maxWorkerRows {
		slices.SortStableFunc(list, func(a, b report.Worker) int { return cmp.Compare(doubt(&b), doubt(&a)) })
	}
	columns := []column{
		{head: "worker", least: 12}, {head: "sent", right: true}, {head: "late p99", right: true, drop: 3},
		{head: "of its cores", right: true, drop: 1}, {head: "began", right: true, drop: 2}, {head: "trust", right: true},
	}
	for i := range list[:min(len(list), maxWorkerRows)] {
		w := &list[i]
		cells := []string{
			format.Safe(w.Name, maxCell), format.Count(w.Sent), format.OptionalMS(w.LatenessP99MS), coresOf(w), beganOf(w), trustOf(w),
		}
		for j, cell := range cells {
			columns[j].cells = append(columns[j].cells, cell)
		}
	}
	p.table(columns)
	if more := len(list) - maxWorkerRows; more > 0 {
		p.flow(plainText, "", fmt.Sprintf("and %s more workers, in no more doubt than these", format.Count(uint64(more))))
	}
}

// doubt is what brings a worker to the top.
func doubt(w *report.Worker) int {
	switch {
	case w.Lost != nil:
		return 3
	case w.Trust == nil:
		return 2
	case *w.Trust == "none":
		return 2
	case *w.Trust == "limited", w.TookOver != nil:
		return 1
	}
	return 0
}

func coresOf(w *report.Worker) string {
	if w.Cores == 0 || w.WallS == 0 {
		return format.None
	}
	return fmt.Sprintf("%s of %d", format.Share(100*w.CPUS/(w.WallS*float64(w.Cores))), w.Cores)
}

// beganOf is when it began, after the run did or before it, or when it joined.
func beganOf(w *report.Worker) string {
	if w.TookOver != nil {
		return "joined at " + format.Moment(w.StartS)
	}
	if w.ClockErrorMS == nil || w.Trust == nil {
		return format.None
	}
	sign, ms := "+", 1000*w.StartS
	if ms < 0 {
		sign, ms = "-", -ms
	}
	return sign + format.MS(ms) + " ± " + format.MS(*w.ClockErrorMS)
}

func trustOf(w *report.Worker) string {
	switch {
	case w.Lost != nil:
		return "lost at " + format.Moment(w.Lost.LastS)
	case w.Trust == nil:
		return "no report"
	}
	return *w.Trust
}
