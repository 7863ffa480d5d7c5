package page

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"brunt/report"
)

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	must(json.NewEncoder(w).Encode(body))
}

func (f *fake) command(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	must(err)
	if r.Header.Get("Content-Type") != "application/json" {
		answer(w, http.StatusUnsupportedMediaType, object{"error": "not JSON"})
		return
	}
	f.posts = append(f.posts, r.PathValue("what")+" "+string(body))
	if f.refusal != nil {
		answer(w, http.StatusUnprocessableEntity, f.refusal)
		f.refusal = nil
		return
	}
	given := object{}
	must(json.Unmarshal(body, &given))
	switch r.PathValue("what") {
	case "start":
		f.load = object{"rate_per_s": given["rate_per_s"], "concurrency": given["concurrency"]}
		f.begin()
	case "change":
		f.load = object{"rate_per_s": given["rate_per_s"], "concurrency": given["concurrency"]}
		f.changes = append(f.changes, object{"t_s": float64(f.at) - 0.5, "rate_per_s": given["rate_per_s"], "concurrency": given["concurrency"]})
		f.to(f.state)
	case "stop":
		f.to(map[any]string{"drain": "draining", "cut": "interrupted"}[given["how"]])
	case "reset":
		f.state, f.at = "idle", 0
		f.send(f.event("view", 0))
	}
	answer(w, http.StatusOK, f.view())
}

// said is the last command, as "what body".
func (f *fake) said() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.posts) == 0 {
		return ""
	}
	return f.posts[len(f.posts)-1]
}

// keepRun makes an earlier run of a report.
func (f *fake) keepRun(r *report.Report) {
	f.tell(r)
	f.run, f.at, f.state = f.run+1, len(r.Intervals), "done"
	whole, extra := f.part(0)
	f.earlier = append(f.earlier, object{"report": whole, "extra": extra})
}

func (f *fake) listRuns(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	runs := []any{}
	for i, one := range f.earlier {
		r := one["report"].(object)
		response := r["latency_ms"].(object)["response"].(object)
		runs = append(runs, object{"run": i + 1, "state": r["state"], "started": r["started"], "elapsed_s": r["elapsed_s"], "plan": r["plan"], "requests": r["requests"],
			"succeeded_per_s": r["throughput"].(object)["succeeded_per_s"], "p50": response["p50"], "p90": response["p90"], "p99": response["p99"], "max": response["max"], "valid": true, "limited_by": "none"})
	}
	answer(w, http.StatusOK, object{"runs": runs})
}

func (f *fake) oneRun(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	_, err := fmt.Sscan(r.PathValue("n"), &n)
	if err != nil || n < 1 || n > len(f.earlier) {
		answer(w, http.StatusNotFound, object{"error": "run " + r.PathValue("n") + " is not kept"})
		return
	}
	answer(w, http.StatusOK, f.earlier[n-1])
}
