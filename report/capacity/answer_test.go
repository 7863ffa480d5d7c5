package capacity

import (
	"strings"
	"testing"

	"brunt/report"
	"brunt/report/config"
	"brunt/report/rules"
)

// made is a search whose steps are over.
func made(sweep string, steps ...report.CapacityStep) *stepper {
	list, err := rules.ParseAll([]string{"p99<200ms"})
	if err != nil {
		panic(err)
	}
	s := &stepper{flags: &config.Capacity{Sweep: sweep, Precision: 0.05}, rules: list}
	for _, step := range steps {
		if step.Outcome != string(Client) {
			step.Held = new(step.Outcome == string(Held))
		}
		step.DurationS, step.Requests = 10, 1000
		s.steps = append(s.steps, step)
		s.details = append(s.details, detail{failures: "429", service: 20})
	}
	return s
}

func at100(rate float64, v Verdict, reason string, failed uint64) report.CapacityStep {
	return report.CapacityStep{RatePerS: new(rate), Outcome: string(v), Reason: reason, Succeeded: 1000 - failed, Failed: failed, CompletedPerS: new(rate)}
}

// The sentence never claims more than the steps have shown; where nothing is known
// there is no number in the JSON either.
func TestAnswers(t *testing.T) {
	held, broken := at100(400, Held, "", 0), at100(420, Broken, "p99 is 340 ms, not < 200ms", 0)
	const kept = " with p99 < 200 ms and less than 1 % failed"
	for _, tt := range []struct {
		name   string
		s      *stepper
		a      Answer
		words  string
		number bool
	}{
		{"found", made("rate", held, broken), Answer{Status: Found, Level: 400, Low: 400, High: 420},
			"my-endpoint bears 400 requests/s (400 to 420)" + kept + "; above that p99 is 340 ms, not < 200ms", true},
		{"refusals", made("rate", held, at100(420, Broken, "x", 50)), Answer{Status: Found, Level: 400, Low: 400, High: 420},
			"my-endpoint bears 400 requests/s (400 to 420)" + kept + "; above that it refuses 5.0 % of the requests with 429", true},
		{"unsettled", made("rate", held, broken), Answer{Status: Unsettled, Level: 400, Low: 300, High: 420},
			"my-endpoint bears about 400 requests/s (300 to 420)" + kept + "; above that p99 is 340 ms, not < 200ms", true},
		{"none", made("rate", broken), Answer{Status: NoneHolds, High: 420},
			"my-endpoint does not keep p99 < 200 ms and less than 1 % failed at any load that was tried: at 420/s, the lowest, p99 is 340 ms, not < 200ms", false},
		{"client", made("rate", held, at100(800, Client, "brunt was late", 0)), Answer{Status: ClientLimit, Level: 400, Low: 400, Wall: 800},
			"how much my-endpoint bears is not known: at 800/s brunt itself was the limit (brunt was late); 400/s was held", false},
		{"interrupted", made("rate", held), Answer{Status: Stopped, Level: 400, Low: 400},
			"interrupted: my-endpoint bears at least 400/s" + kept + "; more was not tried long enough", true},
		{"interrupted at once", made("rate"), Answer{Status: Stopped},
			"interrupted: how much my-endpoint bears is not known yet", false},
	} {
		c := tt.s.answered(tt.a, "my-endpoint")
		if c.Headline != tt.words {
			t.Errorf("%s: %s", tt.name, c.Headline)
		}
		if (c.RatePerS != nil) != tt.number {
			t.Errorf("%s: rate_per_s %v", tt.name, c.RatePerS)
		}
	}
}

// What the rates need: rate × time at a light load, with the workload size.
func TestSizes(t *testing.T) {
	s := made("rate", at100(100, Held, "", 0), at100(400, Held, "", 0), at100(420, Broken, "too slow", 0))
	if err := s.flags.For.UnmarshalText([]byte("1000")); err != nil {
		t.Fatal(err)
	}
	c := s.answered(Answer{Status: Found, Level: 400, Low: 400, High: 420}, "x")
	if p := c.Provisioned; *p.Needed != 8 || *p.WorkloadSize != "Medium" || *p.Headroom != 100 || p.Used != nil || *p.Basis != "service_time" {
		t.Errorf("%+v", p)
	}
	if p := c.For; *p.Needed != 20 || *p.WorkloadSize != "Large" {
		t.Errorf("%+v", p)
	}
	s.last = &report.Report{Endpoint: &report.Service{Provisioned: &report.Provisioned{Used: new(12.)}}}
	c = s.answered(Answer{Status: Found, Level: 400, Low: 400, High: 420}, "x")
	if p := c.For; *p.Needed != 30 || *p.Basis != "measured" || *p.Used != 12 { // 12 × 1,000 / 400
		t.Errorf("%+v", p)
	}
	if text := strings.Join(c.Notes, "\n"); !strings.Contains(text, "1,000/s needs 30 of provisioned concurrency (Large 16–64, headroom 110 %), in proportion") {
		t.Error(text)
	}
	s = made("rate", at100(400, Held, "", 0))
	c = s.answered(Answer{Status: Found, Level: 400, Low: 400, High: 420}, "x")
	if p := c.Provisioned; p.Needed != nil || p.Reason == nil { // in a full endpoint requests wait
		t.Errorf("%+v", p)
	}
}
