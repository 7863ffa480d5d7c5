package text

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"brunt/report"
	"brunt/report/format"
)

func (p *page) service(r *report.Report) {
	if r.Endpoint == nil {
		return
	}
	for _, text := range r.Endpoint.Advice {
		p.prose(plainText, format.Safe(text, 600), 2)
	}
}

func markdownService(w io.Writer, r *report.Report) {
	if r.Endpoint == nil {
		return
	}
	for _, text := range r.Endpoint.Advice {
		fmt.Fprintf(w, "\n%s\n", cell(text, 600))
	}
}

// advices are what to do about the failures, those of the most frequent causes
// first, each once.
func advices(r *report.Report) (list []string) {
	kinds := slices.Clone(r.Errors)
	slices.SortStableFunc(kinds, func(a, b report.Failure) int { return compareDown(a.Count, b.Count) })
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
func (p *page) advice(r *report.Report) {
	for i, text := range advices(r) {
		label := ""
		if i == 0 {
			label = "advice"
		}
		p.labelled(plainText, label, format.Safe(text, maxText))
	}
}

// labelled writes a label and text that may be long, its further lines below
// the first one's text.
func (p *page) labelled(s style, label, text string) {
	for _, line := range format.Wrap(text, p.width-labelWidth) {
		p.line(s, format.Pad(label, labelWidth)+line)
		label = ""
	}
}
