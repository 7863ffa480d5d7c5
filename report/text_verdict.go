package report

import "strings"

// verdict is what the endpoint did, and after it how far the figures can be
// trusted.
func (p *page) verdict(r *Report) {
	if r.Requests.Sent == 0 {
		words := "nothing was sent"
		if r.Requests.Planned > 0 && r.Verdict.Judged() {
			words = r.Verdict.endpointWords()
		}
		p.prose(plainText, words, 2)
		return
	}
	v := &r.Verdict
	if !v.Judged() {
		p.prose(plainText, strings.TrimPrefix(v.figuresWords(), "figures "), 2)
		return
	}
	p.prose(bold, v.endpointWords(), 2)
	p.prose(v.look(), v.figuresWords(), 2)
}

// look is the style of what says how far the figures can be trusted.
func (v *Verdict) look() style {
	switch {
	case v.untrusted():
		return red
	case v.ErrorMS != nil:
		return yellow
	}
	return plainText
}

// rules writes one line for each rule that the run was judged by.
func (p *page) rules(r *Report) {
	widest := 0
	for _, j := range r.SLO {
		widest = max(widest, min(displayWidth(j.Rule), p.width/2))
	}
	for _, j := range r.SLO {
		s, outcome := green, "held"
		if !j.Met {
			s, outcome = red, "broken"
		}
		rule := safe(j.Rule, mostText)
		if displayWidth(rule) > widest { // it has lines of its own
			p.prose(s, rule, 2)
			rule = ""
		}
		rule = pad(rule, widest)
		text := outcome + " (" + judgedWords(&j) + ")"
		for i, l := range wrap(text, p.width-widest-2) {
			if i > 0 {
				rule = strings.Repeat(" ", widest)
			}
			p.line(s, rule+"  "+l)
		}
	}
}

func judgedWords(j *Judgement) string {
	if j.Value == nil {
		return safe(j.Reason, 240)
	}
	rule, err := ParseRule(j.Rule)
	if err != nil {
		return formatValue(*j.Value, j.Unit)
	}
	return rule.words(*j.Value)
}

// interruptedWords say what the figures of a run that was cut short are of.
func interruptedWords(r *Report) string {
	return "interrupted after " + formatMS(r.PlanElapsedS*1e3) + ": figures are of what was sent until then"
}
