package live

import (
	"sync"
	"time"
	"unsafe"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/result"
	"brunt/report"
	"brunt/report/results"
	"brunt/report/rules"
)

// Job is a run under way with what belongs to it.
type Job struct {
	Run  report.Run
	Meta report.Meta
	// Change is Run.Change, nil where the load may not be changed.
	Change func(rate vegeta.Rate, concurrency int) error
	// Close ends what the run needed (payloads, target, results file), once it
	// is done, and gives what that adds to the report. The report that of makes
	// ends the results file, if there is one. Nil where nothing is to do.
	Close func(of func() *report.Report) results.Ending
	// Repeat is the command line that makes a run of these settings again; nil where
	// that is not known.
	Repeat func(o *Settings) string
	// Results is the name of the results file, empty where none is kept.
	Results string
}

// run is one run of this process. Its fields above the locks are not written to after
// its start, but for what release drops.
type run struct {
	number int
	job    *Job          // nil where only the summary is kept
	ended  chan struct{} // closed once final is set

	mu            sync.Mutex
	rules         []rules.Rule // that it is judged by
	snapshotCache *result.Snapshot
	cachedAt      time.Time

	// The first encoding of a long run takes a second. Stopping the run must not wait
	// for that, so that these have a lock of their own.
	encoding     sync.Mutex
	encoded      *encodedRun
	encodedWhole []byte // after the end, once it was asked for

	// The controller's lock guards these.
	settings Settings // with the load as it stands
	restart  bool     // another run starts when this one is drained
	next     Settings // of that one
	final    *final
	summary  *RunSummary // after the end
}

// final is a finished run's report. There may be thousands of names, whose figures
// in a report take several times the memory of what they are made from.
type final struct {
	*report.Report                // with no names
	names          []result.Named // never written to
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
	n := len(f.names)*int(unsafe.Sizeof(result.Named{})) + len(f.Intervals)*int(unsafe.Sizeof(report.Interval{}))
	for i := range f.names {
		n += f.names[i].Response.Size() + f.names[i].Service.Size()
	}
	for i := range f.Intervals {
		n += f.Intervals[i].Response.Size() + f.Intervals[i].Service.Size()
	}
	return n
}

func (f *final) with(names []result.Named) *report.Report {
	rep := *f.Report
	rep.Names = report.NamesOf(names, result.Done)
	return &rep
}

// snapshotMaxAge is how long a snapshot is used again: figures change once a second, and
// asking more often must cost nothing.
const snapshotMaxAge = 100 * time.Millisecond

// snapshot is the run's newest, or one hardly older. Until its files are
// closed and its final report is made a run is not done: no other can be started yet.
func (r *run) snapshot() *result.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.job.Run != nil && (r.snapshotCache == nil || time.Since(r.cachedAt) > snapshotMaxAge) {
		r.snapshotCache, r.cachedAt = r.job.Run.Snapshot(), time.Now()
		if r.snapshotCache.State == result.Done {
			r.snapshotCache = new(*r.snapshotCache)
			r.snapshotCache.State = result.Draining
		}
	}
	return r.snapshotCache
}

// judge has the run be judged by these rules from now on.
func (r *run) judge(slos []rules.Rule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rules = slos
}

func (r *run) judgedBy() []rules.Rule {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rules
}

// invalidate drops the cached snapshot, so that the next one is new.
func (r *run) invalidate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.snapshotCache = nil
}

// encode adds what is new to the encoded run, and returns it as it is then.
func (r *run) encode(final *final, rules []rules.Rule) encodedSnapshot {
	r.encoding.Lock()
	defer r.encoding.Unlock()
	if r.encoded == nil {
		r.encoded = newEncodedRun(r.job.Meta)
	}
	c := r.encoded
	if s := r.snapshot(); c.snapshot != s {
		c.update(s, rules)
	}
	if final != nil && c.final != final {
		rep, leftOut := final.shown()
		c.leftOut, c.final = leftOut, final
		c.encodeHead(rep) // with the warnings of closing its files
	}
	return encodedSnapshot{number: r.number, encodedRun: *c}
}

// whole is the run as /api/runs/N gives it. That of a finished one is
// kept: encoding an hour's intervals takes a second of CPU, which the next run would
// lack.
func (r *run) whole(final *final, rules []rules.Rule) []byte {
	if final == nil {
		e := r.encode(nil, rules)
		return e.whole()
	}
	r.encoding.Lock()
	defer r.encoding.Unlock()
	if r.encodedWhole == nil {
		r.encodedWhole = wholeRun(final.shown())
	}
	return r.encodedWhole
}

// reportOf is the whole report so far, or the final one.
func (r *run) reportOf(final *final, rules []rules.Rule) *report.Report {
	if final != nil {
		return final.whole()
	}
	e := r.encode(nil, rules)
	rep := *e.report
	rep.Names = report.NamesOf(e.snapshot.Names, e.snapshot.State)
	return &rep
}

// summaryReport is the report so far, without intervals and names.
func (r *run) summaryReport() *report.Report {
	s := *r.snapshot()
	s.Intervals, s.Names = nil, nil
	return report.From(r.job.Meta, &s)
}

// finish waits for the run's end, closes its files, and makes the final report.
func (r *run) finish(slos []rules.Rule, settings Settings) *final {
	<-r.job.Run.Done()
	again := r.repeat(r.job.Run.Snapshot(), settings)
	anew := func(s *result.Snapshot) *report.Report {
		rep := report.From(r.job.Meta, s)
		rules.JudgeAll(rep, slos)
		if again != "" {
			rep.Repeat = &again
		}
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
	r.encoding.Lock()
	if r.encoded != nil {
		r.encoded.update(r.job.Run.Snapshot(), slos) // its intervals are known already
		rep = r.encoded.report
	}
	r.encoding.Unlock()
	if rep == nil {
		rep = anew(&bare)
	}
	short := *rep
	if again != "" {
		short.Repeat = &again
	}
	short.Names = []report.Named{}
	end.Amend(&short)
	return &final{&short, names}
}

// repeat is the command line that makes what happened again: the load as it was changed,
// and the length of a run that somebody ended. It is empty where the run's own does that.
func (r *run) repeat(s *result.Snapshot, o Settings) string {
	p := r.job.Meta.Plan
	if s.Length != nil {
		p.SetLength(*s.Length)
	}
	if r.job.Repeat == nil || p.Instants != nil || len(s.Changes) == 0 && s.Length == nil && !p.Endless() {
		return ""
	}
	o.Rate, o.Concurrency = p.Rate, r.job.Meta.Concurrency
	o.Duration, o.Stages = s.PlanElapsed.Round(time.Millisecond), p.Stages
	if len(s.Changes) > 0 {
		p.Concurrency = r.job.Meta.Concurrency
		o.Stages = p.Happened(s.Changes, s.PlanElapsed)
	}
	return r.job.Repeat(&o)
}

// release drops the engine's run, whose histograms take megabytes: after the end its
// last snapshot is enough. The controller's lock is held, under which a run with a
// final report is neither changed nor stopped.
func (r *run) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.snapshotCache = r.job.Run.Snapshot()
	r.job.Run, r.job.Change, r.job.Close = nil, nil, nil
}

// dropEncoded drops the JSON of an earlier run, unless it is being written just now.
func (r *run) dropEncoded() {
	if r.encoding.TryLock() {
		r.encoded = nil
		r.encoding.Unlock()
	}
}

func stateOf(state string, interrupted bool) string {
	if state == string(result.Done) && interrupted {
		return stateInterrupted
	}
	return state
}
