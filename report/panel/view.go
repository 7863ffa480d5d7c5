package panel

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/charmbracelet/lipgloss"

	"brunt/report"
	"brunt/report/format"
	"brunt/report/text"
	"brunt/report/words"
)

// styles: one meaning, one colour, as on the page (Okabe–Ito). NO_COLOR and
// terminals without colour are respected by the renderer.
type styles struct{ plain, title, dim, good, bad, response, tail, warn lipgloss.Style }

func newStyles(w io.Writer) styles {
	r := lipgloss.NewRenderer(w)
	colour := func(code string) lipgloss.Style { return r.NewStyle().Foreground(lipgloss.Color(code)) }
	return styles{
		plain: r.NewStyle(), title: r.NewStyle().Bold(true), dim: r.NewStyle().Faint(true), good: colour("#009E73"), bad: colour("#D55E00"),
		response: colour("#56B4E9"), tail: colour("#E69F00"), warn: colour("#E69F00").Bold(true),
	}
}

const (
	labelWidth = 12
	window     = 60 // intervals in the small charts
)

var blocks = []rune(" ▁▂▃▄▅▆▇█")

// View draws the newest snapshot within the terminal's size.
func (m *model) View() string {
	width, height := m.width, m.height
	if width == 0 {
		width, height = 80, 24
	}
	lines := []string{m.head(), m.progress(width), ""}
	lines = append(lines, m.counts()...)
	lines = append(lines, "")
	lines = append(lines, m.charts(width)...)
	lines = append(lines, "")
	lines = append(lines, m.distribution(width, max(4, min(height-18, mostBins)))...)
	lines = append(lines, "")
	// Messages are whole where the height allows.
	foot := append(m.failures(width, true), m.verdict(width, true)...)
	if len(lines)+len(foot) > height-1 {
		foot = append(m.failures(width, false), m.verdict(width, false)...)
	}
	lines = append(lines, foot...)
	keys := m.styles.dim.Render("q drains · twice cuts")
	if len(lines) > height-1 {
		lines = lines[:height-1]
	}
	return strings.Join(append(lines, keys), "\n")
}

func (m *model) head() string {
	s := m.snapshot
	return m.styles.title.Render(
		"brunt",
	) + "  " + string(
		s.State,
	) + "  " + m.styles.dim.Render(
		strings.Join(s.Addresses, " "),
	)
}

// progress is a bar over the plan's time or number of requests.
func (m *model) progress(width int) string {
	s, p := m.snapshot, m.plan
	share, left := 0.0, ""
	if p.Duration > 0 {
		share = s.Elapsed.Seconds() / p.Duration.Seconds()
		left = format.Span(max(0, p.Duration-s.Elapsed).Round(time.Second)) + " left"
	}
	if p.Requests > 0 {
		share = max(share, float64(s.Counts.Sent)/float64(p.Requests))
		left += fmt.Sprintf(" %s of %s", format.Count(s.Counts.Sent), format.Count(p.Requests))
	}
	room := max(10, width-len(left)-4)
	full := int(min(share, 1) * float64(room))
	return m.styles.response.Render(
		strings.Repeat("━", full),
	) + m.styles.dim.Render(
		strings.Repeat("─", room-full),
	) + "  " + left
}

func (m *model) counts() []string {
	s, c := m.snapshot, &m.snapshot.Counts
	asked, reached, inFlight := "", "–", uint64(0)
	if m.plan.Open() && !s.Sessions {
		asked = format.Rate(report.AskedNow(m.plan, s)) + " asked, "
	}
	if n := len(s.Intervals); n > 0 {
		last := &s.Intervals[n-1]
		reached = format.Rate(float64(last.Succeeded) / last.Width.Seconds())
		inFlight = last.InFlight
	}
	failed := format.Count(c.Failed) + " failed"
	if c.Failed > 0 {
		failed = m.styles.bad.Render(
			failed + " (" + format.Share(100*float64(c.Failed)/float64(max(1, c.Succeeded+c.Failed))) + ")",
		)
	}
	return []string{
		label("rate") + asked + reached + " succeeded   " + format.Count(inFlight) + " in flight",
		label("requests") + format.Count(c.Sent) + " sent   " + format.Count(c.Succeeded) + " succeeded   " + failed,
	}
}

// charts are the last minute's throughput and percentiles.
func (m *model) charts(width int) []string {
	intervals := m.snapshot.Intervals
	intervals = intervals[max(0, len(intervals)-min(window, width-labelWidth-24)):]
	var rate, p50, p99 []float64
	for i := range intervals {
		in := &intervals[i]
		rate = append(rate, float64(in.Succeeded)/in.Width.Seconds())
		h := in.Response.Histogram()
		p50 = append(p50, percentile(h, 50))
		p99 = append(p99, percentile(h, 99))
	}
	return []string{
		label("succeeded") + m.styles.good.Render(spark(rate)) + last(rate, format.Rate),
		label("p50") + m.styles.response.Render(spark(p50)) + last(p50, nanoseconds),
		label("p99") + m.styles.tail.Render(spark(p99)) + last(p99, nanoseconds),
	}
}

func percentile(h *hdrhistogram.PackedHistogram, q float64) float64 {
	if h.TotalCount() == 0 {
		return 0
	}
	return float64(h.ValueAtPercentile(q))
}

func nanoseconds(ns float64) string { return format.Duration(time.Duration(ns)) }

func label(s string) string { return fmt.Sprintf("%-*s", labelWidth, s) }

func last(values []float64, format func(float64) string) string {
	if len(values) == 0 {
		return ""
	}
	return "  " + format(values[len(values)-1])
}

// spark draws values from 0 to their maximum, one column each.
func spark(values []float64) string {
	highest := 0.0
	for _, v := range values {
		highest = max(highest, v)
	}
	var b strings.Builder
	for _, v := range values {
		i := 0
		if highest > 0 {
			i = int(v/highest*float64(len(blocks)-1) + 0.5)
		}
		b.WriteRune(blocks[i])
	}
	return b.String()
}

func (m *model) failures(width int, whole bool) (lines []string) {
	for i, f := range m.snapshot.Failures {
		if i == 4 {
			lines = append(lines, m.styles.dim.Render(fmt.Sprintf("and %d more kinds", len(m.snapshot.Failures)-i)))
			break
		}
		lines = append(
			lines,
			told(m.styles.bad, label(format.Count(f.Count)), f.Kind+"  "+words.Of(f.Message), width-1, whole)...)
	}
	return lines
}

// told is text behind its head on one line, or, where it is to be whole, on as
// many as it takes.
func told(s lipgloss.Style, head, text string, width int, whole bool) (lines []string) {
	indent := utf8.RuneCountInString(head)
	if !whole || indent+utf8.RuneCountInString(text) <= width {
		return []string{s.Render(format.Clip(head+text, width))}
	}
	for _, line := range format.WrapPlain(text, width-indent) {
		lines = append(lines, s.Render(head+line))
		head = strings.Repeat(" ", indent)
	}
	return lines
}

// verdict is what the endpoint does, and how far the figures can be trusted.
func (m *model) verdict(width int, whole bool) []string {
	endpoint, figures := text.VerdictWords(&m.snapshot.Verdict)
	style := m.styles.plain
	if !m.snapshot.Verdict.Valid() {
		style = m.styles.warn
	}
	return append(
		told(m.styles.plain, "so far: ", endpoint, width-1, whole),
		told(style, "", figures, width-1, whole)...)
}
