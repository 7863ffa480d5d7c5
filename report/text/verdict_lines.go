package text

import (
	"strings"

	"brunt/report"
	"brunt/report/format"
	"brunt/report/rules"
)

// verdict is what the endpoint did, and after it how far the figures can be
// trusted.
func (p *page) verdict(r *report.Report) {
	if r.Requests.Sent == 0 {
		words := "nothing was sent"
		if r.Requests.Planned > 0 && r.Verdict.Judged() {
			words = EndpointWords(&r.Verdict)
		}
		p.prose(plainText, words, 2)
		return
	}
	v := &r.Verdict
	if !v.Judged() {
		p.prose(plainText, strings.TrimPrefix(FiguresWords(v), "figures "), 2)
		return
	}
	p.prose(bold, EndpointWords(v), 2)
	p.prose(lookOf(v), FiguresWords(v), 2)
}

// look is the style of what says how far the figures can be trusted.
func lookOf(v *report.Verdict) style {
	switch {
	case v.Untrusted():
		return red
	case v.ErrorMS != nil:
		return yellow
	}
	return plainText
}

// rules writes one line for each rule that the run was judged by.
func (p *page) rules(r *report.Report) {
	widest := 0
	for _, j := range r.SLO {
		widest = max(widest, min(format.Width(j.Rule), p.width/2))
	}
	for _, j := range r.SLO {
		s, outcome := green, "held"
		if !j.Met {
			s, outcome = red, "broken"
		}
		if rules.Unknown(&j) {
			outcome = "not known to hold"
		}
		rule := format.Safe(j.Rule, maxText)
		if format.Width(rule) > widest { // it has lines of its own
			p.prose(s, rule, 2)
			rule = ""
		}
		rule = format.Pad(rule, widest)
		text := outcome + " (" + judgedWords(&j) + ")"
		for i, l := range format.Wrap(text, p.width-widest-2) {
			if i > 0 {
				rule = strings.Repeat(" ", widest)
			}
			p.line(s, rule+"  "+l)
		}
	}
}

func judgedWords(j *report.Judgement) string {
	if j.Value == nil || rules.Unknown(j) {
		return format.Safe(j.Reason, maxSentence)
	}
	rule, err := rules.Parse(j.Rule)
	if err != nil {
		return rules.FormatValue(*j.Value, j.Unit)
	}
	return rule.Words(*j.Value)
}
