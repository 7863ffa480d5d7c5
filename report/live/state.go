package live

import (
	"encoding/json"
	"slices"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/report"
	"brunt/report/live/metrics"
)

// logLines is how much of the log is kept.
const logLines = 200

// LogLine is one thing that happened, and by whom.
type LogLine struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// note adds a line to the log. The lock is held.
func (r *room) note(text string) {
	r.log = append(r.log, LogLine{time.Now().UTC().Truncate(time.Millisecond), text})
	if over := len(r.log) - logLines; over > 0 {
		r.log = slices.Delete(r.log, 0, over)
	}
}

// Load is what is asked for now.
type Load struct {
	RatePerS    *float64 `json:"rate_per_s"`
	Concurrency *int     `json:"concurrency"`
}

// File is a file of bodies that a run may be started with.
type File struct {
	File   string `json:"file"`
	Lines  uint64 `json:"lines"`
	Chosen bool   `json:"chosen"`
}

// Form is what a start takes as given where it says nothing else.
type Form struct {
	Target    string `json:"target"`
	AnyTarget bool   `json:"any_target"`
	Load
	DurationS *float64 `json:"duration_s"`
	Requests  *uint64  `json:"requests"`
	WarmupS   float64  `json:"warmup_s"`
	TimeoutS  float64  `json:"timeout_s"`
	Payloads  []File   `json:"payloads"`
}

// state is the VIEW of LIVE: all that a page shows besides the report.
type state struct {
	State    string    `json:"state"`
	Run      int       `json:"run"`  // the present one, 0 for none
	Runs     int       `json:"runs"` // begun so far
	MayStart bool      `json:"may_start"`
	Actions  []string  `json:"actions"`
	Waiting  string    `json:"waiting"` // what for, before a run; empty for nothing
	Load     Load      `json:"load"`
	Form     Form      `json:"form"`
	Log      []LogLine `json:"log"`
	Brunt    string    `json:"brunt"`
	Now      time.Time `json:"now"`
}

// offers reports whether the form has the file.
func (f *Form) offers(file string) bool {
	return slices.ContainsFunc(f.Payloads, func(p File) bool { return p.File == file })
}

// state is the word for where things stand. The lock is held.
func (r *room) state() string {
	switch {
	case r.preparing != nil:
		return string(attack.Starting)
	case r.now == nil:
		return stateIdle
	case r.now.final != nil:
		return stateOf(string(attack.Done), r.now.final.Interrupted)
	}
	return string(r.now.snapshot().State)
}

// look is how things stand for a viewer who may act, with the present run and
// its final report where there are such.
func (r *room) look() (now *round, final *final, v state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v = state{
		State: r.state(), Runs: r.runs, MayStart: r.start != nil, Form: r.form,
		Log: append([]LogLine{}, r.log...), Brunt: report.Version(), Now: time.Now().UTC().Truncate(time.Millisecond),
	}
	if r.preparing != nil {
		v.Waiting = r.preparing.waiting
	}
	order := &r.order
	if now = r.now; now != nil {
		v.Run, order, final = now.number, &now.order, now.final
	}
	v.Load = loadOf(order.Rate, order.Concurrency)
	v.Form.fill(&r.order)
	v.Actions = r.actions(v.State)
	return now, final, v
}

// states are all that a page, and brunt_run_state, may show.
var states = []string{
	stateIdle, string(attack.Starting), string(attack.Warming), string(attack.Running), string(attack.Draining), string(attack.Done), stateInterrupted,
}

// scraped is how things stand for Prometheus.
func (r *room) scraped() metrics.Now {
	present, _, view := r.look()
	now := metrics.Now{State: view.State, Run: view.Run}
	if present == nil {
		return now
	}
	if view.Load.RatePerS != nil {
		now.RatePerS = *view.Load.RatePerS
	}
	if view.Load.Concurrency != nil {
		now.Concurrency = *view.Load.Concurrency
	}
	now.Snapshot = present.snapshot()
	return now
}

// readOnly is the state for a viewer who may only look.
func (v state) readOnly() state {
	v.MayStart, v.Actions = false, []string{}
	return v
}

// actions are those that fit the state. The lock is held.
func (r *room) actions(state string) []string {
	out := []string{}
	switch state {
	case stateIdle, string(attack.Done), stateInterrupted:
		if r.start != nil {
			out = append(out, "start")
		}
		if state != stateIdle {
			out = append(out, "reset")
		}
		return out
	}
	if r.preparing != nil {
		return append(out, "stop")
	}
	if state != string(attack.Draining) || r.now.again {
		out = append(out, "stop")
	}
	out = append(out, "cut")
	if state == string(attack.Draining) {
		return out
	}
	if r.now.job.Change != nil {
		out = append(out, "change")
	}
	if r.start != nil {
		out = append(out, "reset")
	}
	return out
}

func loadOf(rate vegeta.Rate, concurrency int) (l Load) {
	if rate.Freq > 0 {
		l.RatePerS = new(attack.PerSecond(rate))
	}
	if concurrency > 0 {
		l.Concurrency = new(concurrency)
	}
	return l
}

// fill puts an order into the form.
func (f *Form) fill(o *Order) {
	// Those who look need not know what the target's URL holds.
	f.Target, f.Load = endpoint.SafeTarget(o.Target), loadOf(o.Rate, o.Concurrency)
	f.DurationS, f.Requests = nil, nil
	if o.Duration > 0 {
		f.DurationS = new(o.Duration.Seconds())
	}
	if o.Requests > 0 {
		f.Requests = new(o.Requests)
	}
	f.WarmupS, f.TimeoutS = o.Warmup.Seconds(), o.Timeout.Seconds()
	files := make([]File, len(f.Payloads))
	for i, file := range f.Payloads {
		file.Chosen = slices.Contains(o.Payloads, file.File)
		files[i] = file
	}
	f.Payloads = files
}

// lines are all runs in short, the present one as it stands.
func (r *room) lines() []*Line {
	r.mu.Lock()
	rounds := slices.Clone(r.kept)
	out := make([]*Line, len(rounds))
	for i, k := range rounds {
		if k.line != nil {
			out[i] = new(*k.line)
		}
	}
	r.mu.Unlock()
	for i, k := range rounds {
		if out[i] == nil {
			out[i] = lineOf(k.number, k.brief())
		}
	}
	return out
}

func marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil { // all of it is ours
		panic(err)
	}
	return text
}
