package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"brunt/report"
)

type object = map[string]any

// fake is a server of the live view whose run is a story: a test decides what
// happens, and when. Its events and answers are those of the real one.
type fake struct {
	*httptest.Server
	mu          sync.Mutex
	state       string
	run, at     int // number of the run, intervals so far
	whole       object
	extra       object
	load        object
	form        object
	changes     []any
	log         []any
	mayStart    bool
	refusal     object // the answer to the next command
	breaks      string // how new event streams fail: "", "hang", "drop"
	posts       []string
	subscribers map[chan string]bool
	earlier     []object // runs before this one, as /api/runs/N has them
	end         chan struct{}
}

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func newFake(t *testing.T, r *report.Report) *fake {
	t.Helper()
	f := &fake{state: "idle", mayStart: true, subscribers: map[chan string]bool{}, changes: []any{}, log: []any{}, end: make(chan struct{}),
		load: object{"rate_per_s": 100, "concurrency": nil}}
	f.form = object{"target": "mock://", "any_target": false, "rate_per_s": 100, "concurrency": nil, "duration_s": 60, "requests": nil, "warmup_s": 0, "timeout_s": 60,
		"payloads": []any{object{"file": "a.jsonl", "lines": 1000, "chosen": true}, object{"file": "b.jsonl", "lines": 1, "chosen": false}}}
	f.tell(r)
	f.note("brunt waits for load to be started")
	mux := http.NewServeMux()
	files, err := Live()
	must(err)
	for at, file := range files {
		mux.HandleFunc("GET "+strings.TrimSuffix(at, "/")+map[bool]string{true: "/{$}", false: ""}[at == "/"], func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", policy)
			w.Header().Set("Content-Type", file.Type)
			_, _ = w.Write(file.Bytes)
		})
	}
	mux.HandleFunc("GET /api/events", f.events)
	mux.HandleFunc("GET /api/runs", f.listRuns)
	mux.HandleFunc("GET /api/runs/{n}", f.oneRun)
	mux.HandleFunc("GET /api/compare", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, object{"comparison": object{"headline": "no difference seen between " + r.URL.Query().Get("base") + " and " + r.URL.Query().Get("new")}})
	})
	mux.HandleFunc("POST /api/{what}", f.command)
	f.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		close(f.end)
		f.CloseClientConnections()
		f.Close()
	})
	return f
}

// tell sets the story that runs have from now on.
func (f *fake) tell(r *report.Report) {
	var b bytes.Buffer
	must(report.JSON(&b, r))
	f.whole = nil
	must(json.Unmarshal(b.Bytes(), &f.whole))
	delete(f.whole, "histograms")
	b.Reset()
	must(json.NewEncoder(&b).Encode(ExtraOf(r)))
	f.extra = nil
	must(json.Unmarshal(b.Bytes(), &f.extra))
}

func (f *fake) note(text string) {
	f.log = append(f.log, object{"at": epoch.Add(time.Duration(len(f.log)) * time.Second).Format(time.RFC3339), "text": text})
}

// actions are what may be done in each state.
var actions = map[string][]string{
	"idle": {"start"}, "running": {"stop", "change", "reset"}, "draining": {"cut"}, "done": {"start", "reset"}, "interrupted": {"start", "reset"},
}

func (f *fake) view() object {
	may := actions[f.state]
	if !f.mayStart {
		may = []string{}
	}
	return object{"state": f.state, "run": f.run, "runs": f.run, "may_start": f.mayStart, "actions": may, "load": f.load, "form": f.form, "log": f.log,
		"brunt": "0.1.0", "now": time.Now().Format(time.RFC3339Nano)}
}

// part is the report with the intervals from one on, and so the extra.
func (f *fake) part(from int) (any, any) {
	if f.state == "idle" {
		return nil, nil
	}
	r, e := maps.Clone(f.whole), maps.Clone(f.extra)
	sums := maps.Clone(f.whole["requests"].(object))
	all := f.whole["intervals"].([]any)
	for _, key := range []string{"planned", "sent", "succeeded", "failed"} {
		sum := 0.0
		for _, interval := range all[:f.at] {
			sum += interval.(object)[key].(float64)
		}
		sums[key] = sum
	}
	r["requests"], r["intervals"], r["changes"], r["elapsed_s"], r["plan_elapsed_s"] = sums, all[from:f.at], f.changes, f.at, f.at
	r["state"] = map[bool]string{true: "done", false: f.state}[f.state == "interrupted"]
	r["interrupted"] = f.state == "interrupted"
	spread := object{}
	for key, values := range f.extra["spread"].(object) {
		spread[key] = values.([]any)[from:f.at]
	}
	e["spread"] = spread
	return r, e
}

func (f *fake) event(kind string, from int) string {
	r, e := f.part(from)
	text, err := json.Marshal(object{"view": f.view(), "report": r, "extra": e, "from": from})
	must(err)
	return fmt.Sprintf("event: %s\nid: %d.0.%d\nretry: 60\ndata: %s\n\n", kind, f.run, f.at, text)
}

func (f *fake) send(event string) {
	for subscriber := range f.subscribers {
		subscriber <- event
	}
}

// step goes on by some intervals, one event each.
func (f *fake) step(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range n {
		f.at++
		f.send(f.event("tick", f.at-1))
	}
}

// turn changes the state, and all subscribers hear of it.
func (f *fake) turn(state string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.to(state)
}

func (f *fake) to(state string) {
	f.state = state
	f.note("now " + state)
	f.send(f.event("tick", f.at))
}

func (f *fake) begin() {
	f.run, f.at, f.state, f.changes = f.run+1, 0, "running", []any{}
	f.note(fmt.Sprintf("run %d began", f.run))
	f.send(f.event("view", 0))
}

// cut ends all event streams; those that come after fail as breaks says.
func (f *fake) cut(breaks string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.breaks = breaks
	for subscriber := range f.subscribers {
		close(subscriber)
		delete(f.subscribers, subscriber)
	}
}

func (f *fake) events(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	breaks := f.breaks
	subscriber := make(chan string, 5000)
	first := f.event("view", 0)
	var run, epoch, n int
	if _, err := fmt.Sscanf(r.Header.Get("Last-Event-ID"), "%d.%d.%d", &run, &epoch, &n); err == nil && run == f.run && epoch == 0 && n <= f.at {
		first = f.event("tick", n)
	}
	if breaks == "" {
		f.subscribers[subscriber] = true
		subscriber <- first
	}
	f.mu.Unlock()
	switch breaks {
	case "hang":
		select {
		case <-r.Context().Done():
		case <-f.end:
		}
		fallthrough
	case "drop":
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		select {
		case event, open := <-subscriber:
			if !open {
				return
			}
			_, _ = io.WriteString(w, event)
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			f.mu.Lock()
			delete(f.subscribers, subscriber)
			f.mu.Unlock()
			return
		case <-f.end:
			return
		}
	}
}
