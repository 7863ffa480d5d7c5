package capacity_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/payloads"
	"brunt/payloads/needs"
	"brunt/report"
	"brunt/report/capacity"
	"brunt/report/config"
	"brunt/report/job"
	"brunt/report/output"
	"brunt/report/reporttest"
)

// searched is a search of a real endpoint, and its exit code.
func searched(t *testing.T, target string, slo []string, change func(*capacity.Flags)) (*report.Report, int) {
	t.Helper()
	f := capacity.Flags{
		Search:   config.Capacity{SLO: slo, Sweep: "rate", Step: config.Duration(500 * time.Millisecond), Precision: 0.05},
		Exchange: config.Exchange{Timeout: config.Duration(10 * time.Second), Keepalive: true, Stream: "auto", StreamStall: config.Duration(10 * time.Second)},
		Payloads: config.Payloads{PayloadFormat: payloads.AutoFormat, Order: payloads.Sequential, Seed: 1},
		Target:   config.Target{Auth: "none"}, Output: output.Flags{Output: "json"},
	}
	if err := f.Exchange.Success.UnmarshalText([]byte("200-299")); err != nil {
		t.Fatal(err)
	}
	change(&f)
	var out, said bytes.Buffer
	code, err := f.Run(target, job.Streams{Out: &out, In: strings.NewReader("")}, &said, func() {})
	if out.Len() == 0 {
		t.Fatalf("no report: code %d, %v\n%s", code, err, &said)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Bytes()))
	if err == nil {
		err = reporttest.Compiled(t).Validate(doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	rep, err := report.Read(&out, "search")
	if err != nil {
		t.Fatal(err)
	}
	if err := rep.Check(); err != nil {
		t.Error(err)
	}
	t.Logf("%s\n%s", rep.Capacity.Headline, &said)
	return rep, code
}

// The four worked cases of the platform's guide to load tests come out of the
// sweep: 10 ms of overhead and 40 ms of model.
func TestWorkedCases(t *testing.T) {
	needs.Time(t)
	for _, provisioned := range []int{1, 2} {
		quiet.Repeat(t, func() error {
			rep, _ := searched(t, fmt.Sprintf("mock://?overhead=10ms&latency=40ms&sigma=0&concurrency=%d", provisioned), []string{"p50<1s"}, func(f *capacity.Flags) {
				f.Search.Sweep, f.Search.Levels = "concurrency", "1,2"
			})
			want := map[int][2]float64{1: {50, 20}, 2: {50, 40}}
			if provisioned == 1 {
				want[2] = [2]float64{80, 25}
			}
			for _, s := range rep.Capacity.Steps {
				w := want[*s.Concurrency]
				if math.Abs(*s.P50/w[0]-1) > 0.1 || math.Abs(*s.CompletedPerS/w[1]-1) > 0.1 {
					return fmt.Errorf("%d clients, %d provisioned: %.1f ms, %.1f/s, not %.0f ms, %.0f/s", *s.Concurrency, provisioned, *s.P50, *s.CompletedPerS, w[0], w[1])
				}
			}
			if ceiling := rep.Capacity.Fit.CeilingPerS; (ceiling != nil) != (provisioned == 1) {
				return fmt.Errorf("%d provisioned: a ceiling is found: %t", provisioned, ceiling != nil)
			}
			return nil
		})
	}
}

// A real search in small steps: four slots of 20 ms bear 200/s.
func TestSearchesTheMock(t *testing.T) {
	needs.Time(t)
	quiet.Repeat(t, func() error {
		rep, code := searched(t, "mock://?latency=20ms&sigma=0&concurrency=4&queue=0", []string{"p90<60ms"}, func(f *capacity.Flags) {
			f.Search.MinRate.Rate, _ = plan.ParseRate("120")
			f.Search.For.Rate, _ = plan.ParseRate("500")
		})
		c := rep.Capacity
		if c.RatePerS == nil || *c.RatePerS < 185 || *c.RatePerS > 215 || code != 0 {
			return fmt.Errorf("%s (code %d), not 200/s", c.Headline, code)
		}
		if *rep.Plan.RatePerS != *c.RatePerS || !rep.SLO[0].Met {
			t.Errorf("the report is of %v/s (%+v), and not of the last step that held", *rep.Plan.RatePerS, rep.SLO[0])
		}
		if *c.LowPerS > *c.RatePerS || c.HighPerS == nil || *c.HighPerS <= *c.RatePerS {
			t.Errorf("%v to %v", *c.LowPerS, c.HighPerS)
		}
		return nil
	})
}

// truths are mocks whose limit is known: requests per second or clients, 0 where the
// answer has none.
var truths = []struct {
	kind, target, step string
	slo                []string
	limit              float64
	code               int
	change             func(*capacity.Flags) // nil for none
}{
	{"four slots", "mock://?latency=20ms&sigma=0&concurrency=4&queue=0", "2s", []string{"p99<100ms"}, 200, 0, nil},
	{"sixteen slots, log-normal", "mock://?latency=20ms&sigma=0.25&concurrency=16&queue=0", "2s", []string{"p99<100ms", "failed<0.1%"}, 775, 0, nil},
	{"a rule on failures alone", "mock://?latency=20ms&sigma=0&concurrency=4&queue=5", "2s", []string{"failed<0.5%"}, 200, 0, nil},
	{"2 % of stalls of 300 ms", "mock://?latency=20ms&sigma=0&concurrency=16&queue=0&stalls=0.02&stall=300ms", "2s", []string{"p95<200ms"}, 590, 0, nil},
	{"a cap of 300/s by 429s", "mock://?latency=5ms&sigma=0&concurrency=64&rate-limit=300", "2s", []string{"failed<1%"}, 300, 0, nil},
	{"a cap of 100/s by 429s", "mock://?rate-limit=100", "4s", []string{"p95<200ms"}, 100, 0, nil},
	{"it doubles after 4 s", "mock://?latency=20ms&sigma=0&concurrency=4&queue=0&autoscale=4s", "2s", []string{"p99<100ms"}, 400, 0, nil},
	{"it doubles after 20 s", "mock://?latency=20ms&sigma=0&concurrency=4&queue=0&autoscale=20s", "8s", []string{"p99<100ms"}, 400, 0, nil},
	{"Poisson arrivals at eight slots", "mock://?latency=20ms&overhead=0s&sigma=0&concurrency=8&queue=0", "10s", []string{"p99<100ms"}, 372.7, 0, random},
	{"it never keeps the rule", "mock://?latency=20ms&sigma=0&concurrency=4", "1s", []string{"p99<10ms"}, 0, 3, nil},
	{"the client is the limit", "mock://?latency=1ms&overhead=0s&sigma=0&concurrency=4096&queue=0", "1s", []string{"p99<20ms"}, 0, 4, fast},
	{"streams", "mock://?tokens=100&ttft=100ms&token-gap=5ms&sigma=0&concurrency=32", "2s", []string{"ttft.p99<250ms", "tpot.p99<12ms"}, 32, 0, clients},
}

func random(f *capacity.Flags) { must(f.Search.Arrivals.UnmarshalText([]byte("poisson"))) }

func fast(f *capacity.Flags) { f.Search.MinRate.Rate, _ = plan.ParseRate("20000") }

func clients(f *capacity.Flags) { f.Search.Sweep = "concurrency" }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// TestKnownTruths tries the search on each of them as often as BRUNT_LONG says. One
// run of all takes 15 minutes of an idle machine; -run 'TestKnownTruths/four' picks.
func TestKnownTruths(t *testing.T) {
	runs := 0
	fmt.Sscan(os.Getenv("BRUNT_LONG"), &runs)
	chat := filepath.Join(t.TempDir(), "chat.jsonl")
	body := `{"messages":[{"role":"user","content":"hello"}],"max_tokens":100,"stream":true}`
	if err := os.WriteFile(chat, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range truths {
		if runs == 0 {
			break
		}
		t.Run(tt.kind, func(t *testing.T) {
			right, untold, seconds := 0, 0, 0.0
			for seed := range runs {
				rep, code := searched(t, fmt.Sprintf("%s&seed=%d", tt.target, seed), tt.slo, func(f *capacity.Flags) {
					must(f.Search.Step.UnmarshalText([]byte(tt.step)))
					if tt.change != nil {
						tt.change(f)
					}
					if f.Search.Sweep == "concurrency" {
						f.Payloads.Payloads = []string{chat}
					}
				})
				c := rep.Capacity
				seconds += c.ElapsedS
				switch found := foundBy(c); {
				case c.Status == string(capacity.ClientLimit) && tt.code != 4:
					untold++ // this machine was too busy, and the search said so
				case found == 0 && tt.limit == 0 && code == tt.code,
					tt.limit > 0 && math.Abs(found/tt.limit-1) <= 0.05 && code == tt.code:
					right++
				}
			}
			t.Logf("%d of %d right, %d untold, %.0f s each", right, runs, untold, seconds/float64(runs))
			if right+untold < runs-runs/20 || right == 0 {
				t.Errorf("%d of %d right, %d untold", right, runs, untold)
			}
		})
	}
}

// foundBy is the answer's level; 0 for none.
func foundBy(c *report.Capacity) float64 {
	switch {
	case c.Concurrency != nil:
		return float64(*c.Concurrency)
	case c.RatePerS != nil:
		return *c.RatePerS
	}
	return 0
}
