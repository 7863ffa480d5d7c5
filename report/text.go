package report

import (
	"fmt"
	"io"
	"path"
	"strings"

	"brunt/payloads"
)

// TextOptions says what the text is written for.
type TextOptions struct {
	// Width is the number of columns; 0 means 80, less than 40 means 40.
	Width int
	// Colour allows escape codes; without it there are none at all.
	Colour bool
}

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

// Text writes the report for people. No line is wider than o.Width; where that
// is narrow, columns of tables are left out.
func Text(w io.Writer, r *Report, o TextOptions) error {
	if o.Width == 0 {
		o.Width = 80
	}
	p := &page{width: max(o.Width, 40), colour: o.Colour, gapped: true}
	p.header(r)
	p.ending(r)
	p.gap()
	p.counts(r)
	p.gap()
	p.percentiles(r)
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
	for _, warning := range r.Warnings {
		p.prose(yellow, "warning: "+safe(warning, mostText), 9)
	}
	p.gap()
	p.verdict(r)
	p.rules(r)
	_, err := io.WriteString(w, strings.TrimRight(p.b.String(), "\n")+"\n")
	return err
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
	head := wrap(text, p.width)
	p.line(s, head[0])
	if len(head) == 1 {
		return
	}
	rest := strings.TrimSpace(strings.TrimPrefix(strings.Join(strings.Fields(text), " "), head[0]))
	for _, l := range wrap(rest, p.width-indent) {
		p.line(s, strings.Repeat(" ", indent)+l)
	}
}

// flow writes a label and items three spaces apart, on more lines where one
// cannot hold them.
func (p *page) flow(s style, label string, items ...string) {
	text := pad(label, labelWidth)
	empty := true
	for _, item := range items {
		if item == "" {
			continue
		}
		if item = safe(item, mostText); displayWidth(item) > p.width-labelWidth {
			// It takes lines of its own.
			if !empty {
				p.line(s, text)
				text = strings.Repeat(" ", labelWidth)
			}
			parts := wrap(item, p.width-labelWidth)
			for _, part := range parts[:len(parts)-1] {
				p.line(s, text+part)
				text = strings.Repeat(" ", labelWidth)
			}
			text, empty = text+parts[len(parts)-1], false
			continue
		}
		if !empty && displayWidth(text)+3+displayWidth(item) > p.width {
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

// header is what was loaded, how, and with what.
func (p *page) header(r *Report) {
	var parts []string
	for _, part := range []string{safe(r.Name, mostText), safe(r.Target.called(), mostText), loadWords(r), payloadWords(&r.Plan)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	line := ""
	for _, part := range parts {
		switch {
		case line == "":
			line = part
		case displayWidth(line)+3+displayWidth(part) <= p.width:
			line += " · " + part
		default:
			p.prose(bold, line, 2)
			line = part
		}
	}
	p.prose(bold, line, 2)
}

// loadWords is the plan's load: 500/s, at most 16 in flight, for 10 s.
func loadWords(r *Report) string {
	plan, words := &r.Plan, "several loads"
	if r.Rebuilt {
		words = "from results"
	}
	switch {
	case plan.RatePerS != nil && plan.Order == string(payloads.Recorded):
		words = "replayed timing, " + FormatRate(*plan.RatePerS) + " on average"
	case plan.RatePerS != nil && plan.Concurrency != nil:
		words = fmt.Sprintf("%s, at most %s in flight,", formatAsked(*plan.RatePerS), FormatCount(uint64(max(*plan.Concurrency, 0))))
	case plan.RatePerS != nil:
		words = formatAsked(*plan.RatePerS)
	case plan.Concurrency != nil:
		words = FormatCount(uint64(max(*plan.Concurrency, 0))) + " at a time"
	}
	switch {
	case plan.DurationS != nil && plan.Requests != nil:
		words += fmt.Sprintf(" for %s or %s requests", span(*plan.DurationS), FormatCount(*plan.Requests))
	case plan.DurationS != nil:
		words += " for " + span(*plan.DurationS)
	case plan.Requests != nil:
		words += fmt.Sprintf(" for %s requests", FormatCount(*plan.Requests))
	}
	if plan.WarmupS > 0 {
		words += ", after a warm-up of " + span(plan.WarmupS)
	}
	switch n := len(r.Changes); {
	case n == 1:
		words += fmt.Sprintf(", changed after %s to %s", span(max(0, r.Changes[0].TS)), r.Changes[0].words())
	case n > 1:
		words += fmt.Sprintf(", changed %d times, at last to %s", n, r.Changes[n-1].words())
	}
	return strings.Replace(words, ",,", ",", 1)
}

// words is what was changed to: 200/s.
func (c *Change) words() string {
	switch {
	case c.RatePerS != nil:
		return formatAsked(*c.RatePerS)
	case c.Concurrency != nil:
		return FormatCount(uint64(max(*c.Concurrency, 0))) + " at a time"
	}
	return "nothing"
}

// payloadWords is the plan's payload: bodies.jsonl (1,000 lines, sequential).
func payloadWords(plan *Plan) string {
	if len(plan.Payloads) == 0 {
		return ""
	}
	var lines uint64
	for _, file := range plan.Payloads {
		lines += file.Lines
	}
	name := path.Base(strings.ReplaceAll(plan.Payloads[0].File, `\`, "/"))
	if plan.Payloads[0].File == "-" {
		name = "standard input"
	}
	name = safe(name, 100)
	if more := len(plan.Payloads) - 1; more > 0 {
		name += fmt.Sprintf(" and %d more", more)
	}
	unit := "lines"
	if lines == 1 {
		unit = "line"
	}
	order := safe(plan.Order, 20)
	if plan.Seed != nil && (order == "shuffle" || order == "random") {
		order += fmt.Sprintf(", seed %d", *plan.Seed)
	}
	return fmt.Sprintf("%s (%s %s, %s)", name, FormatCount(lines), unit, order)
}

// ending says what a reader has to know before looking at any figure.
func (p *page) ending(r *Report) {
	if !r.done() {
		p.prose(yellow, fmt.Sprintf("%s: figures so far, after %s", safe(r.State, 20), formatMS(r.ElapsedS*1e3)), 2)
	}
	if r.Interrupted {
		p.prose(yellow, interruptedWords(r), 2)
	}
	if r.Error != nil {
		p.prose(loud, "ended early: "+safe(*r.Error, mostText), 2)
	}
	if v := &r.Verdict; v.untrusted() {
		p.prose(yellow, v.endpointWords()+"; the figures are not trusted: see the last lines", 2)
	}
}

func (p *page) counts(r *Report) {
	q, why := &r.Requests, &r.Requests.NotSentReason
	failed := counted(q.Failed, "failed")
	if q.Failed > 0 {
		failed += " (" + FormatShare(failedShare(q)) + ")"
	}
	p.flow(plainText, "requests", counted(q.Planned, "planned"), counted(q.Sent, "sent"),
		counted(q.Succeeded, "succeeded"), failed, unlessZero(q.CutOff, "cut off"), unlessZero(q.InFlight, "in flight"))
	p.flow(plainText, "not sent", unlessZero(why.NoSlot, "no free slot"), unlessZero(why.Stopped, "stopped before"),
		unlessZero(why.Skipped, "skipped as too late"))
	p.flow(plainText, "apart", unlessZero(q.Warmup, "in the warm-up"), unlessZero(q.Reconnected, "reconnected"))
	if r.RunID != nil {
		p.flow(plainText, "ids", "client_request_id from "+safe(*r.RunID, 40)+"-0 on")
	}
	if k := r.Results; k != nil {
		p.flow(plainText, "results", counted(k.Kept, "kept"), unlessZero(k.Dropped, "dropped: the file could not take them"))
	}
	t := &r.Throughput
	asked := ""
	switch {
	case r.Plan.RatePerS != nil:
		asked = FormatRate(*r.Plan.RatePerS) + " asked"
	case r.Plan.Concurrency == nil:
		asked = FormatRate(t.OfferedPerS) + " offered"
	}
	p.flow(plainText, "rate", append([]string{asked}, rateItems(r)...)...)
	tokens, notes := tokenItems(r)
	p.flow(plainText, "tokens", tokens...)
	for _, note := range notes {
		p.prose(dim, note, 2)
	}
	p.flow(plainText, "goodput", goodputItems(r.Goodput)...)
}

func counted(n uint64, what string) string { return FormatCount(n) + " " + what }

func unlessZero(n uint64, what string) string {
	if n == 0 {
		return ""
	}
	return counted(n, what)
}
