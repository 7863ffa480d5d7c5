package text

import (
	"fmt"
	"strings"

	"brunt/attack/result"
	"brunt/report"
	"brunt/report/format"
)

// VerdictWords are a verdict's in one line each: what the endpoint did, and how
// far the figures can be trusted.
func VerdictWords(v *result.Verdict) (endpoint, figures string) {
	out := report.VerdictOf(v)
	return EndpointWords(&out), FiguresWords(&out)
}

// EndpointWords say what the endpoint did and what bounded the load, in one
// sentence without a full stop; "not judged" where nobody looked.
func EndpointWords(v *report.Verdict) string {
	if !v.Judged() {
		return report.NotJudged
	}
	words := limitWords(v.Limit())
	if v.Headline != nil {
		// What bounded the load belongs to what the endpoint did, not to what came after.
		first, rest, more := strings.Cut(format.Safe(*v.Headline, maxSentence), "; ")
		if words = first + ", " + words; more {
			words += "; " + rest
		}
	}
	for _, note := range v.Notes[:min(len(v.Notes), maxReasons)] {
		words += "; " + format.Safe(note, maxSentence)
	}
	return words
}

func limitWords(limit string) string {
	switch limit {
	case result.LimitNone:
		return "limited by nothing"
	case result.LimitClient:
		return "limited by brunt itself"
	case result.LimitConnections:
		return "limited by the connections"
	case result.LimitEndpoint:
		return "limited by the endpoint"
	}
	return "limited by " + format.Safe(limit, 20)
}

// trustWords say how far the figures can be trusted, without the reasons.
func trustWords(v *report.Verdict) string {
	switch {
	case !v.Judged():
		return report.NotJudged
	case v.Untrusted():
		return "not trusted"
	case v.ErrorMS != nil:
		return "trusted, but times may be up to " + format.MS(*v.ErrorMS) + " too high"
	case *v.Trust == result.TrustLimited:
		return "trusted in part"
	}
	return "trusted"
}

// maxSentence bounds one sentence of a verdict, in columns: those of many workers name them.
const maxSentence = 600

// maxReasons bounds what a merge of many reports has to say.
const maxReasons = 8

// FiguresWords are trustWords with the reasons.
func FiguresWords(v *report.Verdict) string {
	reasons := []string{}
	for _, reason := range v.Reasons[:min(len(v.Reasons), maxReasons)] {
		reasons = append(reasons, format.Safe(reason, maxSentence))
	}
	if more := len(v.Reasons) - maxReasons; more > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d more", more))
	}
	words := "figures " + trustWords(v)
	if len(reasons) == 0 {
		return words
	}
	return words + ": " + strings.Join(reasons, "; ")
}
