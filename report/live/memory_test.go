//go:build !race

package live

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
	"brunt/payloads/needs"
	"brunt/report"
	"brunt/report/results"
)

// A run of 5,000 names, of letters that are written from right to left and of emoji, which
// fails in 50 ways, with pages that look at it and others that load its report all the
// time, takes a fraction of 300 MB, and what a page is sent is bounded.
func TestManyNamesAndViewers(t *testing.T) {
	needs.Time(t)
	var n atomic.Uint64
	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		if k := n.Add(1); k%3 == 0 {
			w.WriteHeader(int(400 + k/3%50))
		}
		fmt.Fprint(w, strings.Repeat("שלום 😀 ", 200))
	})
	const names = 5000
	var lines strings.Builder
	for i := range names {
		fmt.Fprintf(&lines, "{\"name\":\"%s %d\",\"body\":{}}\n", strings.Repeat("ש😀", 38), i)
	}
	file := filepath.Join(t.TempDir(), "names.jsonl")
	must(os.WriteFile(file, []byte(lines.String()), 0o600))
	v := serve(t, func(c *Config) {
		c.Start = startOf(t, server, file)
		c.Settings.Concurrency, c.Settings.Rate.Freq, c.Settings.Duration = 16, 0, 3*time.Second
	})
	if r := v.post(t, "/api/start", `{}`); r.status != 200 {
		t.Fatal(r)
	}
	v.untilState(t, "running", "done")
	var most atomic.Uint64
	var viewers sync.WaitGroup
	watching, leave := context.WithCancel(t.Context())
	defer leave()
	for k := range 12 {
		path := []string{"/api/events", "/api/report", "/download/report.html"}[k%3]
		viewers.Go(func() {
			for v.state() != "done" {
				resp, err := http.DefaultClient.Do(request(http.MethodGet, v.at(path), "").WithContext(watching))
				if err != nil {
					return
				}
				_, _ = io.CopyN(io.Discard, resp.Body, 20<<20)
				resp.Body.Close()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				for had := most.Load(); m.HeapInuse+m.StackInuse > had && !most.CompareAndSwap(had, m.HeapInuse+m.StackInuse); had = most.Load() {
				}
				if path == "/api/events" {
					return
				}
			}
		})
	}
	v.untilState(t, "done")
	whole := v.get(t, "/api/runs/1")
	if len(whole.body) > 4<<20 {
		t.Errorf("a page is sent %.1f MB", float64(len(whole.body))/1e6)
	}
	var one struct {
		Report report.Report
	}
	whole.decode(t, &one)
	if s := one.Report.Slices; s == nil || len(s.Names) != 32 || *s.NamesLeftOut != names-32 || len(one.Report.Errors) < 40 {
		t.Errorf("%d kinds of failures, slices %+v", len(one.Report.Errors), s)
	}
	leave()
	viewers.Wait()
	if peak := most.Load(); peak > 250e6 {
		t.Errorf("%d MB in use", peak/1e6)
	} else {
		t.Logf("at most %d MB in use, a page is sent %d KB", peak/1e6, len(whole.body)/1e3)
	}
}

// startServer is the address of a server on loopback.
func startServer(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

// startOf starts runs of the file's requests against the server.
func startOf(t *testing.T, url, file string) func(context.Context, Settings, func(string)) (*Job, error) {
	return func(ctx context.Context, o Settings, _ func(string)) (*Job, error) {
		target, err := endpoint.Open(ctx, url, endpoint.Options{}, time.Second)
		if err != nil {
			return nil, err
		}
		set, err := payloads.Open([]payloads.Spec{{Path: file, Weight: 1}}, payloads.Options{Format: payloads.RequestFormat})
		if err != nil {
			return nil, err
		}
		p := plan.Plan{KeepAlive: true, AtEnd: plan.Drain, CatchUp: plan.CatchUpSend, Success: plan.DefaultSuccess()}
		o.Apply(&p)
		run, err := attack.Start(p, attack.Request{}, set, target, nil)
		if err != nil {
			return nil, err
		}
		return &Job{Run: run, Meta: report.MetaOf(run.Plan(), url, set), Close: func(func() *report.Report) results.Ending {
			target.Close()
			set.Close()
			return results.Ending{}
		}}, nil
	}
}
