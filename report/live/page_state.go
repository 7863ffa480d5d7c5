package live

import (
	"encoding/json"
	"slices"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/live/metrics"
	"brunt/report/rules"
)

// maxLogLines is how much of the log is kept.
const maxLogLines = 200

// LogLine is one thing that happened, and by whom.
type LogLine struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// addLog adds a line to the log that the page shows. The lock is held.
func (c *controller) addLog(text string) {
	c.log = append(c.log, LogLine{time.Now().UTC().Truncate(time.Millisecond), text})
	if over := len(c.log) - maxLogLines; over > 0 {
		c.log = slices.Delete(c.log, 0, over)
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
	WarmupS   any      `json:"warmup_s"` // seconds, or "auto"
	TimeoutS  float64  `json:"timeout_s"`
	Payloads  []File   `json:"payloads"`
	Stages    string   `json:"stages"` // as --stages, empty for none
	SLO       []string `json:"slo"`
	Name      string   `json:"name"`
}

// pageState is all that a page shows besides the report: "view" in its events.
type pageState struct {
	State    string   `json:"state"`
	Run      int      `json:"run"`  // number of the current one, 0 for none
	Runs     int      `json:"runs"` // started so far
	MayStart bool     `json:"may_start"`
	Actions  []string `json:"actions"`
	Waiting  string   `json:"waiting"` // what for, before a run; empty for nothing
	Load     Load     `json:"load"`
	// DurationS is how long the current run is to last, null for until it is stopped.
	DurationS *float64  `json:"duration_s"`
	Form      Form      `json:"form"`
	Log       []LogLine `json:"log"`
	Brunt     string    `json:"brunt"`
	Now       time.Time `json:"now"`
	Word      string    `json:"word"` // the state as it is called to people
	// MayChange are the fields that a change of the run under way takes.
	MayChange   []string `json:"may_change"`
	Addresses   []string `json:"addresses"` // at which the page may be reached, without its token
	AddressNote string   `json:"address_note"`
	RunID       *string  `json:"run_id"` // of the current run, as in its address /runs/ID
}

// wordOf is what a state is called to people: that somebody stopped a run is no alarm.
func wordOf(state string) string {
	if state == stateInterrupted {
		return "stopped"
	}
	return state
}

// hasFile reports whether the form has the file.
func (f *Form) hasFile(file string) bool {
	return slices.ContainsFunc(f.Payloads, func(p File) bool { return p.File == file })
}

// state is the state in one word. The lock is held.
func (c *controller) state() string {
	switch {
	case c.preparing != nil:
		return string(result.Starting)
	case c.current == nil:
		return stateIdle
	case c.current.final != nil:
		return stateOf(string(result.Done), c.current.final.Interrupted)
	}
	return string(c.current.snapshot().State)
}

// view is the state for those who may act, with the current run and its final report
// where there are any.
func (c *controller) view() (now *run, final *final, v pageState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v = pageState{
		State: c.state(), Runs: c.started, MayStart: c.start != nil, Form: c.form,
		Log: append([]LogLine{}, c.log...), Brunt: report.Version(), Now: time.Now().UTC().Truncate(time.Millisecond),
	}
	if c.preparing != nil {
		v.Waiting = c.preparing.waitingFor
	}
	settings := &c.settings
	if now = c.current; now != nil {
		v.Run, settings, final = now.number, &now.settings, now.final
		if id := now.id(); id != "" {
			v.RunID = new(id)
		}
	}
	v.Load = loadOf(settings.Rate, settings.Concurrency)
	if settings.Duration > 0 {
		v.DurationS = new(settings.Duration.Seconds())
	}
	v.Form.fillFrom(&c.settings)
	v.Actions, v.Word = c.actions(v.State), wordOf(v.State)
	v.Addresses, v.AddressNote, v.MayChange = c.addresses, c.addressNote, c.mayChange(v.Actions)
	return now, final, v
}

// states are all that a page, and brunt_run_state, may show.
var states = []string{
	stateIdle, string(result.Starting), string(result.Warming), string(result.Running), string(result.Draining), string(result.Done), stateInterrupted,
}

// scraped is the state as Prometheus is given it.
func (c *controller) scraped() metrics.Now {
	present, _, view := c.view()
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

// forReaders is the state for those who may only read.
func (v pageState) forReaders() pageState {
	v.MayStart, v.Actions, v.MayChange = false, []string{}, []string{}
	return v
}

// actions are those that fit the state. The lock is held.
func (c *controller) actions(state string) []string {
	out := []string{}
	switch state {
	case stateIdle, string(result.Done), stateInterrupted:
		if c.start != nil {
			out = append(out, "start")
		}
		if state != stateIdle {
			out = append(out, "reset")
		}
		return out
	}
	if c.preparing != nil {
		return append(out, "stop")
	}
	if state != string(result.Draining) || c.current.restart {
		out = append(out, "stop")
	}
	out = append(out, "cut")
	if state == string(result.Draining) {
		return out
	}
	if c.current.job.Change != nil {
		out = append(out, "change")
	}
	if c.start != nil {
		out = append(out, "reset")
	}
	return out
}

// mayChange are the fields that a change takes, where that is one of the actions. The
// lock is held.
func (c *controller) mayChange(actions []string) []string {
	if !slices.Contains(actions, "change") {
		return []string{}
	}
	p, out := &c.current.job.Meta.Plan, []string{"slo"}
	if len(p.Stages) == 0 && p.Instants == nil {
		out = append(out, "duration_s")
	}
	if p.Open() {
		return append(out, "rate_per_s")
	}
	return append(out, "concurrency")
}

func loadOf(rate vegeta.Rate, concurrency int) (l Load) {
	if rate.Freq > 0 {
		l.RatePerS = new(plan.PerSecond(rate))
	}
	if concurrency > 0 {
		l.Concurrency = new(concurrency)
	}
	return l
}

// fillFrom puts settings into the form.
func (f *Form) fillFrom(o *Settings) {
	// The target's URL may hold secrets, which the page need not know.
	f.Target, f.Load = endpoint.RedactTarget(o.Target), loadOf(o.Rate, o.Concurrency)
	f.DurationS, f.Requests = nil, nil
	if o.Duration > 0 {
		f.DurationS = new(o.Duration.Seconds())
	}
	if o.Requests > 0 {
		f.Requests = new(o.Requests)
	}
	if f.WarmupS = o.Warmup.Seconds(); o.WarmupAuto {
		f.WarmupS = "auto"
	}
	f.TimeoutS, f.Stages, f.SLO, f.Name = o.Timeout.Seconds(), plan.StagesText(o.Stages), rules.Texts(o.Rules), o.Name
	files := make([]File, len(f.Payloads))
	for i, file := range f.Payloads {
		file.Chosen = slices.Contains(o.Payloads, file.File)
		files[i] = file
	}
	f.Payloads = files
}

func marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil { // all of it is ours
		panic(err)
	}
	return text
}
