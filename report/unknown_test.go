package report_test

import (
	"strings"
	"testing"
	"time"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/result/join"
	"brunt/report"
	"brunt/report/reporttest"
	"brunt/report/rules"
	"brunt/report/text"
)

// lostHalf is a run of two workers, one of which was lost.
func lostHalf(t *testing.T, p *plan.Plan) *result.Snapshot {
	t.Helper()
	part := func(state result.State, sent, succeeded uint64) *result.Snapshot {
		h := histogram.New()
		if err := h.RecordValues(5e6, int64(succeeded)); err != nil {
			t.Fatal(err)
		}
		s := &result.Snapshot{
			State: state, Started: time.Unix(1, 0), Elapsed: 2 * time.Second, PlanElapsed: 2 * time.Second, Latencies: result.NewLatencies(),
			Status: map[int]uint64{200: succeeded}, Counts: result.Counts{Planned: sent, Sent: sent, Succeeded: succeeded},
			Client: result.Client{Cores: 2, CPU: time.Second, Wall: 2 * time.Second, Poller: "epoll"},
		}
		for _, f := range []figure.Figure{figure.Response, figure.Service, figure.FirstByte, figure.Lateness} {
			s.Latencies[f].Merge(h)
		}
		s.Intervals = []result.Interval{{
			Width: 2 * time.Second, Planned: sent, Sent: sent, Succeeded: succeeded, InFlight: sent - succeeded,
			Response: histogram.SketchOf(h), Service: histogram.SketchOf(h), Lateness: histogram.SketchOf(h),
		}}
		s.Stages = []result.StageFigures{{
			Stage: plan.Stage{Length: 4 * time.Second, Rate: p.Rate, ToRate: p.Rate}, Planned: sent,
			Named: result.Named{Sent: succeeded, Succeeded: succeeded, Response: histogram.DistributionOf(h), Service: histogram.DistributionOf(h)},
		}}
		return s
	}
	s, err := join.Merge([]join.Part{
		{Name: "a", Snapshot: part(result.Done, 1000, 1000)},
		{Name: "b", Snapshot: part(result.Running, 500, 490), Lost: &result.Lost{PlannedUnknown: 20, Since: 2 * time.Second, Until: 3 * time.Second, Why: "killed"}},
	}, p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What a lost worker leaves unknown is in every output, the identities hold with it, and
// no rule that it could have broken counts as held.
func TestUnknownIsTold(t *testing.T) {
	p := plan.Plan{Concurrency: 10, Duration: 4 * time.Second, Success: plan.DefaultSuccess(), Timeout: time.Second}
	p.Rate.Freq, p.Rate.Per = 400, time.Second
	r := report.From(report.Meta{Version: "test", URL: "http://x/", Protocol: "HTTP/1.1", Plan: p}, lostHalf(t, &p))
	for rule, met := range map[string]bool{
		"failed<1%": false, "failed<5%": true, "failed<10": false, "failed<100": true, "p90<10ms": true, "p99<10ms": false,
		"max<10ms": false, "mean<10ms": false, "succeeded_per_s>1": true, "p90<1ms": false,
	} {
		parsed, err := rules.Parse(rule)
		if err != nil {
			t.Fatal(err)
		}
		j := parsed.Judge(r)
		if j.Met != met || !met && !strings.HasPrefix(rule, "p90<1ms") && !strings.Contains(j.Reason, "of 30 requests it is not known") {
			t.Errorf("%s: %v, %q", rule, j.Met, j.Reason)
		}
	}
	checked := func(r *report.Report) {
		t.Helper()
		if err := r.Check(); err != nil {
			t.Error(err)
		}
		if err := reporttest.Compiled(t).Validate(reporttest.Document(t, reporttest.JSONOf(t, r))); err != nil {
			t.Error(err)
		}
		if err := reporttest.ThroughJSON(t, r).Check(); err != nil {
			t.Error(err)
		}
		plain, markdown := reporttest.TextOf(t, r, text.Options{Width: 100}), reporttest.MarkdownOf(t, r)
		if !strings.Contains(plain, " unknown") || !strings.Contains(markdown, " unknown |") || !strings.Contains(plain, "worker b was lost") {
			t.Errorf("%s\n%s", plain, markdown)
		}
	}
	checked(r)
	if q := &r.Requests; q.Planned != 1520 || q.Unknown != 30 || q.UnknownSent != 10 || q.UnknownPlanned != 20 || q.NotSent != 0 || q.InFlight != 0 {
		t.Errorf("%+v", q)
	}
	if g := &r.Stages[0].Requests; g.Planned != 1520 || g.Unknown != 30 || g.NotSent != 0 {
		t.Errorf("%+v", g)
	}
	if w := r.Client.Workers; len(w) != 2 || w[1].Lost == nil || w[1].Lost.Why != "killed" || w[0].Sent != 1000 || r.Client.Cores != 4 {
		t.Errorf("%+v", w)
	}
	merged := reporttest.MergedOf(t, r, reporttest.Healthy.Report())
	checked(merged)
	if q := &merged.Requests; q.Unknown != 30 || q.UnknownSent != 10 || len(merged.Client.Workers) != 2 {
		t.Errorf("%+v", q)
	}
	r.Requests.UnknownSent++
	if err := r.Check(); err == nil {
		t.Error("unknown does not add up, and nobody says so")
	}
	r.Requests.UnknownSent, r.Client.Workers = 10, nil
	if err := r.Check(); err == nil {
		t.Error("no worker was lost, and some requests are unknown")
	}
}
