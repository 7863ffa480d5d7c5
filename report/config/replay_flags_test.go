package config

import (
	"slices"
	"strings"
	"testing"
	"time"

	"brunt/attack/plan"
	"brunt/payloads"
)

// TestTime: the record's instants, faster or fewer of them, and their mean.
func TestTime(t *testing.T) {
	open := func(times ...string) *payloads.Set {
		var table strings.Builder
		for _, at := range times {
			table.WriteString(`{"timestamp_ms":` + at + `,"request":"{}"}` + "\n")
		}
		set, err := payloads.Open([]payloads.Spec{{Path: "-", Weight: 1}}, payloads.Options{Format: payloads.AutoFormat, Order: payloads.Recorded, Stdin: strings.NewReader(table.String())})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { set.Close() })
		return set
	}
	set := open("1000", "1500", "4000")
	for _, c := range []struct {
		speed    Speed
		requests uint64
		duration time.Duration
		want     []int64
		rate     float64
	}{
		{1, 0, 0, []int64{0, 500e6, 3000e6}, 2.0 / 3}, {2, 0, 0, []int64{0, 250e6, 1500e6}, 4.0 / 3}, {0.5, 2, 0, []int64{0, 1000e6}, 1}, {1, 9, 0, []int64{0, 500e6, 3000e6}, 2.0 / 3},
		{1, 0, time.Minute, []int64{0, 500e6, 3000e6}, 2.0 / 3}, {1, 0, 2 * time.Second, []int64{0, 500e6, 3000e6}, 1}, {1, 0, 500 * time.Millisecond, []int64{0, 500e6, 3000e6}, 2}, {1, 0, 3 * time.Second, []int64{0, 500e6, 3000e6}, 2.0 / 3},
	} {
		asked := plan.Plan{Requests: c.requests, Duration: c.duration}
		p := Payloads{Speed: c.speed}
		if err := p.Time(&asked, set); err != nil || !slices.Equal(asked.Instants, c.want) || asked.Requests != uint64(len(c.want)) || plan.PerSecond(asked.Rate) != c.rate {
			t.Errorf("%v, %d, %v: %+v, %v", c.speed, c.requests, c.duration, asked, err)
		}
	}
	p := Payloads{Speed: 1}
	rated := plan.Plan{}
	rated.Rate.Freq, rated.Rate.Per = 1, 1e9
	for _, asked := range []plan.Plan{rated, {Requests: 1}} {
		if err := p.Time(&asked, set); err == nil {
			t.Errorf("%+v", asked)
		}
	}
	for _, times := range [][]string{{"5"}, {"5", "5"}} {
		asked := plan.Plan{}
		if err := p.Time(&asked, open(times...)); err == nil {
			t.Errorf("%v: %+v", times, asked)
		}
	}
}

func TestSpeed(t *testing.T) {
	var s Speed
	for word, want := range map[string]Speed{"2x": 2, "0.5x": 0.5, "10": 10} {
		if err := s.UnmarshalText([]byte(word)); err != nil || s != want {
			t.Errorf("%s: %v, %v", word, s, err)
		}
	}
	for _, word := range []string{"", "x", "0", "-1x", "NaN", "1e9", "fast"} {
		if err := s.UnmarshalText([]byte(word)); err == nil {
			t.Errorf("%q is a speed", word)
		}
	}
}
