package attack

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads"
)

// TestVerdictsInPractice has real runs bring the evidence that the played ones
// take for granted. What brunt's own delays do to trust is left to the machine.
func TestVerdictsInPractice(t *testing.T) {
	for name, c := range map[string]struct {
		url      string
		plan     func(p *plan.Plan)
		at       time.Duration // looked at while it runs; 0: at its end
		limit    string
		headline string
	}{
		"skipping for want of slots": {"mock://?latency=100ms&sigma=0&concurrency=100", func(p *plan.Plan) {
			p.Rate, p.Concurrency, p.CatchUp, p.Duration = mustRate(t, "200"), 3, plan.CatchUpSkip, 3*time.Second
		}, 0, result.LimitConnections, "the limit of 3 requests in flight held up"},
		"filling": {"mock://?latency=4s&sigma=0&concurrency=1000", func(p *plan.Plan) {
			p.Rate, p.Concurrency, p.Duration = mustRate(t, "20"), 0, 6*time.Second
		}, 3 * time.Second, result.LimitNone, "no reply yet: "},
		"too short": {"mock://?latency=4s&sigma=0&concurrency=1000", func(p *plan.Plan) {
			p.Rate, p.Concurrency, p.Duration = mustRate(t, "20"), 0, 2*time.Second
		}, 0, result.LimitNone, "too short to show"},
		"above its capacity": {"mock://?latency=20ms&concurrency=2&queue=0", func(p *plan.Plan) {
			p.Rate, p.Concurrency, p.Duration = mustRate(t, "130"), 0, 6*time.Second
		}, 0, result.LimitEndpoint, "the endpoint fell behind"},
		"refusing": {"mock://?latency=200ms&sigma=0&concurrency=10&queue=1", func(p *plan.Plan) {
			p.Rate, p.Concurrency, p.Duration = mustRate(t, "100"), 0, 3*time.Second
		}, 0, result.LimitEndpoint, "the endpoint refused"},
		"nobody there": {"http://127.0.0.1:1/", func(p *plan.Plan) {
			p.Rate, p.Concurrency, p.Duration = mustRate(t, "20"), 0, time.Second
		}, 0, result.LimitEndpoint, "the endpoint refused the connection for all 20 requests"},
		"closed loop": {"mock://?latency=20ms&sigma=0&concurrency=1&queue=0", func(p *plan.Plan) {
			p.Concurrency, p.Duration = 8, 2*time.Second
		}, 0, result.LimitNone, "the endpoint set the pace"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			quiet.Repeat(t, func() error { // a client that gets no core is the limit, and says so
				p := testPlan(0)
				c.plan(&p)
				run := start(t, c.url, p, payloads.Single("test", body), endpoint.Options{})
				s := (*result.Snapshot)(nil)
				if c.at > 0 {
					s = waitFor(run, c.at)
					run.Stop(plan.Cut)
				}
				<-run.Done()
				if s == nil {
					s = run.Snapshot()
				}
				if v := s.Verdict; v.LimitedBy != c.limit || !strings.Contains(v.Headline.String(), c.headline) {
					return fmt.Errorf("want limited by %s, with %q; got %+v", c.limit, c.headline, v)
				}
				return nil
			})
		})
	}
}

// waitFor is the run's state once so much of it has passed, or it has ended.
func waitFor(run *Run, at time.Duration) *result.Snapshot {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if s := run.Snapshot(); s.Elapsed >= at || s.State == result.Done {
			return s
		}
		<-tick.C
	}
}
