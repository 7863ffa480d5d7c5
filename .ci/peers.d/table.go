package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// grid is a table of words: a header, then rows; the first column is the
// name, all others are figures.
type grid [][]string

// grid lays a scenario out; notes are numbered on from those there are.
func (t *table) grid(notes *[]string) grid {
	head := []string{"client", "requests", "failed"}
	for _, c := range t.row.shown() {
		head = append(head, c.head)
	}
	g := grid{head}
	if t.Note != "" {
		*notes = append(*notes, t.Name+": "+t.Note)
	}
	for _, l := range t.Lines {
		if t.row.paired && l.Base == "" {
			continue
		}
		cells := []string{l.Client + refer(l, notes), grouped(l.Requests), grouped(l.Failed)}
		for i := range l.Figures {
			cells = append(cells, l.Figures[i].String())
		}
		g = append(g, cells)
	}
	return g
}

// refer adds a line's marks to the notes and gives their numbers.
func refer(l *line, notes *[]string) string {
	var numbers strings.Builder
	for _, mark := range l.Marks {
		*notes = append(*notes, l.Client+": "+mark)
		fmt.Fprintf(&numbers, " [%d]", len(*notes))
	}
	return numbers.String()
}

func (g grid) text() string {
	widths := make([]int, len(g[0]))
	for _, cells := range g {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	for _, cells := range g {
		for i, cell := range cells {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				out.WriteString(cell + pad)
			} else {
				out.WriteString("  " + pad + cell)
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func (g grid) markdown() string {
	var out strings.Builder
	for i, cells := range g {
		out.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		if i == 0 {
			out.WriteString("|---" + strings.Repeat("|---:", len(cells)-1) + "|\n")
		}
	}
	return out.String()
}

// titled says how many rounds there were, too.
func (t *table) titled() string {
	if t.Rounds == 1 {
		return t.Title + ", 1 round"
	}
	return fmt.Sprintf("%s, %d rounds", t.Title, t.Rounds)
}

// text is for a terminal.
func (r *result) text() string {
	var out strings.Builder
	out.WriteString(r.about("\n") + "\n")
	var notes []string
	for _, t := range r.Tables {
		out.WriteString("\n" + t.Name + ": " + t.titled() + "\n" + t.grid(&notes).text())
	}
	for i, note := range notes {
		fmt.Fprintf(&out, "%s[%d] %s\n", map[bool]string{true: "\n"}[i == 0], i+1, note)
	}
	return out.String() + "\n" + method + "\n"
}

// markdown is for a README.
func (r *result) markdown() string {
	var out strings.Builder
	var notes []string
	for _, t := range r.Tables {
		title := strings.ToUpper(t.Title[:1]) + t.titled()[1:]
		out.WriteString(title + ":\n\n" + t.grid(&notes).markdown() + "\n")
	}
	for i, note := range notes {
		fmt.Fprintf(&out, "- [%d] %s\n", i+1, note)
	}
	if len(notes) > 0 {
		out.WriteByte('\n')
	}
	return out.String() + r.about("; ") + "\n\n" + method + "\n"
}

// about names the machine and the clients.
func (r *result) about(between string) string {
	m := &r.Machine
	parts := []string{
		fmt.Sprintf(
			"%s, %d cores, Linux %s, %s, nginx %s, load average before the first run %s",
			m.CPU,
			m.Cores,
			m.Kernel,
			m.Go,
			m.Nginx,
			m.Load,
		),
		fmt.Sprintf("%s, runs of %d s", m.When, r.Seconds),
	}
	var versions, missing []string
	for _, c := range r.Clients {
		if c.Missing != "" {
			missing = append(missing, c.Name+" left out: "+c.Missing)
		} else if c.Version != "" {
			versions = append(versions, c.Name+" "+c.Version)
		}
	}
	parts = append(parts, strings.Join(versions, ", "))
	return strings.Join(append(parts, missing...), between)
}

// grouped writes 1234567 as 1,234,567.
func grouped(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// method says how the figures came about.
const method = `nginx and servers of the harness have core 0, each client core 1, unless a row
says otherwise. Clients run in turn, another first in each round but for the
closed loop that a rate is a part of; a ratio is of two runs in the same round,
given as median [least–most] of the rounds. CPU is user + system time, children
included, per succeeded request or token; CPU % is that of one core from a
client's start to its end. Requests and failures are sums as the client counts
them, speeds are medians, memory the largest. Locust's speed and CPU are of the
time after the start of its users, aiohttp's CPU of that after Python's start.
Each client of a closed row was seen to send the same body on the same number of
connections, and the server's count of requests agrees with its own, else a note
says so: exactly where the client had a number to send, else but for what was in
flight at the end. vegeta's lateness is the instant of request i less that of
its first + i/rate, and none below that, which favours vegeta when its first is
late; brunt's is what brunt reports. With a rate either has at most 1,000
requests in flight.`
