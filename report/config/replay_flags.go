package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/plan"
	"brunt/payloads"
	"brunt/payloads/setting"
)

// Speed is a flag that says how much faster than recorded a replay is.
type Speed float64

// UnmarshalText reads 2x, 0.5x or 2.
func (s *Speed) UnmarshalText(text []byte) error {
	value, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(string(text)), "x"), 64)
	if err != nil || !(value >= 0.001 && value <= 1000) {
		return fmt.Errorf("speed %q: write it as 2x or 0.5x, from 0.001x to 1000x", text)
	}
	*s = Speed(value)
	return nil
}

// Time gives a plan the timing of the recorded set: the instants of its
// requests, as many as the plan asks for at the most, and the mean rate of
// those that it has time for.
func (p *Payloads) Time(asked *plan.Plan, set *payloads.Set) error {
	if asked.Open() {
		return &setting.FieldError{
			Field:   setting.Rate,
			Subject: setting.Textf("%v and %v both say when to send", setting.Replay, setting.Rate),
			Reason:  setting.Textf("leave one out (%v makes a replay faster)", setting.Speed),
		}
	}
	list := set.Instants()
	if asked.Requests > 0 && asked.Requests < uint64(len(list)) {
		list = list[:asked.Requests]
	}
	for i := range list {
		list[i] = int64(math.Round(float64(list[i]) / float64(p.Speed)))
	}
	asked.Rate = meanRate(list, asked.Duration)
	if rate := plan.PerSecond(asked.Rate); !(rate > 0 && rate <= plan.MaxRatePerSecond) {
		return fmt.Errorf(
			"--replay: its number of requests is %d, and all come at one instant: no timing to replay",
			len(list),
		)
	}
	asked.Instants, asked.Requests = list, uint64(len(list))
	return nil
}

// meanRate is that of instants, in order and in ns since the first, over the
// duration, or over all that lies between them where it ends before.
func meanRate(list []int64, duration time.Duration) vegeta.Rate {
	n := len(list)
	if n == 0 {
		return vegeta.Rate{}
	}
	if last := time.Duration(list[n-1]); duration == 0 || last < duration {
		return vegeta.Rate{Freq: n - 1, Per: last}
	}
	n, _ = slices.BinarySearch(list, int64(duration))
	return vegeta.Rate{Freq: n, Per: duration}
}
