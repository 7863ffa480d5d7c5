package compare

import (
	"os"
	"strings"
	"testing"

	"brunt/payloads/needs"
)

// scenarios are endpoints before and after, and the truth about them. The table was
// written before the code that it judges.
var scenarios = []struct {
	name      string
	base, new world
	runs      int // a side; 1 unless given
	verdict   string
	figure    string // that the headline names; any where empty
}{
	{name: "nothing changed", verdict: Same},
	{name: "nothing changed, heavy tail", base: world{tail: 0.02}, new: world{tail: 0.02}, verdict: Same},
	{name: "nothing changed, tail of infinite variance", base: world{tail: 0.05, shape: 1.1}, new: world{tail: 0.05, shape: 1.1}, verdict: Same},
	{name: "nothing changed, latency wanders", base: world{phi: 0.6, wander: 0.1}, new: world{phi: 0.6, wander: 0.1}, verdict: Same},
	{name: "nothing changed, latency wanders slowly", base: world{phi: 0.85, wander: 0.1, seconds: 180}, new: world{phi: 0.85, wander: 0.1, seconds: 180}, verdict: Same},
	{name: "nothing changed, both step on their way", base: world{stepAt: 0.5, step: 2}, new: world{stepAt: 0.5, step: 2}, verdict: Same},
	{name: "nothing changed, stalls", base: world{stall: 0.05}, new: world{stall: 0.05}, verdict: Same},
	{name: "nothing changed, failures in bursts", base: world{failures: 0.01, bursts: true}, new: world{failures: 0.01, bursts: true}, verdict: Same},
	{name: "nothing changed, constant latency", base: world{sigma: -1}, new: world{sigma: -1}, verdict: Same},
	{name: "nothing changed, ten seconds", base: world{seconds: 10}, new: world{seconds: 10}, verdict: Same},
	{name: "nothing changed, five requests per second", base: world{rate: 5}, new: world{rate: 5}, verdict: Same},
	{name: "nothing changed, streams", base: world{ttft: 200, rate: 50}, new: world{ttft: 200, rate: 50}, verdict: Same},
	{name: "nothing changed, runs differ by chance", base: world{between: 0.1}, new: world{between: 0.1}, runs: 5, verdict: Same},
	{name: "median 10 % up", new: world{median: 22}, verdict: Slower},
	{name: "median 10 % down", new: world{median: 18}, verdict: Faster},
	{name: "median 10 % up, latency wanders", base: world{phi: 0.5, wander: 0.05, seconds: 120}, new: world{median: 22, phi: 0.5, wander: 0.05, seconds: 120}, verdict: Slower},
	{name: "median 10 % up, heavy tail", base: world{tail: 0.02}, new: world{median: 22, tail: 0.02}, verdict: Slower},
	{name: "only the tail grew", new: world{tail: 0.03}, verdict: Slower, figure: "p99"},
	{name: "only the tail grew, streams", base: world{ttft: 200, rate: 100, seconds: 120}, new: world{ttft: 200, rate: 100, seconds: 120, tail: 0.05}, verdict: Slower, figure: "p99"},
	{name: "first token 10 % later", base: world{ttft: 200, rate: 50}, new: world{ttft: 220, rate: 50}, verdict: Slower, figure: "ttft"},
	{name: "one request in a hundred fails now", new: world{failures: 0.01}, verdict: Slower, figure: "failed"},
	{name: "failures are gone", base: world{failures: 0.02}, verdict: Faster, figure: "failed"},
	{name: "stalls are new", base: world{seconds: 120}, new: world{seconds: 120, stall: 0.1}, verdict: Slower},
	{name: "slower in the second half", new: world{stepAt: 0.5, step: 2}, verdict: Slower},
	{name: "faster by half, but fails", new: world{median: 10, failures: 0.05}, verdict: Slower, figure: "failed"},
	{name: "every run 20 % slower, runs differ by chance", base: world{between: 0.03}, new: world{median: 24, between: 0.03}, runs: 5, verdict: Slower},
	{name: "constant latency, 2 % up", base: world{sigma: -1}, new: world{sigma: -1, median: 20.4}, verdict: Slower},
}

// pairs is how often each scenario is looked at: with other seeds each time.
func pairs() int {
	if os.Getenv("BRUNT_LONG") != "" {
		return 200
	}
	return 4
}

// TestScenarios: where nothing changed, at most 5 % of pairs show a difference, and
// where something did, at least 90 % show it. With BRUNT_LONG=1 it looks at 200 pairs
// of each, otherwise at a few.
func TestScenarios(t *testing.T) {
	needs.Time(t)
	for i, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			n, wrong := pairs(), 0
			var example string
			for seed := range uint64(n) {
				k := max(s.runs, 1)
				c := Reports(s.base.runs(k, 2*seed+1000*uint64(i)), s.new.runs(k, 2*seed+1+1000*uint64(i)), Options{})
				if c.Verdict != s.verdict || !names(c.Headline, s.figure) {
					wrong++
					example = c.Headline
				}
			}
			allowed := n / 10
			if s.verdict == Same {
				allowed = n / 20
			}
			if n < 20 { // by chance
				allowed = 1
			}
			if os.Getenv("BRUNT_LONG") != "" {
				t.Logf("%d of %d wrong", wrong, n)
			}
			if wrong > allowed {
				t.Errorf("%d of %d pairs were judged wrong, expected %s; one of them: %s", wrong, n, s.verdict, example)
			}
		})
	}
}

// names reports whether a headline names a figure.
func names(headline, figure string) bool {
	return strings.Contains(headline, figure)
}
