package endpoint

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"brunt/attack/mock/workspacetest"
	"brunt/payloads/needs"
)

// exporting is an endpoint of a workspace that exports metrics in its way.
func exporting(t *testing.T, metrics string) (*workspacetest.Server, *Endpoint) {
	clean(t)
	w, o := lookAlike(t, workspacetest.Config{PATs: []string{"dapi-canary"}, Endpoints: []workspacetest.Endpoint{{Name: "x", Metrics: metrics}}})
	t.Setenv("DATABRICKS_HOST", w.Host())
	t.Setenv("DATABRICKS_TOKEN", "dapi-canary")
	e, err := Open(t.Context(), "x", o, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return w, e
}

// TestSampler has requests served between the two samples, and finds in them
// what the workspace itself counted.
func TestSampler(t *testing.T) {
	w, e := exporting(t, "")
	s := e.Sample(t.Context())
	defer s.End()
	await(t, "the first sample", func() bool {
		taken, failed, _ := s.Taken()
		return len(taken) == 1 || failed > 0
	})
	if _, failed, reason := s.Taken(); failed > 0 {
		t.Fatal(reason)
	}
	for range 7 {
		r, _ := http.NewRequest(http.MethodPost, w.Host()+"/serving-endpoints/x/invocations", strings.NewReader("{}"))
		r.Header.Set("Authorization", "Bearer dapi-canary")
		resp, err := e.transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	s.End()
	s.End()
	taken, failed, reason := s.Taken()
	served := float64(w.Stats().Served)
	if len(taken) != 2 || failed > 0 || taken[0].Request.Count != 0 || served != 7 {
		t.Fatalf("%+v, %d failed (%s), %g served", taken, failed, reason, served)
	}
	last := taken[1]
	if *last.Concurrency != 4 || *last.Requests != served || last.Request.Count != served || last.Model.Count != served ||
		last.Request.Sum < last.Model.Sum+last.Queue.Sum || last.Model.Sum <= 0 || !last.At.After(taken[0].At) {
		t.Errorf("%+v", last)
	}
	if n := w.Stats().Exports; n != 2 {
		t.Errorf("%d exports", n)
	}
}

// TestSamplerFails has an export that is none: that is told once, and shows no
// token.
func TestSamplerFails(t *testing.T) {
	_, e := exporting(t, "dapi-canary")
	s := e.Sample(t.Context())
	s.End()
	taken, failed, reason := s.Taken()
	if len(taken) != 0 || failed != 2 || reason == "" || strings.Contains(fmt.Sprint(reason), "canary") {
		t.Errorf("%v, %d failed: %s", taken, failed, reason)
	}
	var none *Sampler
	none.End()
	if taken, failed, _ := none.Taken(); taken != nil || failed != 0 {
		t.Errorf("%v %d", taken, failed)
	}
}

// TestSamplerEnds has an export that never answers: the end comes all the same.
func TestSamplerEnds(t *testing.T) {
	needs.Time(t)
	_, e := exporting(t, "none")
	s := e.Sample(t.Context())
	s.End()
	if taken, failed, reason := s.Taken(); len(taken) != 0 || failed == 0 || !strings.Contains(reason, "run's end") {
		t.Errorf("%v, %d failed: %s", taken, failed, reason)
	}
}
