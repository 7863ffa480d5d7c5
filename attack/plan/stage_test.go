package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func perSecond(n int) vegeta.Rate { return vegeta.Rate{Freq: n, Per: time.Second} }

func TestParseStages(t *testing.T) {
	for word, want := range map[string][]Stage{
		"30s@100":                           {{30 * time.Second, perSecond(100), perSecond(100), 0, 0}},
		"30s@100, 1m@100..1000,2m@1000":     {{30 * time.Second, perSecond(100), perSecond(100), 0, 0}, {time.Minute, perSecond(100), perSecond(1000), 0, 0}, {2 * time.Minute, perSecond(1000), perSecond(1000), 0, 0}},
		" 1m @ x8 , 2m @ x8 .. x64 ,":       {{time.Minute, vegeta.Rate{}, vegeta.Rate{}, 8, 8}, {2 * time.Minute, vegeta.Rate{}, vegeta.Rate{}, 8, 64}},
		"1s@0..10, 500ms@0/s, 1h1s@90/m..0": {{time.Second, perSecond(0), perSecond(10), 0, 0}, {time.Second / 2, perSecond(0), perSecond(0), 0, 0}, {time.Hour + time.Second, vegeta.Rate{Freq: 90, Per: time.Minute}, perSecond(0), 0, 0}},
	} {
		if got, err := ParseStages(word); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %+v, %v", word, got, err)
		}
	}
	for word, want := range map[string]string{
		"":                           "column 1, stage 1: nothing stands here",
		"30@100":                     `column 1, stage 1: "30" is no length of time`,
		"30s@100, 1m100":             "column 15, stage 2: @ and the load are missing",
		"30s@100,, 1m@5":             "column 9, stage 2: nothing stands here",
		"30s@100, 1m@x5":             "column 13, stage 2: stages are all of a rate",
		"1m@x5..9":                   "column 8, stage 1: a ramp goes from a rate to a rate",
		"1m@5..x9":                   "column 7, stage 1: a ramp goes",
		"1m@x0":                      `column 4, stage 1: "x0" is no concurrency`,
		"1m@x":                       `column 4, stage 1: "x" is no concurrency`,
		"1m@5..":                     `column 7, stage 1: rate "": not a number`,
		"1m@five":                    `column 4, stage 1: rate "five": not a number`,
		"0s@5":                       "column 1, stage 1: a stage lasts longer than 0",
		"-1s@5":                      "column 1, stage 1:",
		"1m@0, 1s@0":                 "column 1, stage 1: no stage sends anything",
		"1m@1e9":                     "column 4, stage 1: rate",
		"ü1s@5":                      "column 1, stage 1:",
		"1s@5, 1s@ ü":                "column 11, stage 2:",
		strings.Repeat("1s@5,", 101): "stage 101: there are more than 100",
	} {
		if got, err := ParseStages(word); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %s", word, got, err, want)
		}
	}
}

func FuzzParseStages(f *testing.F) {
	for _, s := range []string{"30s@100, 1m@100..1000, 2m@1000", "1m@x8, 2m@x8..x64", "1s@0", "1s@90/m..0.5", "@", "..", "1s@1..2..3", "1h@1e3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		stages, err := ParseStages(s)
		if err != nil {
			if !strings.Contains(err.Error(), "column ") {
				t.Errorf("%q: the error does not point anywhere: %v", s, err)
			}
			return
		}
		p := testPlan(0)
		p.Concurrency = 0
		p.SetStages(stages)
		if err := p.Validate(); err != nil || p.Duration <= 0 || p.Open() == (p.Concurrency > 0) {
			t.Errorf("%q: %+v is no plan: %v", s, p, err)
		}
		if p.Open() {
			schedule := NewSchedule(&p)
			for _, k := range []uint64{0, 1, schedule.Measured / 2, schedule.Measured - 1} {
				if at, ok := schedule.At(k); k < schedule.Measured && (!ok || at < 0 || at >= schedule.end) {
					t.Errorf("%q: ticket %d of %d is at %d (%t)", s, k, schedule.Measured, at, ok)
				}
			}
		}
	})
}
