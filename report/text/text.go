package text

import (
	"fmt"
	"io"
	"strings"

	"brunt/report"
	"brunt/report/format"
	"brunt/report/rules"
)

// style is an escape code, or empty for plain text.
type style string

const (
	plainText style = ""
	bold      style = "\x1b[1m"
	dim       style = "\x1b[2m"
	red       style = "\x1b[31m"
	green     style = "\x1b[32m"
	yellow    style = "\x1b[33m"
	loud      style = "\x1b[1;31m"
	resetCode       = "\x1b[0m"
)

// page collects the lines of a text report.
type page struct {
	b      strings.Builder
	width  int
	colour bool
	gapped bool // a blank line stands at the end, or nothing yet
}

// labelWidth is the width of the first column: "requests", "response".
const labelWidth = 11

// Write writes the report for people. No line is wider than o.Width; where that
// is narrow, columns of tables are left out.
func Write(w io.Writer, r *report.Report, o Options) error {
	if o.Width == 0 {
		o.Width = 80
	}
	p := &page{width: max(o.Width, 40), colour: o.Colour, gapped: true}
	if r.Capacity != nil {
		p.capacity(r)
	} else {
		p.report(r)
	}
	_, err := io.WriteString(w, strings.TrimRight(p.b.String(), "\n")+"\n")
	return err
}

// report is one run's.
func (p *page) report(r *report.Report) {
	p.header(r)
	p.ending(r)
	p.gap()
	p.counts(r)
	p.gap()
	p.percentiles(r)
	p.gap()
	p.stages(r)
	p.gap()
	p.failures(r)
	p.advice(r)
	p.gap()
	p.service(r)
	p.gap()
	p.names(r)
	p.gap()
	p.models(r)
	p.gap()
	p.slowest(r)
	p.gap()
	p.workers(r)
	p.gap()
	for _, warning := range r.Warnings {
		p.prose(yellow, "warning: "+format.Safe(warning, maxText), 9)
	}
	p.gap()
	p.verdict(r)
	p.rules(r)
}

func (p *page) line(s style, text string) {
	text = strings.TrimRight(text, " ")
	if p.colour && s != plainText && text != "" {
		text = string(s) + text + resetCode
	}
	p.b.WriteString(text + "\n")
	p.gapped = false
}

// gap leaves one blank line between sections that said something.
func (p *page) gap() {
	if !p.gapped {
		p.b.WriteString("\n")
		p.gapped = true
	}
}

// prose writes text that may be long, its further lines indented.
func (p *page) prose(s style, text string, indent int) {
	head := format.Wrap(text, p.width)
	p.line(s, head[0])
	if len(head) == 1 {
		return
	}
	rest := strings.TrimSpace(strings.TrimPrefix(strings.Join(strings.Fields(text), " "), head[0]))
	for _, l := range format.Wrap(rest, p.width-indent) {
		p.line(s, strings.Repeat(" ", indent)+l)
	}
}

// flow writes a label and items three spaces apart, on more lines where one
// cannot hold them.
func (p *page) flow(s style, label string, items ...string) {
	text := format.Pad(label, labelWidth)
	empty := true
	for _, item := range items {
		if item == "" {
			continue
		}
		if item = format.Safe(item, maxText); format.Width(item) > p.width-labelWidth {
			// It takes lines of its own.
			if !empty {
				p.line(s, text)
				text = strings.Repeat(" ", labelWidth)
			}
			parts := format.Wrap(item, p.width-labelWidth)
			for _, part := range parts[:len(parts)-1] {
				p.line(s, text+part)
				text = strings.Repeat(" ", labelWidth)
			}
			text, empty = text+parts[len(parts)-1], false
			continue
		}
		if !empty && format.Width(text)+3+format.Width(item) > p.width {
			p.line(s, text)
			text, empty = strings.Repeat(" ", labelWidth), true
		}
		if !empty {
			text += "   "
		}
		text += item
		empty = false
	}
	if !empty {
		p.line(s, text)
	}
}

// ending says what a reader has to know before looking at any figure.
func (p *page) ending(r *report.Report) {
	if !r.Done() {
		p.prose(
			yellow,
			fmt.Sprintf("%s: figures so far, after %s", format.Safe(r.State, 20), format.MS(r.ElapsedS*1e3)),
			2,
		)
	}
	if r.Interrupted {
		p.prose(yellow, rules.InterruptedWords(r), 2)
	}
	if r.Error != nil {
		p.prose(loud, "ended early: "+format.Safe(*r.Error, maxText), 2)
	}
	if v := &r.Verdict; v.Untrusted() {
		p.prose(yellow, EndpointWords(v)+"; the figures are not trusted: see the last lines", 2)
	}
}
