package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"brunt/attack"
	"brunt/attack/cluster"
	"brunt/attack/endpoint"
	"brunt/attack/host"
	"brunt/attack/plan"
	"brunt/payloads"
	"brunt/payloads/file"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/live"
	"brunt/report/outfile"
	"brunt/report/results"
	"brunt/report/rules"
)

// Job is a run with what belongs to it.
type Job struct {
	Run  report.Run
	Meta report.Meta

	target  *endpoint.Endpoint
	request attack.Request
	sink    attack.Sink // nil for none
	set     *payloads.Set
	own     bool // the bodies are this job's own
	results *results.Writer
	file    string
	workers *cluster.Coordinator // that send the load; nil where this process does
	resumes bool                 // they are at the run already
}

// Start begins a run; waiting, which may be nil, is called with what is waited for
// before it. An *endpoint.UnreachableError means that the endpoint could not be
// reached, attack.ErrInterrupted that ctx ended before the load began, any other
// error that the order makes no sense. None of the load was sent then.
func (s *Source) Start(ctx context.Context, o live.Settings, waiting func(text string)) (_ *Job, err error) {
	plan := s.flags.Plan()
	plan.Good, plan.OtherFiles, plan.Seed = rules.Bounds(o.Rules), s.otherFiles, s.flags.Seed
	plan.RecordIDs = s.flags.Results != ""
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
func (s *Source) Ready(ctx context.Context, o live.Settings, plan plan.Plan, waiting func(text string)) (_ *Job, err error) {
	j, err := s.ready(ctx, &o, plan, waiting)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			j.discard()
			err = interruptedOr(ctx, err)
		}
	}()
	if s.flags.Cluster.Workers.N > 0 {
		if err = s.prepareWorkers(ctx, j, &o, waiting); err != nil {
			return nil, err
		}
	}
	if j.workers != nil {
		j.file = s.resultsPath() // each worker has one of its own
	} else if j.sink, err = s.keep(j); err != nil {
		return nil, fmt.Errorf("--results: %w", err)
	}
	if j.Meta.ColdStart, err = attack.Wake(ctx, plan, j.request, j.set, j.target, time.Duration(s.flags.WaitReady), waiting); err != nil {
		return nil, err
	}
	j.Meta.Sampler = j.target.Sample(ctx)
	return j, ctx.Err()
}

func interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return attack.ErrInterrupted
	}
	return err
}

// ready opens the target and the bodies. It sends nothing.
func (s *Source) ready(ctx context.Context, o *live.Settings, plan plan.Plan, waiting func(text string)) (_ *Job, err error) {
	if err := plan.Validate(); err != nil && !s.flags.Replay { // which has no rate before it has bodies
		return nil, err
	}
	j := &Job{}
	defer func() {
		if err != nil {
			j.discard()
			err = interruptedOr(ctx, err)
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
	if err = config.CheckModel(j.set, j.target.Model); err != nil {
		return nil, &live.FieldError{Field: "payloads", Err: err}
	}
	if err = s.flags.Target.OpenOthers(ctx, j.target, j.set, &j.request, plan.Timeout); err != nil {
		return nil, err
	}
	if s.flags.Replay {
		if err = s.flags.Time(&plan, j.set); err != nil {
			return nil, err
		}
	}
	// What cannot be is said before anything is sent or waited for.
	if s.flags.Cluster.Workers.N == 0 {
		if _, err = plan.Fits(host.ReadLimits(), j.target.Embedded != nil, j.target.Dialer.Ways()); err != nil {
			return nil, err
		}
	}
	j.Meta = report.MetaOf(plan, j.target.Target.URL, j.set)
	j.Meta.Endpoint, j.Meta.Details = j.target.Name, j.target.Details
	j.Meta.Name, j.Meta.Labels, j.Meta.Command = cmp.Or(o.Name, s.flags.Name), s.flags.Label, config.CommandLine(s.streams.Args)
	return j, ctx.Err()
}

// Again begins a run of the plan, which becomes the job's; the one before is done.
func (j *Job) Again(plan plan.Plan) error {
	run, err := j.begun(plan)
	if err != nil {
		return err
	}
	j.Run = run
	j.Meta.Plan, j.Meta.Concurrency = run.Plan(), plan.Concurrency
	return nil
}

func (j *Job) begun(plan plan.Plan) (report.Run, error) {
	switch {
	case j.resumes:
		j.resumes = false
		return j.workers.Resume()
	case j.workers != nil:
		return j.workers.Start(plan)
	}
	return attack.Start(plan, j.request, j.set, j.target, j.sink)
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
	}
	s.eachQuery(func(path string) {
		_, more := endpoint.WithholdQuery(path)
		values = addNames(values, more)
	})
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
			names = addNames(names, endpoint.Credentials(v.Headers, ""))
		}
		s.eachQuery(func(path string) { names = addNames(names, endpoint.Credentials(nil, path)) })
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(
		"%s goes to %s over plain HTTP, where others on the way can read it: give an https:// URL",
		strings.Join(names, ", "),
		e.Target.Host,
	)
}

// resultsPath is the name of the next run's results file; empty for none.
func (s *Source) resultsPath() string {
	switch path := s.flags.Results; {
	case path == "":
		return ""
	case s.Numbered:
		return outfile.Numbered(path, s.started+1)
	case s.started > 0:
		return numbered(path, s.started+1)
	default:
		return path
	}
}

// keep opens the results file, if one was asked for, and gives its sink.
func (s *Source) keep(j *Job) (attack.Sink, error) {
	if s.flags.Results == "" {
		return nil, nil
	}
	path := s.resultsPath()
	var err error
	method := s.request.MethodFor(&j.set.Variants()[0], j.set.MaxBody() > 0)
	if j.results, err = results.Create(path, s.flags.ResultsFormat, s.streams.Out, method, j.Meta); err != nil {
		return nil, err
	}
	j.file = path
	j.results.Describe(j.set, j.target.Redact)
	if j.set.Pathed() || len(j.set.Variants()) > 1 {
		j.results.DescribeRequests(j.describe)
	}
	return j.results.Take, nil
}

// describe gives the method and the URL of a request, without secrets.
func (j *Job) describe(index uint64) (method, url string) {
	v := &j.set.Variants()[j.set.At(index).Variant]
	method = j.request.MethodFor(v, j.set.MaxBody() > 0)
	err := file.Guard(func() error { // a file that was cut gives none
		url = j.target.URLOf(v.Origin, string(j.set.Path(index)))
		return nil
	})
	if err != nil {
		url = j.target.Target.URL
	}
	return method, url
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
	var absent error
	if of, ok := j.Run.(*cluster.Run); ok && j.file != "" {
		missing := of.Records(context.Background(), func(worker int) string { return outfile.Numbered(j.file, worker) })
		end.Warnings = append(end.Warnings, missing.Lines...)
		end.Missing, end.MissingKept = missing.Requests, missing.Kept
		if len(missing.Lines) > 0 {
			absent = fmt.Errorf("--results: %s", missing.Lines[0])
		}
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
	return end, errors.Join(absent, err)
}

// Live is the job as the live view takes it; failed is called with what could not be
// written. save, which may be nil, keeps the report besides.
func (j *Job) Live(failed func(error), save func(*report.Report) error) *live.Job {
	return &live.Job{
		Run:     j.Run,
		Meta:    j.Meta,
		Change:  j.Run.Change,
		Results: j.file,
		Close: func(of func() *report.Report) results.Ending {
			end, err := j.Close(of)
			if save != nil {
				rep := of()
				end.Amend(rep)
				err = errors.Join(err, save(rep))
			}
			failed(err)
			return end
		},
	}
}
