package report

import (
	"fmt"
	"strings"
)

// verdict is who was the limit, and by what signs.
func (p *page) verdict(r *Report) {
	if r.Requests.Sent == 0 {
		p.prose(plainText, "nothing was sent", 2)
		return
	}
	s := plainText
	if !r.Verdict.Valid {
		s = loud
	}
	p.prose(s, verdictWords(r), 2)
}

// maxReasons bounds what a merge of many reports has to say.
const maxReasons = 8

func verdictWords(r *Report) string {
	v := &r.Verdict
	words := "limited by " + safe(v.LimitedBy, 20)
	switch v.LimitedBy {
	case "none":
		words = "limited by nothing"
	case "client":
		words = "limited by brunt itself"
	case "connections":
		words = "limited by the connections"
	case "endpoint":
		words = "limited by the endpoint"
	}
	reasons := []string{}
	for _, reason := range v.Reasons[:min(len(v.Reasons), maxReasons)] {
		reasons = append(reasons, safe(reason, 240))
	}
	if more := len(v.Reasons) - maxReasons; more > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d more", more))
	}
	if len(reasons) == 0 {
		return words
	}
	separator := "; "
	if v.LimitedBy == "none" {
		separator = ", "
		if r.Rebuilt { // nobody was looked at: the reason says so
			return strings.Join(reasons, separator)
		}
	}
	return words + ": " + strings.Join(reasons, separator)
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
		rule := pad(safe(j.Rule, p.width/2), widest)
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
