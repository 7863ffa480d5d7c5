//go:build !race

package result

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"brunt/payloads/needs"
)

// TestVerdictsOfQueues plays endpoints of known capacity under loads below and
// above it, looked at in the middle and at the end. One that bears its load is
// never said to have fallen behind; one that does not, and had the time to show
// it, is never said to keep up and no more.
func TestVerdictsOfQueues(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	wrong, judged := 0, 0
	for _, servers := range []int{1, 4, 32} {
		for _, service := range []time.Duration{5 * ms, 50 * ms, 400 * ms, 5 * sec} {
			for _, sigma := range []float64{0, 0.25, 1} {
				for _, load := range []float64{0.3, 0.7, 0.9, 1.1, 1.3, 2, 5} {
					for _, duration := range []time.Duration{5 * sec, 20 * sec, 90 * sec} {
						mean := service.Seconds() * map[float64]float64{0: 1, 0.25: 1.032, 1: 1.649}[sigma]
						rate := load * float64(servers) / mean
						if n := rate * duration.Seconds(); n < 10 || n > 20_000 {
							continue
						}
						for _, at := range []time.Duration{0, duration / 3, 3 * duration / 4} {
							w := world{rate: rate, servers: servers, duration: duration, at: at, timeout: time.Hour, service: spread(service, sigma, uint64(servers)+uint64(service))}
							s, p := w.snapshot(t)
							v := Judge(s, p)
							judged++
							behind := strings.HasPrefix(v.Headline.String(), "the endpoint fell behind")
							seen := at
							if seen == 0 {
								seen = duration
							}
							// How much longer than at first the last one waits.
							grown := (load - 1) * seen.Seconds()
							enough := load > 1 && grown > 3*mean && seen.Seconds() > 6*mean+3 && rate*(load-1)/load*seen.Seconds() > 40
							switch {
							case load <= 0.9 && behind, enough && !behind && v.Headline.String() == "the endpoint kept up":
								wrong++
								if wrong < 20 {
									t.Logf("%d servers of %v (sigma %g), %.2f of capacity, %.4g/s, %v of %v: %s", servers, service, sigma, load, rate, seen, duration, v.Headline.String())
									t.Log(inFlightOf(s))
								}
							case v.Trust != TrustFull:
								t.Errorf("trust %s: %v", v.Trust, v.Reasons)
							}
						}
					}
				}
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d verdicts are wrong", wrong, judged)
	}
	t.Logf("%d verdicts", judged)
}

func inFlightOf(s *Snapshot) string {
	var b strings.Builder
	for i := range s.Intervals {
		fmt.Fprintf(&b, "%d ", s.Intervals[i].InFlight)
	}
	return b.String()
}
