package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"brunt/attack/plan"
	"brunt/report"
	"brunt/report/results"
)

// A whole life of a page: idle, started, changed, drained, reset.
func TestStartStopReset(t *testing.T) {
	v := serve(t, func(c *Config) { c.Settings = small(time.Minute) })
	if s := v.state(); s != stateIdle {
		t.Fatalf("state %s", s)
	}
	if r := v.get(t, "/api/report"); r.status != 404 {
		t.Errorf("a report before any run: %s", r)
	}
	var view pageState
	r := v.post(t, "/api/start", `{"rate_per_s":50,"payloads":["b.jsonl"]}`)
	if r.decode(t, &view); r.status != 200 || view.Run != 1 || *view.Load.RatePerS != 50 || view.Form.Payloads[0].Chosen || !view.Form.Payloads[1].Chosen || *view.Form.DurationS != 60 {
		t.Fatalf("start: %s", r)
	}
	v.untilState(t, "running")
	if r := v.post(t, "/api/start", `{}`); r.status != 409 || !strings.Contains(string(r.body), `"state":"running"`) {
		t.Errorf("start while running: %s", r)
	}
	if r := v.post(t, "/api/change", `{"rate_per_s":60}`); r.status != 409 {
		t.Errorf("change of a run that takes none: %s", r)
	}
	if r := v.post(t, "/api/stop", `{"how":"drain"}`); r.status != 200 {
		t.Fatalf("stop: %s", r)
	}
	v.untilState(t, stateInterrupted)
	if r := v.post(t, "/api/stop", `{}`); r.status != 409 {
		t.Errorf("stop after the end: %s", r)
	}
	final := v.Last()
	if !final.Interrupted || !slices.Contains(final.Warnings, "closed") {
		t.Errorf("interrupted %v, warnings %q", final.Interrupted, final.Warnings)
	}
	if r := v.post(t, "/api/reset", ""); r.status != 200 || v.state() != stateIdle {
		t.Errorf("reset: %s", r)
	}
	if r := v.get(t, "/api/report?run=1"); r.status != 200 {
		t.Errorf("run 1 after a reset: %s", r)
	}
	if r := v.post(t, "/api/reset", "{}"); r.status != 409 {
		t.Errorf("reset while idle: %s", r)
	}
}

// A reset drains the run and begins another under the load as it stands.
func TestResetWhileRunning(t *testing.T) {
	v := serve(t, func(c *Config) {
		c.Settings = small(time.Minute)
		c.Start = func(_ context.Context, o Settings, _ func(string)) (*Job, error) {
			job, err := launch(o)
			if err == nil {
				job.Change = job.Run.Change
			}
			return job, err
		}
	})
	v.post(t, "/api/start", "{}")
	v.untilState(t, "running")
	if r := v.post(t, "/api/change", `{"rate_per_s":70}`); r.status != 200 || !strings.Contains(string(r.body), `"load":{"rate_per_s":70,`) {
		t.Fatalf("change: %s", r)
	}
	if r := v.post(t, "/api/change", `{"concurrency":7}`); r.status != 422 || !strings.Contains(string(r.body), `"field":"concurrency"`) {
		t.Errorf("change to another kind: %s", r)
	}
	if r := v.post(t, "/api/reset", "{}"); r.status != 200 {
		t.Fatalf("reset: %s", r)
	}
	until(t, "run 2", func() bool { _, _, s := v.controller.view(); return s.Run == 2 })
	_, _, s := v.controller.view()
	if *s.Load.RatePerS != 70 || s.Runs != 2 {
		t.Errorf("run 2 under %v, %d runs", *s.Load.RatePerS, s.Runs)
	}
	v.post(t, "/api/stop", `{"how":"cut"}`)
	v.untilState(t, stateInterrupted)
	var texts []string
	for _, l := range s.Log {
		texts = append(texts, l.Text)
	}
	if log := strings.Join(texts, "|"); !strings.Contains(log, "changed to 70/s from the page") || !strings.Contains(log, "reset from the page") {
		t.Errorf("log: %s", log)
	}
}

// The last runs are kept whole, older ones in one line.
func TestTwentyRunsAreKept(t *testing.T) {
	v := serve(t, func(c *Config) {
		c.Settings = small(0)
		c.Settings.Requests = 1
	})
	for range maxWholeRuns + 2 {
		if r := v.post(t, "/api/start", "{}"); r.status != 200 {
			t.Fatalf("start: %s", r)
		}
		v.untilState(t, "done")
	}
	var runs struct{ Runs []RunSummary }
	v.get(t, "/api/runs").decode(t, &runs)
	if len(runs.Runs) != maxWholeRuns+2 || runs.Runs[1].Kept || !runs.Runs[2].Kept || runs.Runs[1].Requests.Sent != 1 {
		t.Fatalf("%d runs; second kept %v, third %v", len(runs.Runs), runs.Runs[1].Kept, runs.Runs[2].Kept)
	}
	for _, k := range v.controller.history {
		if k.job != nil && k.job.Run != nil {
			t.Errorf("run %d is over and holds on to its histograms", k.number)
		}
	}
	if r := v.get(t, "/api/runs/2"); r.status != 404 {
		t.Errorf("run 2: %.100s", r)
	}
	if r := v.get(t, "/api/runs/3"); r.status != 200 || !strings.HasPrefix(string(r.body), `{"report":{"schema":1,`) {
		t.Errorf("run 3: %.100s", r)
	}
}

// What is wrong with settings is said with the field, in the page's words.
func TestWrongFields(t *testing.T) {
	broken := errors.New("payload file a.jsonl: gone")
	v := serve(t, func(c *Config) {
		c.Start = func(_ context.Context, o Settings, _ func(string)) (*Job, error) {
			if slices.Contains(o.Payloads, "a.jsonl") {
				return nil, &FieldError{"payloads", broken}
			}
			return launch(o)
		}
	})
	for _, row := range []struct{ path, body, field, text string }{
		{"/api/start", `{"speed":5}`, "speed", "expected rate_per_s"},
		{"/api/start", `{"rate_per_s":"fast"}`, "rate_per_s", "not a number; write it as 500, 500/s or 90/m"},
		{"/api/start", `{"rate_per_s":"90/h"}`, "rate_per_s", "neither /s nor /m; write it as"},
		{"/api/start", `{"duration_s":"90"}`, "duration_s", "write it with its unit, as 500ms, 30s"},
		{"/api/start", `{"duration_s":"0s"}`, "duration_s", "leave it empty to run until stopped"},
		{"/api/start", `{"duration_s":0}`, "duration_s", "leave it empty to run until stopped"},
		{"/api/start", `{"requests":"many"}`, "requests", "expected a number"},
		{"/api/start", `{"stages":"30s"}`, "stages", "@ and the load are missing; write it as 30s@100"},
		{"/api/start", `{"stages":7}`, "stages", "expected text"},
		{"/api/start", `{"slo":["p99<fast"]}`, "slo", "p99<fast"},
		{"/api/start", `{"slo":"p99<1s"}`, "slo", "expected a list of rules"},
		{"/api/start", `{"rate_per_s":-1}`, "rate_per_s", "above 0"},
		{"/api/start", `{"rate_per_s":1e9}`, "rate_per_s", "at most 10,000,000/s"},
		{"/api/start", `{"rate_per_s":null}`, "rate_per_s", "no load asked for"},
		{"/api/start", `{"concurrency":1.5}`, "concurrency", "whole number"},
		{"/api/start", `{"concurrency":1000001}`, "concurrency", "whole number from 1 to 1,000,000"},
		{"/api/start", `{"rate_per_s":NaN}`, "", "one JSON object"},
		{"/api/start", `{"rate_per_s":1e400}`, "rate_per_s", "expected a number"},
		{"/api/start", `{"rate_per_s":1e-400}`, "rate_per_s", "above 0"},
		{"/api/start", `{"rate_per_s":` + strings.Repeat("9", 60_000) + `}`, "rate_per_s", "expected a number"},
		{"/api/start", strings.Repeat("[", 60_000), "", "one JSON object"},
		{"/api/start", `{"` + strings.Repeat("k", 60_000) + `":1}`, strings.Repeat("k", 60_000), "not known"},
		{"/api/start", `{"RATE_PER_S":5}`, "RATE_PER_S", "expected rate_per_s"},
		{"/api/start", `{"rate_per_s":5,"requests":9007199254740993}`, "requests", "whole number"},
		{"/api/start", `{"payloads":["b.jsonl"],"duration_s":1e-10}`, "duration_s", "billionth"},
		{"/api/start", `{"payloads":[null]}`, "payloads", "none of the files"},
		{"/api/start", `{"requests":1e300}`, "requests", "whole number"},
		{"/api/start", `{"duration_s":1e300}`, "duration_s", "ten years"},
		{"/api/start", `{"payloads":["b.jsonl"],"timeout_s":null}`, "timeout_s", "must be above 0"},
		{"/api/start", `{"rate_per_s":1.00000001}`, "rate_per_s", "more than 6 decimals"},
		{"/api/start", `{"payloads":["../../etc/passwd"]}`, "payloads", "none of the files"},
		{"/api/start", `{"payloads":"b.jsonl"}`, "payloads", "expected a list"},
		{"/api/start", `{"target":"http://elsewhere/"}`, "target", "--serve-any-target"},
		{"/api/start", `{"target":7}`, "target", "expected text"},
		{"/api/start", `{}`, "payloads", broken.Error()},
		{"/api/start", `[]`, "", "one JSON object"},
		{"/api/start", `{} {}`, "", "one JSON object"},
		{"/api/stop", `{"how":"kill"}`, "how", "neither drain nor cut"},
		{"/api/change", `{"rate_per_s":1,"concurrency":1}`, "rate_per_s", "either"},
		{"/api/change", `{}`, "rate_per_s", "either"},
		{"/api/reset", `{"all":true}`, "all", "not known"},
	} {
		r := v.post(t, row.path, row.body)
		var p struct{ Error, Field string }
		r.decode(t, &p)
		if r.status != 422 || p.Field != row.field || !strings.Contains(p.Error, row.text) || strings.Contains(p.Error, "\n") {
			t.Errorf("%s %s: %s", row.path, row.body, r)
		}
		// Whoever filled in a form has never seen the keys, nor the flags of what is on it.
		if named := regexp.MustCompile(`_s\b|null|--(rate|concurrency|duration|requests|warmup|timeout|payloads)`).FindString(p.Error); named != "" && !strings.Contains(p.Error, "not known") {
			t.Errorf("%s: a person is told of %s: %s", row.body, named, p.Error)
		}
		if s := v.state(); s != stateIdle {
			t.Fatalf("%s: state %s", row.body, s)
		}
	}
}

// A key left out is as on the form; rate and concurrency are one choice.
func TestOrderOverForm(t *testing.T) {
	form := small(time.Second)
	form.Requests, form.Warmup = 9, time.Second
	f, err := readFields([]byte(`{"concurrency":4,"requests":null,"warmup_s":0,"timeout_s":1.5}`), settingsKeys...)
	if err != nil {
		t.Fatal(err)
	}
	o, err := f.settings(form)
	if err != nil || o.Rate.Freq != 0 || o.Concurrency != 4 || o.Requests != 0 || o.Warmup != 0 || o.Timeout != 1500*time.Millisecond || o.Duration != time.Second || o.Target != mockURL {
		t.Errorf("%+v, %v", o, err)
	}
	// A warm-up until latency has settled goes there and back, until another one is given.
	for _, c := range []struct {
		body   string
		auto   bool
		warmup time.Duration
	}{
		{`{"warmup_s":"auto"}`, true, plan.MaxWarmup}, {`{}`, true, plan.MaxWarmup}, {`{"warmup_s":2}`, false, 2 * time.Second},
	} {
		f, err := readFields([]byte(c.body), settingsKeys...)
		if err != nil {
			t.Fatal(err)
		}
		if form, err = f.settings(form); err != nil || form.WarmupAuto != c.auto || form.Warmup != c.warmup {
			t.Errorf("%s: %+v, %v", c.body, form, err)
		}
	}
	if f, err = readFields([]byte(`{"warmup_s":"soon"}`), settingsKeys...); err == nil {
		_, err = f.settings(form)
	}
	if err == nil || !strings.Contains(err.Error(), "soon") {
		t.Errorf("a warm-up of soon: %v", err)
	}
}

// A run that ends with the process is cut, and Close waits for it.
func TestCloseCutsTheRun(t *testing.T) {
	v, err := Open(Config{Flags: Flags{Serve: "127.0.0.1:0"}, Settings: small(time.Hour), Start: launched})
	if err != nil {
		t.Fatal(err)
	}
	final := v.Attach(mustJob(t, small(time.Hour)), small(time.Hour), "from the command line")
	s := v.stream(t, "")
	s.untilState("running")
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	if rep := <-final; !rep.Interrupted {
		t.Error("the run was not cut")
	}
	for s.next() {
	}
	if !s.told || s.newest.View.State != stateInterrupted {
		t.Errorf("the page was left in state %q, told of the end: %t", s.newest.View.State, s.told)
	}
	s.sameEnd("the page", v.Last())
}

// As long as its files are being closed a run is draining, wherever one looks:
// who reads that it is done may start another.
func TestNotDoneBeforeItsFilesAreClosed(t *testing.T) {
	sent, closed := make(chan struct{}), make(chan struct{})
	v := serve(t, func(c *Config) {
		c.Start = func(ctx context.Context, o Settings, waiting func(string)) (*Job, error) {
			job, err := launch(o)
			if err == nil {
				before := job.Close
				job.Close = func(of func() *report.Report) results.Ending { close(sent); <-closed; return before(of) }
			}
			return job, err
		}
	})
	if r := v.post(t, "/api/start", `{}`); r.status != http.StatusOK {
		t.Fatal(r.body)
	}
	defer close(closed)
	<-sent
	v.untilState(t, "draining")
	for path, want := range map[string]string{
		"/api/runs": `"state":"draining"`, "/api/runs/1": `"state":"draining"`, "/api/report": `"state":"draining"`, "/metrics": `brunt_run_state{state="draining"} 1`,
	} {
		if r := v.get(t, path); !bytes.Contains(r.body, []byte(want)) {
			t.Errorf("%s while files are closed: no %s in %s", path, want, r)
		}
	}
}

func mustJob(t testing.TB, o Settings) *Job {
	t.Helper()
	job, err := launch(o)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// The end event comes after the newest state, even where that was not published yet.
func TestEndEventComesLast(t *testing.T) {
	v, err := Open(Config{Flags: Flags{Serve: "127.0.0.1:0"}, Settings: small(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	s := v.stream(t, "")
	s.next()
	v.controller.mu.Lock()
	v.controller.addLog("a last word")
	v.controller.mu.Unlock()
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	for s.next() {
	}
	if log := s.newest.View.Log; !s.told || len(log) == 0 || log[len(log)-1].Text != "a last word" {
		t.Errorf("told of the end: %t, the log ends with %v", s.told, log)
	}
}

// A length is changed while a run is under way: in its report, its state and its log.
func TestLengthChange(t *testing.T) {
	v := serve(t, func(c *Config) {
		c.Settings = small(time.Hour)
		c.Start = func(_ context.Context, o Settings, _ func(string)) (*Job, error) {
			job, err := launch(o)
			if err == nil {
				job.Change = job.Run.Change
			}
			return job, err
		}
	})
	v.post(t, "/api/start", "{}")
	v.untilState(t, "running")
	var state pageState
	for body, want := range map[string]int{
		`{"duration_s":"1ns"}`: 422, `{"duration_s":0}`: 422, `{"duration_s":"soon"}`: 422, `{}`: 422,
		`{"duration_s":"30m"}`: 200, `{"duration_s":null,"rate_per_s":40}`: 200,
	} {
		if r := v.post(t, "/api/change", body); r.status != want {
			t.Errorf("%s: %d %s", body, r.status, r.body)
		}
	}
	r := v.post(t, "/api/change", `{"duration_s":null}`)
	if r.decode(t, &state); r.status != 200 || state.DurationS != nil || !slices.Contains(state.MayChange, "duration_s") {
		t.Errorf("%d %+v", r.status, state)
	}
	last := 1.0 // so long that it is not over yet
	for v.post(t, "/api/change", fmt.Sprintf(`{"duration_s":%g}`, last)).status != 200 {
		last *= 2
	}
	v.untilState(t, "done")
	now, _ := v.controller.find(0)
	if d := now.final.Plan.DurationS; d == nil || *d != last || now.final.Interrupted {
		t.Errorf("%v, interrupted %t", d, now.final.Interrupted)
	}
}
