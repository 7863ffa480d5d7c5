package job_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/mock"
	"brunt/attack/mock/workspacetest"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/needs"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/job"
)

// TestSizingAgainstTheMock asks endpoints of 16 units, each taken for 200 ms and
// so good for 80/s, for less and for more than they can: what is said to be needed
// is right, with the endpoint's own figures and without, or is not given.
func TestSizingAgainstTheMock(t *testing.T) {
	needs.Time(t)
	const pat = "dapi0123456789abcdef"
	var all []asked
	c := workspacetest.Config{PATs: []string{pat}}
	for _, queue := range []string{"16", "0"} { // a bounded queue refuses, the other one grows
		model, err := mock.Parse("mock://?latency=200ms&sigma=0&overhead=0ms&concurrency=16&queue=" + queue)
		if err != nil {
			t.Fatal(err)
		}
		for _, load := range []float64{0.5, 0.9, 1.2, 2} {
			a := asked{fmt.Sprintf("sized-%s-%.0f", queue, 10*load), queue, load}
			all = append(all, a)
			c.Endpoints = append(c.Endpoints, workspacetest.Endpoint{Name: a.name, Mock: &model, Served: []workspacetest.Served{{Name: "model-1", MinConcurrency: units, MaxConcurrency: units}}})
		}
	}
	w, err := workspacetest.Start(c)
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
	// A starved machine leaves the endpoint's units idle: it gets several tries.
	for try := 1; ; try++ {
		wrong := sizeAll(t, all, dir)
		if wrong == "" {
			return
		}
		if try == 4 {
			t.Fatal(wrong)
		}
		t.Log(wrong)
	}
}

const capacity, units = 80, 16

// asked is a load on an endpoint of its own.
type asked struct {
	name, queue string
	load        float64 // of the capacity
}

// sizeAll is what was said wrongly.
func sizeAll(t *testing.T, all []asked, dir string) (wrong string) {
	var runs sync.WaitGroup
	var mu sync.Mutex
	for i, a := range all {
		if i == len(all)/2 {
			runs.Wait()
		}
		runs.Go(func() {
			j, err := sized(dir, a.name, int(a.load*capacity))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			// A busy machine's figures would not be trusted, and nothing be given: the
			// times here are long beside what that does to them.
			s := *j.Run.Snapshot()
			s.Verdict.Trust, s.Verdict.LimitedBy = result.TrustFull, result.LimitEndpoint
			for _, sampled := range []bool{true, false} {
				if !sampled {
					j.Meta.Sampler = nil
				}
				r := report.From(j.Meta, &s)
				p, what := r.Endpoint.Provisioned, fmt.Sprintf("%g of its capacity, queue %s, sampled %v", a.load, a.queue, sampled)
				switch {
				case p.Needed == nil && p.Reason != nil:
					t.Logf("%s: not given: %s", what, *p.Reason)
				case p.Needed == nil || math.Abs(*p.Needed/(a.load*units)-1) > 0.1:
					wrong += fmt.Sprintf("%s: %v\n", what, r.Endpoint.Advice)
				default:
					t.Logf("%s: needs %g by %s", what, *p.Needed, *p.Basis)
				}
			}
		})
	}
	runs.Wait()
	return wrong
}

// sized is a run at a rate, which is over.
func sized(dir, name string, rate int) (*job.Job, error) {
	f := job.Flags{
		Load: config.Load{Rate: config.Rate{Rate: vegeta.Rate{Freq: rate, Per: time.Second}}, Concurrency: new(48), Duration: config.Duration(8 * time.Second), AtEnd: "cut", CatchUp: "send",
			Exchange: config.Exchange{Keepalive: true, Timeout: config.Duration(time.Minute)}},
		Payloads: config.Payloads{Payloads: []string{filepath.Join(dir, "bodies.jsonl")}, PayloadFormat: payloads.AutoFormat, Order: payloads.Sequential},
		Target:   config.Target{TLS: config.TLS{CA: filepath.Join(dir, "ca.pem")}, Auth: "auto"},
	}
	if err := f.Load.Success.UnmarshalText([]byte("200-299")); err != nil {
		return nil, err
	}
	s, err := job.Open(f, name, job.Allow{}, job.Streams{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	j, err := s.Start(context.Background(), s.Settings(), nil)
	if err != nil {
		return nil, err
	}
	<-j.Run.Done()
	j.Meta.Sampler.End()
	return j, nil
}
