package live

import (
	"slices"
	"time"

	"brunt/attack/figure"
	"brunt/report"
)

// maxWholeRuns is how many runs keep their whole report, if they take no more than
// maxWholeBytes together; maxHistory how many there are in all.
const (
	maxWholeRuns  = 20
	maxWholeBytes = maxWholeRuns * 5e6
	maxHistory    = 1000
)

// trim drops the oldest runs, and the reports of those beyond the bounds. A run under
// way is the last of the list, and the report before it is kept whatever it takes.
func (c *controller) trim() {
	size, newest := 0, len(c.history)-1
	for i := newest; i >= 0; i-- {
		old := c.history[i]
		if old.final == nil {
			continue
		}
		size += old.final.size()
		if i <= newest-maxWholeRuns || i < newest-1 && size > maxWholeBytes {
			short := *old.summary
			short.Kept = false
			c.history[i] = &run{number: old.number, summary: &short}
		}
	}
	if over := len(c.history) - maxHistory; over > 0 {
		c.history = slices.Delete(c.history, 0, over)
	}
}

// find is a run by its number, the current or else last one by 0, and its final report
// where it has ended; nil where it was dropped or never was.
func (c *controller) find(number int) (*run, *final) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if number == 0 {
		if c.current == nil {
			return nil, nil
		}
		return c.current, c.current.final
	}
	for _, k := range c.history {
		if k.number == number && k.job != nil {
			return k, k.final
		}
	}
	return nil, nil
}

// summaries are all runs in short, the current one as it is now.
func (c *controller) summaries() []*RunSummary {
	c.mu.Lock()
	runs := slices.Clone(c.history)
	out := make([]*RunSummary, len(runs))
	for i, k := range runs {
		if k.summary != nil {
			out[i] = new(*k.summary)
		}
	}
	c.mu.Unlock()
	for i, k := range runs {
		if out[i] == nil {
			out[i] = summaryOf(k.number, k.summaryReport())
		}
	}
	return out
}

// RunSummary is one run of this process in short; times are milliseconds of response
// time.
type RunSummary struct {
	Run           int             `json:"run"`
	ID            *string         `json:"id"` // that no other run has
	State         string          `json:"state"`
	Started       *time.Time      `json:"started"`
	ElapsedS      float64         `json:"elapsed_s"`
	Plan          report.Plan     `json:"plan"`
	Requests      report.Requests `json:"requests"`
	SucceededPerS float64         `json:"succeeded_per_s"`
	P50           *float64        `json:"p50"`
	P90           *float64        `json:"p90"`
	P99           *float64        `json:"p99"`
	Max           *float64        `json:"max"`
	Valid         *bool           `json:"valid"` // with limited_by, trust and error_ms as in a report's verdict
	LimitedBy     *string         `json:"limited_by"`
	Trust         *string         `json:"trust"`
	ErrorMS       *float64        `json:"error_ms"`
	Changes       int             `json:"changes"` // of the load, while it ran
	Kept          bool            `json:"kept"`    // the whole report is still there
}

func summaryOf(number int, rep *report.Report) *RunSummary {
	h := &rep.LatencyMS[figure.Response]
	var id *string
	if len(rep.Runs) == 1 {
		id = new(rep.Runs[0])
	}
	return &RunSummary{
		Run: number, ID: id, State: stateOf(rep.State, rep.Interrupted), Started: rep.Started, ElapsedS: rep.ElapsedS, Plan: rep.Plan,
		Requests: rep.Requests, SucceededPerS: rep.Throughput.SucceededPerS,
		P50: h.P50, P90: h.P90, P99: h.P99, Max: h.Max,
		Valid: rep.Verdict.Valid, LimitedBy: rep.Verdict.LimitedBy, Trust: rep.Verdict.Trust, ErrorMS: rep.Verdict.ErrorMS,
		Changes: len(rep.Changes), Kept: true,
	}
}
