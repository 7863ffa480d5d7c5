package text

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"brunt/report"
	"brunt/report/format"
	"brunt/report/rules"
)

// markdownCell makes text fit for one cell: nothing in it is markup.
var markdownCell = strings.NewReplacer(
	"\\",
	"\\\\",
	"|",
	"\\|",
	"`",
	"\\`",
	"*",
	"\\*",
	"_",
	"\\_",
	"<",
	"&lt;",
	">",
	"&gt;",
	"[",
	"\\[",
	"]",
	"\\]",
	"#",
	"\\#",
	"~",
	"\\~",
)

func cell(s string, width int) string { return markdownCell.Replace(format.Safe(s, width)) }

// Markdown writes the report for a pull request: figures, percentiles,
// failures and rules, in tables.
func Markdown(w io.Writer, r *report.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", cell(cmp.Or(r.Name, targetName(&r.Target)), 120))
	if r.Capacity != nil {
		markdownCapacity(&b, r)
		_, err := io.WriteString(w, b.String())
		return err
	}
	markdownVerdict(&b, r)
	if r.Interrupted {
		words := rules.InterruptedWords(r)
		fmt.Fprintf(&b, "**%s.**\n\n", upper(words))
	}
	if r.Error != nil {
		fmt.Fprintf(&b, "**Ended early: %s**\n\n", cell(*r.Error, 240))
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&b, "Warning: %s\n\n", cell(warning, maxSentence))
	}
	markdownPlan(&b, r)
	q := &r.Requests
	rate, reached := "succeeded/s", r.Throughput.SucceededPerS
	if completed := r.Throughput.CompletedPerS; completed != nil {
		rate, reached = "completed/s", *completed
	}
	unknown, rule, count := "", "", ""
	if q.Unknown > 0 {
		unknown, rule, count = " unknown |", "--:|", " "+format.Count(q.Unknown)+" |"
	}
	fmt.Fprintf(
		&b,
		"| planned | sent | succeeded | failed | cut off | not sent |%s %s |\n|--:|--:|--:|--:|--:|--:|%s--:|\n",
		unknown,
		rate,
		rule,
	)
	fmt.Fprintf(
		&b,
		"| %s | %s | %s | %s | %s | %s |%s %s |\n\n",
		format.Count(q.Planned),
		format.Count(q.Sent),
		format.Count(q.Succeeded),
		format.Count(q.Failed),
		format.Count(q.CutOff),
		format.Count(q.NotSent),
		count,
		format.Rate(reached),
	)
	b.WriteString("| | p50 | p90 | p95 | p99 | p99.9 | max | count |\n|:--|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, row := range rowsOf(r, shownFigures) {
		fmt.Fprintf(&b, "| %s |", row.label)
		for _, value := range []*float64{row.P50, row.P90, row.P95, row.P99, row.P999, row.Max} {
			fmt.Fprintf(&b, " %s |", format.OptionalMS(value))
		}
		fmt.Fprintf(&b, " %s |\n", format.Count(row.Count))
	}
	tokens, notes := tokenItems(r)
	markdownLine(&b, "tokens", append(tokens, notes...))
	markdownLine(&b, "goodput", goodputItems(r.Goodput))
	markdownFailures(&b, r)
	markdownService(&b, r)
	markdownRules(&b, r)
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownPlan lists what was loaded, how, with what and when, so that the
// figures below can be made again.
func markdownPlan(b *strings.Builder, r *report.Report) {
	item := func(label, text string) {
		if text != "" {
			fmt.Fprintf(b, "- %s: %s\n", label, text)
		}
	}
	target := r.Target.URL
	if r.Target.Endpoint != nil {
		target = *r.Target.Endpoint + ", " + r.Target.URL
	}
	item("target", cell(target, 240))
	item("load", cell(loadWords(r), 240))
	item("payloads", cell(payloadWords(&r.Plan), 240))
	if r.Started != nil {
		item(
			"started",
			fmt.Sprintf("%s, lasted %s", r.Started.UTC().Format("2006-01-02 15:04:05 UTC"), format.MS(r.ElapsedS*1e3)),
		)
	}
	var labels []string
	for _, key := range slices.Sorted(maps.Keys(r.Labels)) {
		labels = append(labels, key+"="+r.Labels[key])
	}
	item("labels", cell(strings.Join(labels, ", "), 240))
	item("brunt", cell(r.Brunt, 60))
	b.WriteString("\n")
}

// markdownLine is a paragraph of what was counted; nothing without items.
func markdownLine(b *strings.Builder, label string, items []string) {
	items = slices.DeleteFunc(items, func(item string) bool { return item == "" })
	if len(items) > 0 {
		fmt.Fprintf(b, "\n%s: %s\n", label, cell(strings.Join(items, ", "), 400))
	}
}

// markdownVerdict is what the endpoint did, and how far the figures can be
// trusted.
func markdownVerdict(b *strings.Builder, r *report.Report) {
	v := &r.Verdict
	if r.Requests.Sent == 0 {
		b.WriteString("Nothing was sent.\n\n")
		return
	}
	if v.Judged() {
		if v.Headline != nil {
			fmt.Fprintf(b, "**%s.** ", cell(upper(*v.Headline), maxSentence))
		}
		fmt.Fprintf(b, "%s.", upper(cell(limitWords(v.Limit()), 60)))
		for _, note := range v.Notes[:min(len(v.Notes), maxReasons)] {
			fmt.Fprintf(b, " %s.", cell(upper(note), maxSentence))
		}
		b.WriteString("\n\n")
	}
	fmt.Fprintf(b, "%s.\n\n", cell(upper(FiguresWords(v)), 2000))
}

// upper begins a sentence.
func upper(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

func markdownFailures(b *strings.Builder, r *report.Report) {
	if len(r.Errors) == 0 {
		return
	}
	b.WriteString("\n| failures | kind | message |\n|--:|:--|:--|\n")
	for _, f := range r.Errors[:min(len(r.Errors), 10)] {
		fmt.Fprintf(b, "| %s | %s | %s |\n", format.Count(f.Count), cell(f.Kind, 40), cell(f.Message, 400))
	}
	if more := len(r.Errors) - 10; more > 0 {
		fmt.Fprintf(b, "| | | and %d more kinds |\n", more)
	}
	for i, text := range advices(r) {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "- %s\n", cell(text, 300))
	}
}

func markdownRules(b *strings.Builder, r *report.Report) {
	if len(r.SLO) == 0 {
		return
	}
	b.WriteString("\n| rule | value | |\n|:--|--:|:--|\n")
	for _, j := range r.SLO {
		value, verdict := "–", "held"
		if j.Value != nil {
			value = rules.FormatValue(*j.Value, j.Unit)
		}
		if !j.Met {
			verdict = "**broken**: " + cell(j.Reason, maxSentence)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", cell(j.Rule, 200), value, verdict)
	}
}
