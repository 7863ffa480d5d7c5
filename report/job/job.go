// Package job makes runs out of what was asked for: it opens the target, the
// bodies and the results file, starts the run and closes all of it again. The
// run of the command line and those that the live view asks for are made here,
// the same way.
package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/payloads"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/live"
	"brunt/report/results"
)

// Flags are those that say what is sent where and how, and what is kept of it.
type Flags struct {
	config.Load     `embed:"" group:"Load"`
	config.Payloads `embed:"" group:"Payloads"`
	config.Target   `embed:"" group:"Target"`

	Results       string            `group:"Output" writes:"" predictor:"file" placeholder:"FILE" help:"Write a record per request, as vegeta does, to FILE.gob, .csv or .ndjson, compressed with .zst after it; its last record holds the report. - is standard output, in --results-format, and implies -o none."`
	ResultsFormat string            `group:"Output" default:"gob" enum:"gob,csv,ndjson,csv-header" help:"gob, csv or ndjson, for --results -; csv-header, for FILE.csv too: a header and a column for each figure."`
	Name          string            `group:"Output" placeholder:"TEXT" help:"Name of the run, shown in its reports."`
	Label         map[string]string `group:"Output" mapsep:"none" pair:"=" placeholder:"K=V" help:"Label of the run, repeatable."`
}

// Streams are what a job reads bodies from and writes results to, where - says
// so, with the command line it was asked for by.
type Streams struct {
	In   io.Reader
	Out  io.Writer
	Args []string
}

// Source makes the jobs of one command line.
type Source struct {
	flags   Flags
	word    string
	streams Streams
	request attack.Request
	set     *payloads.Set // all that was given
	specs   []payloads.Spec
	started int
	good    attack.Bounds
	// otherFiles are those that this process needs besides the load's.
	otherFiles int
}

// Open checks what was asked for, and opens the bodies; nothing is sent. idle
// allows a plan that is yet to be filled in. An error is a usage error.
func Open(flags Flags, word string, idle bool, streams Streams) (*Source, error) {
	s := &Source{flags: flags, word: word, streams: streams}
	plan := flags.Plan()
	plan.Seed = flags.Seed
	if err := flags.Load.Check(); err != nil {
		return nil, err
	}
	if err := plan.Validate(); err != nil && !((idle || flags.Replay) && unfilled(plan)) {
		return nil, err
	}
	err := endpoint.Check(word)
	if err != nil {
		return nil, err
	}
	if s.request, err = flags.Request("brunt/" + report.Version()); err != nil {
		return nil, err
	}
	if s.specs, err = payloads.ParseSpecs(flags.Payloads.Payloads); err != nil {
		return nil, err
	}
	if endpoint.Named(word) && len(s.specs) == 0 && flags.Method == "" {
		return nil, fmt.Errorf("endpoint %s takes bodies by POST: give them with -p FILE.jsonl", word)
	}
	if s.set, err = flags.Payloads.Open(streams.In, endpoint.Embedded(word)); err == nil && flags.Replay {
		err = flags.Time(&plan, s.set)
	}
	return s, err
}

// unfilled reports whether a plan lacks only the load or the end.
func unfilled(p attack.Plan) bool {
	if !p.Open() && p.Concurrency == 0 {
		p.Concurrency = 1
	}
	if p.Duration == 0 && p.Requests == 0 {
		p.Requests = 1
	}
	return p.Validate() == nil
}

// Close closes the bodies, once all jobs are closed.
func (s *Source) Close() { _ = s.set.Close() } // read only: nothing is lost

// Order is the settings of the command line itself.
func (s *Source) Order() live.Settings {
	plan := s.flags.Plan()
	var files []string
	for _, spec := range s.specs {
		files = append(files, spec.Path)
	}
	return live.SettingsOf(&plan, plan.Concurrency, s.word, files)
}

// Form is what the page offers to choose from.
func (s *Source) Form() live.Form {
	form := live.Form{Payloads: []live.File{}}
	for _, f := range s.set.Files() {
		if len(s.specs) > 0 {
			form.Payloads = append(form.Payloads, live.File{File: f.Path, Lines: uint64(f.Lines), Chosen: true})
		}
	}
	return form
}

// Job is a run with what belongs to it.
type Job struct {
	Run  *attack.Run
	Meta report.Meta

	target  *endpoint.Endpoint
	request attack.Request
	sink    attack.Sink // nil for none
	set     *payloads.Set
	own     bool // the bodies are this job's own
	results *results.Writer
	file    string
}

// Start begins a run; waiting, which may be nil, is told what is waited for
// before it. An *endpoint.UnreachableError means that the endpoint could not be
// reached, attack.ErrInterrupted that ctx ended before the load began, any other
// error that the order makes no sense. None of the load was sent then.
func (s *Source) Start(ctx context.Context, o live.Settings, waiting func(text string)) (_ *Job, err error) {
	plan := s.flags.Plan()
	plan.Good, plan.OtherFiles, plan.Seed = s.good, s.otherFiles, s.flags.Seed
	plan.RecordIDs = s.flags.Results != "" && s.flags.ResultsFormat == results.FormatColumns
	o.Apply(&plan)
	j, err := s.Ready(ctx, o, plan, waiting)
	if err != nil {
		return nil, err
	}
	if err = j.begin(waiting); err == nil {
		err = j.Again(j.Meta.Plan)
	}
	if err != nil {
		j.discard()
		return nil, err
	}
	s.started++
	return j, nil
}

// Ready opens all that runs of the plan need, as Start does, and waits until the
// endpoint is awake, without beginning any.
func (s *Source) Ready(
	ctx context.Context, o live.Settings, plan attack.Plan, waiting func(text string),
) (_ *Job, err error) {
	if err := plan.Validate(); err != nil && !s.flags.Replay { // which has no rate before it has bodies
		return nil, err
	}
	j := &Job{}
	defer func() {
		if err == nil {
			return
		}
		j.discard()
		if ctx.Err() != nil {
			err = attack.ErrInterrupted
		}
	}()
	var kept string
	j.request, kept = s.requestFor(o.Target)
	if j.target, err = s.flags.Target.Open(ctx, o.Target, &j.request, plan.Timeout, waiting); err != nil {
		return nil, err
	}
	if kept != "" {
		j.target.Notes = append(j.target.Notes, kept)
	}
	if exposed := s.exposed(j.target, &j.request); exposed != "" {
		j.target.Notes = append(j.target.Notes, exposed)
	}
	if err = s.bodies(j, o.Payloads); err != nil {
		return nil, &live.FieldError{Field: "payloads", Err: err}
	}
	if s.flags.Replay {
		if err = s.flags.Time(&plan, j.set); err != nil {
			return nil, err
		}
	}
	// What cannot be is said before anything is sent or waited for.
	if _, err = plan.Fits(attack.HostLimits(), j.target.Embedded != nil, len(j.target.Dialer.Addresses())); err != nil {
		return nil, err
	}
	j.Meta = report.MetaOf(plan, j.target.Target.URL, j.set)
	j.Meta.Endpoint, j.Meta.Details = j.target.Name, j.target.Details
	j.Meta.Name, j.Meta.Labels, j.Meta.Command = s.flags.Name, s.flags.Label, endpoint.CommandLine(s.streams.Args)
	if j.sink, err = s.keep(j); err != nil {
		return nil, fmt.Errorf("--results: %w", err)
	}
	if j.Meta.ColdStart, err = attack.Wake(ctx, plan, j.request, j.set, j.target, time.Duration(s.flags.WaitReady), waiting); err != nil {
		return nil, err
	}
	j.Meta.Sampler = j.target.Sample(ctx)
	if ctx.Err() != nil {
		return nil, attack.ErrInterrupted
	}
	return j, nil
}

// Again begins a run of the plan, which becomes the job's; the one before is done.
func (j *Job) Again(plan attack.Plan) (err error) {
	if j.Run, err = attack.Start(plan, j.request, j.set, j.target, j.sink); err != nil {
		return err
	}
	j.Meta.Plan, j.Meta.Concurrency = j.Run.Plan(), plan.Concurrency
	return nil
}

// requestFor is the request for a target. Values of headers and queries were
// given for the command line's host, but for the harmless ones: no other host
// that the page may name gets them. kept tells of those.
func (s *Source) requestFor(target string) (request attack.Request, kept string) {
	request = s.request
	if endpoint.SameHost(s.word, target) {
		return request, ""
	}
	request.Withhold = true
	var headers, values []string
	request.Headers, headers = endpoint.Withhold(request.Headers)
	for _, v := range s.set.Variants() {
		_, more := endpoint.Withhold(v.Headers)
		headers = addNames(headers, more)
		_, more = endpoint.WithholdQuery(v.Path)
		values = addNames(values, more)
	}
	var list []string
	if len(headers) > 0 {
		list = append(list, "header "+strings.Join(headers, ", "))
	}
	if len(values) > 0 {
		list = append(list, "query value "+strings.Join(values, ", "))
	}
	if len(list) > 0 {
		kept = "not sent to this target, for it is none of the command line's host: " + strings.Join(list, "; ")
	}
	return request, kept
}

// exposed says which of what was given goes to another machine over plain HTTP
// and is, by its name, a credential; empty for none.
func (s *Source) exposed(e *endpoint.Endpoint, r *attack.Request) string {
	if e.Target.TLS || e.Local() {
		return ""
	}
	names := addNames(nil, endpoint.Credentials(r.Headers, e.Target.Path))
	if !r.Withhold {
		for _, v := range s.set.Variants() {
			names = addNames(names, endpoint.Credentials(v.Headers, v.Path))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%s goes to %s over plain HTTP, where others on the way can read it: give an https:// URL", strings.Join(names, ", "), e.Target.Host)
}

// mostKeptNames is how many names the line on what is kept back lists.
const mostKeptNames = 10

func addNames(list, names []string) []string {
	for _, name := range names {
		if len(list) < mostKeptNames && !slices.ContainsFunc(list, func(known string) bool { return strings.EqualFold(known, name) }) {
			list = append(list, name)
		}
	}
	return list
}

// bodies gives the job those of the files asked for.
func (s *Source) bodies(j *Job, files []string) (err error) {
	var specs []string
	for i, spec := range s.specs {
		if slices.Contains(files, spec.Path) {
			specs = append(specs, s.flags.Payloads.Payloads[i])
		}
	}
	if len(specs) == len(s.specs) {
		j.set = s.set
		return nil
	}
	if len(specs) == 0 {
		return errors.New("choose at least one file of bodies")
	}
	chosen := s.flags.Payloads
	if chosen.Payloads = specs; slices.Contains(specs, "-") {
		return errors.New("standard input cannot be read again: choose all files")
	}
	j.own = true
	j.set, err = chosen.Open(nil, false)
	return err
}

// keep opens the results file, if one was asked for, and gives its sink.
func (s *Source) keep(j *Job) (attack.Sink, error) {
	if s.flags.Results == "" {
		return nil, nil
	}
	path := s.flags.Results
	if s.started > 0 {
		path = numbered(path, s.started+1)
	}
	var err error
	method := s.request.MethodFor(j.set.MaxBody() > 0)
	if j.results, err = results.Create(path, s.flags.ResultsFormat, s.streams.Out, method, j.Meta); err != nil {
		return nil, err
	}
	j.file = path
	j.results.Describe(j.set, j.target.Hide)
	return j.results.Take, nil
}

// begin has the results be written, and tells where they are until the run's end
// while an older file is kept.
func (j *Job) begin(tell func(text string)) error {
	aside, err := j.results.Begin()
	if err != nil {
		return fmt.Errorf("--results: %w", err)
	}
	if aside != "" && tell != nil {
		tell(fmt.Sprintf("results go to %s until the run's end; %s stays as it is till then", aside, j.file))
	}
	return nil
}

// numbered is the name of a later run's file: run.2.gob after run.gob.
func numbered(path string, n int) string {
	if path == "-" {
		return path
	}
	dir, name := filepath.Split(path)
	stem, ending, _ := strings.Cut(name, ".")
	return dir + fmt.Sprintf("%s.%d.%s", stem, n, ending)
}

// discard closes what a job has opened that never ran.
func (j *Job) discard() {
	j.Meta.Sampler.End()
	if j.target != nil {
		j.target.Close()
	}
	if j.own && j.set != nil {
		_ = j.set.Close()
	}
	if j.results != nil {
		_, _ = j.results.Close(nil)
	}
}

// Close closes what the job needed, once its run is done; a results file ends with
// the run's report, which of makes. Close says what a reader of the report should
// know besides, and whether the results could be written.
func (j *Job) Close(of func() *report.Report) (end results.Ending, err error) {
	j.Meta.Sampler.End()
	if changed := j.set.Changed(); changed != nil {
		end.Warnings = append(end.Warnings, changed.Error())
	}
	var rep *report.Report
	if j.results != nil {
		rep = of()
		end.Amend(rep)
	}
	if end.Kept, err = j.results.Close(rep); err != nil {
		err = fmt.Errorf("--results: %w", err)
		end.Warnings = append(end.Warnings, err.Error())
	}
	j.results = nil
	j.discard()
	return end, err
}

// Live is the job as the live view takes it; failed is told what could not be
// written.
func (j *Job) Live(failed func(error)) *live.Job {
	return &live.Job{Run: j.Run, Meta: j.Meta, Change: j.Run.Change, Results: j.file, Close: func(of func() *report.Report) results.Ending {
		end, err := j.Close(of)
		failed(err)
		return end
	}}
}
