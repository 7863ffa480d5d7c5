package text

import (
	"testing"

	"brunt/attack/result"
	"brunt/report"
)

// What bounded the load follows what the endpoint did at once: "was lost, limited by
// nothing" would be of the worker.
func TestLimitFollowsTheEndpoint(t *testing.T) {
	none, limited := result.LimitNone, result.TrustLimited
	for headline, want := range map[string]string{
		"the endpoint kept up":                            "the endpoint kept up, limited by nothing",
		"the endpoint kept up; worker 2 was lost; and so": "the endpoint kept up, limited by nothing; worker 2 was lost; and so",
	} {
		v := report.Verdict{Headline: &headline, LimitedBy: &none, Trust: &limited}
		if got := EndpointWords(&v); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
