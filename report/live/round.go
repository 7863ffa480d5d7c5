package live

import (
	"sync"
	"time"
	"unsafe"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/attack/figure"
	"brunt/report"
	"brunt/report/results"
	"brunt/report/rules"
)

// Job is a run under way with what belongs to it.
type Job struct {
	Run  *attack.Run
	Meta report.Meta
	// Change is Run.Change, nil where the load may not be changed.
	Change func(rate vegeta.Rate, concurrency int) error
	// Close ends what the run needed (payloads, target, results file), once it
	// is done, and gives what that adds to the report. The report that of makes
	// ends the results file, if there is one. Nil where nothing is to do.
	Close func(of func() *report.Report) results.Ending
	// Results is the name of the results file, empty where none is kept.
	Results string
}

// round is one run of this process. Its fields up to the locks are never
// written to after it was begun, but for what retire drops.
type round struct {
	number int
	job    *Job          // nil where only the line is kept
	ended  chan struct{} // closed once final stands

	mu     sync.Mutex
	newest *attack.Snapshot
	taken  time.Time

	// A first look at a long run takes a second; nobody who wants to stop it
	// shall wait for that, so that these have a lock of their own.
	writing sync.Mutex
	chapter *chapter
	told    []byte // all of it, once it is over and was asked for

	// The room's lock holds these.
	order Order // with the load as it stands
	again bool  // another one follows when this one is drained
	final *final
	line  *Line // once it is over
}

// final is a finished run's report. There may be thousands of names, whose figures
// in a report take several times the memory of what they are made from.
type final struct {
	*report.Report                // with no names
	names          []attack.Named // never written to
}

// whole is the report with all names.
func (f *final) whole() *report.Report { return f.with(f.names) }

// shown is the report with the names that a page shows, and how many it does not.
func (f *final) shown() (rep *report.Report, leftOut int) {
	names, leftOut := mostSent(f.names)
	return f.with(names), leftOut
}

// size is about how many bytes it takes.
func (f *final) size() int {
	n := len(f.names)*int(unsafe.Sizeof(attack.Named{})) + len(f.Intervals)*int(unsafe.Sizeof(report.Interval{}))
	for i := range f.names {
		n += f.names[i].Response.Size() + f.names[i].Service.Size()
	}
	for i := range f.Intervals {
		n += f.Intervals[i].Response.Size() + f.Intervals[i].Service.Size()
	}
	return n
}

func (f *final) with(names []attack.Named) *report.Report {
	rep := *f.Report
	rep.Names = report.NamesOf(names, attack.Done)
	return &rep
}

// fresh is how old a snapshot may be that is asked for again: they change once
// a second, and whoever asks more often shall cost nothing.
const fresh = 100 * time.Millisecond

// snapshot is the run's newest, or one hardly older. Until its files are closed
// and its final report stands a run is not done: another cannot be started yet.
func (r *round) snapshot() *attack.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.job.Run != nil && (r.newest == nil || time.Since(r.taken) > fresh) {
		r.newest, r.taken = r.job.Run.Snapshot(), time.Now()
		if r.newest.State == attack.Done {
			r.newest = new(*r.newest)
			r.newest.State = attack.Draining
		}
	}
	return r.newest
}

// forget makes the next snapshot a new one.
func (r *round) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.newest = nil
}

// update brings the chapter up to now and returns it as it then stands.
func (r *round) update(final *final, rules []rules.Rule) edition {
	r.writing.Lock()
	defer r.writing.Unlock()
	if r.chapter == nil {
		r.chapter = newChapter(r.job.Meta)
	}
	c := r.chapter
	if s := r.snapshot(); c.of != s {
		c.read(s, rules)
	}
	if final != nil && c.final != final {
		rep, leftOut := final.shown()
		c.leftOut, c.final = leftOut, final
		c.head(rep) // with the warnings of what was closed
	}
	return edition{run: r.number, chapter: *c}
}

// whole is the run as /api/runs/N gives it. That of a finished one is kept:
// opening an hour's intervals takes a second that the next run would miss.
func (r *round) whole(final *final, rules []rules.Rule) []byte {
	if final == nil {
		e := r.update(nil, rules)
		return e.whole()
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	if r.told == nil {
		r.told = whole(final.shown())
	}
	return r.told
}

// reportOf is the whole report so far, or the final one.
func (r *round) reportOf(final *final, rules []rules.Rule) *report.Report {
	if final != nil {
		return final.whole()
	}
	e := r.update(nil, rules)
	rep := *e.report
	rep.Names = report.NamesOf(e.of.Names, e.of.State)
	return &rep
}

// brief is the report so far without intervals and names.
func (r *round) brief() *report.Report {
	s := *r.snapshot()
	s.Intervals, s.Names = nil, nil
	return report.From(r.job.Meta, &s)
}

// finish waits for the run's end, closes what belongs to it and makes the
// final report.
func (r *round) finish(slos []rules.Rule) *final {
	<-r.job.Run.Done()
	anew := func(s *attack.Snapshot) *report.Report {
		rep := report.From(r.job.Meta, s)
		rules.JudgeAll(rep, slos)
		return rep
	}
	var end results.Ending
	if r.job.Close != nil {
		end = r.job.Close(func() *report.Report { return anew(r.job.Run.Snapshot()) })
	}
	bare := *r.job.Run.Snapshot()
	names := bare.Names
	bare.Names = nil
	var rep *report.Report
	r.writing.Lock()
	if r.chapter != nil {
		r.chapter.read(r.job.Run.Snapshot(), slos) // its intervals are known already
		rep = r.chapter.report
	}
	r.writing.Unlock()
	if rep == nil {
		rep = anew(&bare)
	}
	short := *rep
	short.Names = []report.Named{}
	end.Amend(&short)
	return &final{&short, names}
}

// retire lets go of the run itself, whose histograms take megabytes: its last
// snapshot tells all that is asked for after the end. The room's lock is held,
// under which nobody steers a run that has a final report.
func (r *round) retire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.newest = r.job.Run.Snapshot()
	r.job.Run, r.job.Change, r.job.Close = nil, nil, nil
}

// leaf drops what viewers of an earlier run need no more. It waits for nobody.
func (r *round) leaf() {
	if r.writing.TryLock() {
		r.chapter = nil
		r.writing.Unlock()
	}
}

// Line is one run of this process in short; times are milliseconds of response
// time.
type Line struct {
	Run           int             `json:"run"`
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

func lineOf(number int, rep *report.Report) *Line {
	h := &rep.LatencyMS[figure.Response]
	return &Line{
		Run: number, State: stateOf(rep.State, rep.Interrupted), Started: rep.Started, ElapsedS: rep.ElapsedS, Plan: rep.Plan,
		Requests: rep.Requests, SucceededPerS: rep.Throughput.SucceededPerS,
		P50: h.P50, P90: h.P90, P99: h.P99, Max: h.Max,
		Valid: rep.Verdict.Valid, LimitedBy: rep.Verdict.LimitedBy, Trust: rep.Verdict.Trust, ErrorMS: rep.Verdict.ErrorMS,
		Changes: len(rep.Changes), Kept: true,
	}
}

func stateOf(state string, interrupted bool) string {
	if state == string(attack.Done) && interrupted {
		return stateInterrupted
	}
	return state
}
