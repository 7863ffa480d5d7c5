package report

import (
	"slices"
	"strconv"
)

// advices are what to do about the failures, those of the most frequent causes
// first, each once.
func advices(r *Report) (list []string) {
	kinds := slices.Clone(r.Errors)
	slices.SortStableFunc(kinds, func(a, b Failure) int { return compareDown(a.Count, b.Count) })
	for _, f := range kinds {
		if f.Advice == nil {
			continue
		}
		text := *f.Advice
		if f.Status != nil {
			text = strconv.Itoa(*f.Status) + ": " + text
		}
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list[:min(len(list), maxAdvice)]
}

// advice stands below the failures, where something is known to do about them.
func (p *page) advice(r *Report) {
	for i, text := range advices(r) {
		label := ""
		if i == 0 {
			label = "advice"
		}
		p.labelled(plainText, label, safe(text, mostText))
	}
}

// labelled writes a label and text that may be mostText, its further lines below
// the first one's text.
func (p *page) labelled(s style, label, text string) {
	for _, line := range wrap(text, p.width-labelWidth) {
		p.line(s, pad(label, labelWidth)+line)
		label = ""
	}
}

// models is a table where more than one model has answered.
func (p *page) models(r *Report) {
	if len(r.ServedModels) < 2 {
		return
	}
	models := slices.Clone(r.ServedModels)
	slices.SortStableFunc(models, func(a, b ServedModel) int { return compareDown(a.Count, b.Count) })
	columns := []column{
		{head: "served model", least: 12}, {head: "replies", right: true}, {head: "p50", right: true, drop: 3}, {head: "p99", right: true},
		{head: "service p50", right: true, drop: 1}, {head: "service p99", right: true, drop: 2},
	}
	for _, m := range models[:min(len(models), maxNameRows)] {
		response, service := &m.LatencyMS.Response, &m.LatencyMS.Service
		cells := []string{safe(m.Name, mostCell), FormatCount(m.Count), optionalMS(response.P50), optionalMS(response.P99), optionalMS(service.P50), optionalMS(service.P99)}
		for i, cell := range cells {
			columns[i].cells = append(columns[i].cells, cell)
		}
	}
	p.table(columns)
	if more := len(models) - maxNameRows; more > 0 {
		p.flow(plainText, "", "and "+FormatCount(uint64(more))+" more models")
	}
}
