package report_test

import (
	"math"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/format"
	"brunt/report/reporttest"
	"brunt/report/rules"
	"brunt/report/text"
)

// What is asked for in an interval follows from the plan, not from what was
// counted in it, and only from the part in which requests were planned.
func TestAskedPerInterval(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	per := func(n int) vegeta.Rate { return vegeta.Rate{Freq: n, Per: time.Second} }
	s := &result.Snapshot{State: result.Done, Started: reporttest.Epoch, Latencies: result.NewLatencies()}
	for _, c := range []struct {
		name    string
		plan    plan.Plan
		changes []plan.Change
		end     time.Duration
		widths  []int // ms
		want    []float64
	}{
		{"uneven counts", plan.Plan{Rate: per(150)}, nil, ms(3000), []int{1000, 1000, 1190}, []float64{150, 150, 150}},
		{"the end within one, and the drain", plan.Plan{Rate: per(150)}, nil, ms(2400), []int{1000, 1000, 1000, 700}, []float64{150, 150, 150, -1}},
		{"a stall", plan.Plan{Rate: vegeta.Rate{Freq: 1, Per: 3 * time.Second}}, nil, ms(9000), []int{1000, 6000, 2000}, []float64{1. / 3, 1. / 3, 1. / 3}},
		{"changed", plan.Plan{Rate: per(100)}, []plan.Change{{At: ms(-500), Rate: per(200)}, {At: ms(1250), Rate: per(400)}, {At: ms(1750), Rate: per(40)}}, ms(3000), []int{1000, 1000, 1000}, []float64{200, 50 + 200 + 10, 40}},
		{"a closed loop", plan.Plan{Concurrency: 3}, nil, ms(2000), []int{1000, 1000}, []float64{-1, -1}},
		{"a replay", plan.Plan{Rate: per(2), Instants: []int64{0, 1, 999_999_999, 1e9, 14e8}}, nil, ms(1500), []int{1000, 600}, []float64{3, 4}},
	} {
		s.PlanElapsed, s.Counts.Window.Length, s.Changes, s.Intervals = c.end, c.end, c.changes, nil
		at := time.Duration(0)
		for i, width := range c.widths {
			s.Intervals = append(s.Intervals, result.Interval{At: at, Width: ms(width), Planned: uint64(100 + 7*i)})
			at += ms(width)
		}
		measured := 0.0
		for i, v := range report.From(report.Meta{Plan: c.plan}, s).Intervals {
			got := -1.0
			if v.AskedPerS != nil {
				got = *v.AskedPerS
			}
			if math.Abs(got-c.want[i]) > 1e-9 {
				t.Errorf("%s: interval %d: %v asked, want %v", c.name, i, got, c.want[i])
			}
			measured += *v.WindowS
		}
		if math.Abs(measured-c.end.Seconds()) > 1e-9 {
			t.Errorf("%s: %v s measured, want %v", c.name, measured, c.end)
		}
	}
}

// One reply that takes long stretches no rate that a reader is led by.
func TestCompletedRates(t *testing.T) {
	s, m := reporttest.Healthy.Snapshot(), reporttest.Healthy.Meta()
	straight := report.From(m, s)
	s.Elapsed += 12 * time.Second
	s.Intervals = append(s.Intervals, result.Interval{At: s.Intervals[len(s.Intervals)-1].At + time.Second, Width: 12 * time.Second})
	r := report.From(m, s)
	if *r.Throughput.CompletedPerS != *straight.Throughput.CompletedPerS || r.Throughput.SucceededPerS > 0.5*straight.Throughput.SucceededPerS {
		t.Errorf("%+v", r.Throughput)
	}
	for rule, met := range map[string]bool{"completed_per_s>490": true, "completed_ok_per_s>490/s": true, "completed_per_s<490": false, "completed_output_tokens_per_s>0": false} {
		parsed, err := rules.Parse(rule)
		if err != nil {
			t.Fatal(err)
		}
		if j := parsed.Judge(r); j.Met != met || !met && j.Reason == "" {
			t.Errorf("%s: %+v", rule, j)
		}
	}
	if text := reporttest.TextOf(t, r, text.Options{}); !strings.Contains(text, format.Rate(*r.Throughput.CompletedPerS)+" completed") || strings.Contains(text, "/s succeeded") {
		t.Error(text)
	}
	// Where nothing is known of the window, the rule is not met and the text says
	// what there is.
	r.Throughput.WindowS, r.Throughput.Completed, r.Throughput.CompletedOK = nil, 0, 0
	r.Throughput.Summarise(r)
	rule, _ := rules.Parse("completed_per_s>1")
	if j := rule.Judge(r); j.Met || j.Value != nil || !strings.Contains(j.Reason, "does not say") {
		t.Errorf("%+v", j)
	}
	if text := reporttest.TextOf(t, r, text.Options{}); !strings.Contains(text, "/s succeeded") {
		t.Error(text)
	}
}

// Edited figures of the window are found out.
func TestCheckThroughput(t *testing.T) {
	for name, edit := range map[string]func(*report.Throughput){
		"completed of all intervals": func(x *report.Throughput) { x.Completed++ },
		"completed_ok (":             func(x *report.Throughput) { x.CompletedOK = x.Completed + 1 },
		"completed_per_s":            func(x *report.Throughput) { x.CompletedPerS = new(2 * *x.CompletedPerS) },
		"completed_ok_per_s":         func(x *report.Throughput) { x.WindowS = nil; x.CompletedPerS = nil },
	} {
		r := reporttest.Healthy.Report()
		edit(&r.Throughput)
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Results do not say what the measured time was: its rates are not known, and a
// rule on them is not met for that reason.
func TestRebuiltHasNoWindow(t *testing.T) {
	r := reporttest.Healthy.Report()
	r.ForgetWindow()
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	rule, err := rules.Parse("completed_per_s>1")
	reporttest.Must(err)
	if j := rule.Judge(r); j.Value != nil || j.Met || !strings.Contains(j.Reason, "does not say") {
		t.Errorf("%+v", j)
	}
	if v := r.Intervals[0]; v.WindowS != nil || v.Completed != 0 || r.Throughput.SucceededPerS == 0 {
		t.Errorf("%+v", v)
	}
}
