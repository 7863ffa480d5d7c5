package report_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"pgregory.net/rapid"

	"brunt/attack/figure"
	"brunt/attack/result"
	"brunt/payloads/setting"
	"brunt/report"
	"brunt/report/format"
	"brunt/report/reporttest"
	"brunt/report/text"
)

func TestFromNothing(t *testing.T) {
	schema := reporttest.Compiled(t)
	for _, state := range []result.State{result.Starting, result.Warming, result.Running, result.Draining, result.Done} {
		s := reporttest.Empty()
		s.State = state
		r := report.From(report.Meta{}, s)
		written := reporttest.JSONOf(t, r)
		if err := schema.Validate(reporttest.Document(t, written)); err != nil {
			t.Errorf("%s: %v", state, err)
		}
		if strings.Contains(written, "NaN") || strings.Contains(written, "Inf") {
			t.Errorf("%s: %s", state, written)
		}
		reporttest.ThroughJSON(t, r)
		if got := reporttest.TextOf(t, r, text.Options{}); !strings.Contains(got, "nothing was sent") {
			t.Errorf("%s:\n%s", state, got)
		}
	}
}

// Every figure comes from where the definitions say.
func TestFromFigures(t *testing.T) {
	sc := reporttest.Healthy
	s, m := sc.Snapshot(), sc.Meta()
	s.Warmup = 5 * time.Second
	s.Counts.Warmup, s.Counts.Reconnected, s.Counts.Clamped = 2500, 3, 2
	s.Client.CPU, s.Client.Wall = 1200*time.Millisecond, 10*time.Second
	r := report.From(m, s)
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"rate", *r.Plan.RatePerS, 500},
		{"duration", *r.Plan.DurationS, 10},
		{"warm-up", r.Plan.WarmupS, 5},
		{"offered", r.Throughput.OfferedPerS, 500},
		{"sent", r.Throughput.SentPerS, 500},
		{"succeeded", r.Throughput.SucceededPerS, 4988 / s.Elapsed.Seconds()},
		{"bytes in", r.Throughput.BytesInPerS, 4988 * 900 / s.Elapsed.Seconds()},
		{"cpu per request", *r.Client.CPUPerRequestUS, 160},
		{"rss", r.Client.RSSPeakMB, 41.2},
		{"gc", r.Client.GCPauseMaxMS, 0.212},
		{"elapsed", r.ElapsedS, s.Elapsed.Seconds()},
	} {
		if math.Abs(c.got-c.want) > 1e-6*c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	if r.Plan.Concurrency != nil || r.Plan.Requests != nil || r.Plan.MaxInFlight != 40 {
		t.Errorf("concurrency %v, requests %v, max in flight %d", r.Plan.Concurrency, r.Plan.Requests, r.Plan.MaxInFlight)
	}
	if !r.Started.Equal(reporttest.Epoch.Truncate(time.Microsecond)) || r.Ended.Sub(*r.Started).Round(time.Millisecond) != s.Elapsed.Round(time.Millisecond) {
		t.Errorf("from %v to %v", r.Started, r.Ended)
	}
	if !strings.Contains(strings.Join(r.Warnings, "\n"), "2 values lay beyond 1 h") {
		t.Errorf("warnings %q", r.Warnings)
	}
	shut := reporttest.Scene{Seed: 6, Slots: 16, N: 300, Median: 9e6, Spread: 0.3}.Report()
	if shut.Plan.RatePerS != nil || *shut.Plan.Concurrency != 16 || *shut.Plan.Requests != 300 || shut.Plan.DurationS != nil || shut.Target.TLS != nil {
		t.Errorf("closed loop: %+v", shut.Plan)
	}
}

// A report shares nothing with the run that goes on behind it.
func TestFromCopies(t *testing.T) {
	s := reporttest.Healthy.Snapshot()
	m := reporttest.Healthy.Meta()
	r := report.From(m, s)
	before := reporttest.JSONOf(t, r)
	reporttest.Must(s.Latencies[figure.Response].RecordValue(5))
	s.Status[200]++
	s.Failures[0].Count++
	s.Slowest[0].Response++
	s.Intervals[0].Sent++
	m.Labels["model"] = "v4"
	m.Payloads[0].Lines++
	if reporttest.JSONOf(t, r) != before {
		t.Error("the report changed with its run")
	}
}

// Whatever a run brings, no figure is NaN or infinite, and the JSON is valid.
func TestFromAnything(t *testing.T) {
	schema := reporttest.Compiled(t)
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Uint64Max(1 << 40)
		duration := rapid.Int64Range(0, math.MaxInt64)
		d := func(name string) time.Duration { return time.Duration(duration.Draw(t, name)) }
		s := reporttest.Empty()
		s.State = result.State(rapid.SampledFrom([]string{"running", "done"}).Draw(t, "state"))
		s.Started, s.Elapsed, s.PlanElapsed = reporttest.Epoch, d("elapsed")/4, d("plan")
		s.Counts = result.Counts{Planned: count.Draw(t, "planned"), Sent: count.Draw(t, "sent"), Succeeded: count.Draw(t, "ok"), Failed: count.Draw(t, "bad"), BytesIn: rapid.Uint64().Draw(t, "in")}
		s.Client = result.Client{Cores: rapid.IntRange(0, 96).Draw(t, "cores"), CPU: d("cpu"), Wall: d("wall"), RSSPeak: rapid.Uint64().Draw(t, "rss")}
		s.Err, s.Warnings = errors.New(rapid.String().Draw(t, "err")), setting.Plains([]string{rapid.String().Draw(t, "warning")})
		m := report.Meta{Name: rapid.String().Draw(t, "name"), URL: rapid.String().Draw(t, "url"), Order: rapid.String().Draw(t, "order")}
		m.Plan.Rate = vegeta.Rate{Freq: rapid.IntRange(0, 1e7).Draw(t, "freq"), Per: d("per")}
		m.Plan.Duration, s.Warmup, m.Concurrency = d("duration"), d("warmup"), rapid.IntRange(0, 1e6).Draw(t, "concurrency")
		r := report.From(m, s)
		var b strings.Builder
		if err := report.JSON(&b, r); err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(b.String()))
		reporttest.Must(err)
		if err := schema.Validate(doc); err != nil {
			t.Fatal(err)
		}
		width := rapid.IntRange(40, 120).Draw(t, "width")
		b.Reset()
		reporttest.Must(text.Write(&b, r, text.Options{Width: width}))
		for line := range strings.SplitSeq(b.String(), "\n") {
			if format.Width(line) > width {
				t.Fatalf("wider than %d: %s", width, line)
			}
		}
	})
}
