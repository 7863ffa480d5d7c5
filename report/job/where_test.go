package job_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"brunt/attack/figure"
	"brunt/attack/mock"
	"brunt/attack/mock/workspacetest"
	"brunt/payloads"
	"brunt/payloads/needs"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/job"
)

// TestNetworkQueueOrModel loads an endpoint that takes 30 ms, has room for one
// request and is always asked for four: three wait for each that is worked on,
// and the report says so, of its own requests and of no others.
func TestNetworkQueueOrModel(t *testing.T) {
	needs.Time(t)
	const pat = "dapi0123456789abcdef"
	model, err := mock.Parse("mock://?latency=30ms&sigma=0&overhead=0ms&concurrency=1&queue=100")
	if err != nil {
		t.Fatal(err)
	}
	w, err := workspacetest.Start(workspacetest.Config{PATs: []string{pat}, Endpoints: []workspacetest.Endpoint{{Name: "slow", Mock: &model}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	dir := t.TempDir()
	for name, text := range map[string]string{"ca.pem": string(w.CA()), "bodies.jsonl": "{}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HOME", dir)
	t.Setenv("DATABRICKS_HOST", w.Host())
	t.Setenv("DATABRICKS_TOKEN", pat)
	for range 2 { // the second time there is a past to tell the run from
		r := loaded(t, dir)
		ours, run := &r.LatencyMS[figure.Service], r.Endpoint.OverRun
		if run == nil || run.Request.Count != 60 || run.Model.Count != 60 || run.Queue.Count != 60 {
			t.Fatalf("%+v of %+v", run, r.Endpoint.Metrics)
		}
		// The model never takes less than it says, and each of the four waits for
		// three others but at the start.
		if m, q := *run.Model.Mean, *run.Queue.Mean; m < 30 || q < 2.4*m || q > 3.1*m {
			t.Errorf("model %g ms, queue %g ms", m, q)
		}
		if *run.Request.Mean < *run.Model.Mean+*run.Queue.Mean || *ours.Mean < *run.Request.Mean {
			t.Errorf("%g ms as seen from here, %g in all, %g in the model, %g in the queue", *ours.Mean, *run.Request.Mean, *run.Model.Mean, *run.Queue.Mean)
		}
		if text := strings.Join(r.Endpoint.Advice, "\n"); !strings.Contains(text, "own account of the run") || !strings.Contains(text, "for network and gateway") {
			t.Error(text)
		}
	}
}

// loaded is the report of four at a time.
func loaded(t *testing.T, dir string) *report.Report {
	t.Helper()
	f := job.Flags{
		Load:     config.Load{Concurrency: new(4), Requests: new(uint64(60)), Exchange: config.Exchange{Keepalive: true, Timeout: config.Duration(time.Minute)}, AtEnd: "drain", CatchUp: "send"},
		Payloads: config.Payloads{Payloads: []string{filepath.Join(dir, "bodies.jsonl")}, PayloadFormat: payloads.AutoFormat, Order: payloads.Sequential},
		Target:   config.Target{TLS: config.TLS{CA: filepath.Join(dir, "ca.pem")}, Auth: "auto"},
	}
	if err := f.Load.Success.UnmarshalText([]byte("200-299")); err != nil {
		t.Fatal(err)
	}
	s, err := job.Open(f, "slow", job.Allow{}, job.Streams{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	j, err := s.Start(context.Background(), s.Settings(), nil)
	if err != nil {
		t.Fatal(err)
	}
	<-j.Run.Done()
	j.Meta.Sampler.End()
	r := report.From(j.Meta, j.Run.Snapshot())
	if _, err := j.Close(nil); err != nil {
		t.Fatal(err)
	}
	return r
}
