package attack

import (
	"regexp"

	"brunt/attack/cause"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

// maxMatched is the most bytes of a body that patterns are matched against.
const maxMatched = 256 << 10

// bodyFault is what the plan's patterns say of a success, nil for nothing. A reply
// without a body has an empty one.
func (r *reply) bodyFault(p *plan.Plan) error {
	if !p.Matches() {
		return nil
	}
	body := r.kept[:min(len(r.kept), maxMatched)]
	if len(body) == maxMatched {
		r.run.overlong.Add(1)
	}
	switch {
	case p.FailBody != nil && p.FailBody.Match(body):
		return &streamError{result.KindBodyMatched, "the body matches the pattern of a failure: " + excerptOf(p.FailBody, body)}
	case p.SuccessBody != nil && !p.SuccessBody.Match(body):
		return &streamError{result.KindBodyUnmatched, "the body does not match the pattern of a success: " + cause.DescribeBody(body[:min(len(body), cause.SampleSize)])}
	}
	return nil
}

// excerptOf is where the pattern is found, with what stands around it.
func excerptOf(pattern *regexp.Regexp, body []byte) string {
	const around = 60
	at := pattern.FindIndex(body)
	return spell.OneLine(string(body[max(0, at[0]-around):min(len(body), at[1]+around)]), 200)
}

// overlongWarning tells of bodies that were looked at in part.
func (r *Run) overlongWarning() setting.Text {
	n := r.overlong.Load()
	if n == 0 {
		return setting.Text{}
	}
	return setting.Textf("%d replies had bodies of 256 KiB or more, of which only those bytes were matched against %v and %v",
		n, setting.SuccessBody, setting.FailBody)
}
