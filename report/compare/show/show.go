package show

import (
	"fmt"
	"io"
	"strings"

	jsontext "brunt/payloads/show"
	"brunt/report/compare"
	"brunt/report/format"
)

// width is how many columns a text takes at the most.
const width = 80

// Text writes the comparison for a terminal: the answer first, then the figures.
func Text(w io.Writer, c *compare.Comparison) error {
	var b strings.Builder
	wrapped(&b, c.Headline, 2)
	for _, reason := range c.Reasons {
		wrapped(&b, "- "+reason, 2)
	}
	if len(c.Reasons) > 0 {
		wrapped(&b, "give --force to compare them all the same", 2)
	}
	if len(c.Figures) > 0 {
		b.WriteString("\n" + line("", "base", "new", "change", "95 % interval", "could show"))
		for i := range c.Figures {
			b.WriteString(row(&c.Figures[i]))
		}
	}
	b.WriteString("\n")
	wrapped(&b, side("base", &c.Base), 6)
	wrapped(&b, side("new", &c.New), 6)
	if text := method(c); text != "" {
		wrapped(&b, text, 2)
	}
	for _, note := range c.Notes {
		wrapped(&b, "note: "+note, 6)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// wrapped writes a line that may be long, its further lines indented.
func wrapped(b *strings.Builder, text string, indent int) {
	for i, l := range format.Wrap(format.Safe(text, 600), width-indent) {
		if i > 0 {
			l = strings.Repeat(" ", indent) + l
		}
		b.WriteString(l + "\n")
	}
}

func line(name, base, next, change, interval, least string) string {
	text := format.Pad(
		name,
		15,
	) + left(
		base,
		10,
	) + left(
		next,
		11,
	) + left(
		change,
		9,
	) + left(
		interval,
		20,
	) + left(
		least,
		12,
	)
	return strings.TrimRight(text, " ") + "\n"
}

// left fills a cell from the left.
func left(text string, columns int) string {
	return strings.Repeat(" ", max(columns-format.Width(text), 1)) + text
}

func row(f *compare.Figure) string {
	out := line(f.Name, f.Value(f.Base), f.Value(f.New), f.Change(), f.Interval(), f.Detectable())
	if f.Reason != "" {
		out += "  " + f.Reason + "\n"
	}
	return out
}

func side(name string, s *compare.Side) string {
	runs := fmt.Sprintf("%d runs", s.Runs)
	if s.Runs == 1 {
		runs = "1 run"
	}
	return fmt.Sprintf("%s: %s, %s succeeded, %s failed in %s: %s", name, runs,
		format.Count(s.Succeeded), format.Count(s.Failed), format.SpanSeconds(s.DurationS), format.Safe(s.Target, 200))
}

// method says how the intervals were made.
func method(c *compare.Comparison) string {
	if c.Method == nil {
		return ""
	}
	how := "by a block bootstrap over the runs' intervals"
	if *c.Method == compare.RankTest {
		how = "by rank tests over whole runs"
	}
	return "intervals " + how + "; all hold at once (brunt help compare)"
}

// Markdown writes the comparison for a pull request.
func Markdown(w io.Writer, c *compare.Comparison) error {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**\n\n", cell(c.Headline))
	for _, reason := range c.Reasons {
		fmt.Fprintf(&b, "- %s\n", cell(reason))
	}
	if len(c.Figures) > 0 {
		b.WriteString("| | base | new | change | 95 % interval | could show | |\n|:--|--:|--:|--:|--:|--:|:--|\n")
		for i := range c.Figures {
			f := &c.Figures[i]
			verdict := f.Reason
			if f.Verdict != nil {
				verdict = *f.Verdict
			}
			fmt.Fprintf(
				&b,
				"| %s | %s | %s | %s | %s | %s | %s |\n",
				f.Name,
				f.Value(f.Base),
				f.Value(f.New),
				f.Change(),
				f.Interval(),
				f.Detectable(),
				cell(verdict),
			)
		}
	}
	b.WriteString("\n")
	for _, s := range []string{side("base", &c.Base), side("new", &c.New)} {
		fmt.Fprintf(&b, "- %s\n", cell(s))
	}
	if text := method(c); text != "" {
		fmt.Fprintf(&b, "- %s\n", text)
	}
	for _, note := range c.Notes {
		fmt.Fprintf(&b, "- note: %s\n", cell(note))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cell is foreign text that Markdown takes as it stands.
func cell(text string) string {
	return strings.NewReplacer("\\", "\\\\", "|", "\\|", "*", "\\*", "_", "\\_", "`", "\\`", "<", "&lt;", "[", "\\[").
		Replace(format.Safe(text, 600))
}

// JSON writes the comparison as one line.
func JSON(w io.Writer, c *compare.Comparison) error {
	return jsontext.EncodeJSON(w, struct {
		Schema     int                 `json:"schema"`
		Comparison *compare.Comparison `json:"comparison"`
	}{1, c})
}
