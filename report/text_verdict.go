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
	words := verdictWords(r)
	if cpu := cpuWords(&r.Client); cpu != "" {
		words += ", " + cpu
	}
	p.prose(s, words, 2)
}

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
	if len(v.Reasons) > 0 {
		reasons := make([]string, len(v.Reasons))
		for i, reason := range v.Reasons {
			reasons[i] = safe(reason, 240)
		}
		return words + ": " + strings.Join(reasons, "; ")
	}
	switch {
	case v.LimitedBy != "none":
		return words
	case r.Plan.RatePerS == nil:
		return "limited by nothing but the concurrency asked for"
	case failedShare(&r.Requests) >= 1:
		return words + ": all was sent in time, but " + FormatShare(failedShare(&r.Requests)) + " failed"
	default:
		return words + ": the endpoint kept up"
	}
}

// cpuWords is the share of this machine that the run took, empty where it is
// not known.
func cpuWords(c *Client) string {
	if c.WallS <= 0 || c.Cores <= 0 {
		return ""
	}
	who, cores := "brunt used", fmt.Sprintf("%d cores", c.Cores)
	if c.Embedded {
		who = "brunt and the mock in it used"
	}
	if c.Cores == 1 {
		cores = "1 core"
	}
	share := 100 * c.CPUS / (c.WallS * float64(c.Cores))
	return fmt.Sprintf("%s %.0f %% of %s", who, share, cores)
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
