package plan

import (
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func TestHappened(t *testing.T) {
	rate := func(n int) vegeta.Rate { return vegeta.Rate{Freq: n, Per: time.Second} }
	const s = time.Second
	for _, row := range []struct {
		why     string
		stages  string
		plan    Plan
		changes []Change
		length  time.Duration
		want    string
	}{
		{"nothing changed", "", Plan{Rate: rate(10)}, nil, 30 * s, "30s@10"},
		{"two changes", "", Plan{Rate: rate(10), Duration: 60 * s}, []Change{{At: 8 * s, Rate: rate(50)}, {At: 20 * s, Rate: rate(5)}}, 60 * s, "8s@10, 12s@50, 40s@5"},
		{"stopped early", "", Plan{Rate: rate(10), Duration: 60 * s}, []Change{{At: 8 * s, Rate: rate(50)}}, 11500 * time.Millisecond, "8s@10, 3.5s@50"},
		{"within the warm-up", "", Plan{Rate: rate(10)}, []Change{{At: -2 * s, Rate: rate(50)}}, 10 * s, "10s@50"},
		{"two at once", "", Plan{Rate: rate(10)}, []Change{{At: 5 * s, Rate: rate(50)}, {At: 5 * s, Rate: rate(60)}}, 10 * s, "5s@10, 5s@60"},
		{"users", "", Plan{Concurrency: 8}, []Change{{At: 4 * s, Concurrency: 16}}, 10 * s, "4s@x8, 6s@x16"},
		{"after a stop", "", Plan{Rate: rate(10)}, []Change{{At: 12 * s, Rate: rate(50)}}, 10 * s, "10s@10"},
		{"within a ramp", "10s@0..100, 10s@100", Plan{}, []Change{{At: 5 * s, Rate: rate(20)}}, 20 * s, "5s@0..50, 15s@20"},
		{"stages cut short", "10s@x2..x12, 10s@x4", Plan{}, nil, 5 * s, "5s@x2..x7"},
	} {
		if row.stages != "" {
			stages, err := ParseStages(row.stages)
			if err != nil {
				t.Fatal(err)
			}
			row.plan.SetStages(stages)
		}
		got := StagesText(row.plan.Happened(row.changes, row.length))
		if got != row.want {
			t.Errorf("%s: %s, want %s", row.why, got, row.want)
		}
		back, err := ParseStages(got)
		if err != nil || StagesText(back) != got {
			t.Errorf("%s: %s is read as %s: %v", row.why, got, StagesText(back), err)
		}
	}
}
