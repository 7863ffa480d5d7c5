package text

import (
	"io"
	"strings"

	"brunt/report/format"
)

// Check is one line of a checklist.
type Check struct {
	Name   string
	State  string // a word
	Good   bool   // it is well
	Bad    bool   // it is not
	Text   string
	Remedy string // what to do about it; may be empty
}

// Checklist writes a title and a line per check, each with its remedy below it,
// no wider than o.Width.
func Checklist(w io.Writer, title []string, checks []Check, o Options) error {
	if o.Width == 0 {
		o.Width = 80
	}
	p := &page{width: max(o.Width, 40), colour: o.Colour, gapped: true}
	for _, line := range title {
		p.prose(bold, format.Safe(line, maxText), 2)
	}
	p.gap()
	state, name := 0, 0
	for _, c := range checks {
		state, name = max(state, format.Width(c.State)), max(name, format.Width(c.Name))
	}
	for _, c := range checks {
		s := plainText
		switch {
		case c.Bad:
			s = red
		case c.Good:
			s = green
		default:
			s = yellow
		}
		p.check(s, c.State, state, format.Pad(c.Name, name), c.Text)
		if c.Remedy != "" {
			p.check(plainText, "", state, strings.Repeat(" ", name), "→ "+c.Remedy)
		}
	}
	_, err := io.WriteString(w, strings.TrimRight(p.b.String(), "\n")+"\n")
	return err
}

// check writes a check's line, of which only the state has a colour; what is
// too long goes on below the text.
func (p *page) check(s style, state string, width int, name, text string) {
	margin := width + 2 + format.Width(name) + 2
	for i, line := range format.Wrap(format.Safe(text, maxText), max(p.width-margin, 20)) {
		if i > 0 {
			state, name = "", strings.Repeat(" ", format.Width(name))
		}
		word := format.Pad(state, width)
		if p.colour && s != plainText && state != "" {
			word = string(s) + state + resetCode + strings.Repeat(" ", width-format.Width(state))
		}
		p.line(plainText, word+"  "+name+"  "+line)
	}
}
