package job

import (
	"errors"
	"fmt"
	"io"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/live"
	"brunt/report/rules"
)

// Flags are those that say what is sent where and how, and what is kept of it.
type Flags struct {
	config.Load     `embed:"" group:"Load"`
	config.Payloads `embed:"" group:"Payloads"`
	config.Target   `embed:"" group:"Target"`
	config.Cluster  `embed:"" group:"Workers"`

	Results       string            `group:"Output" writes:"" predictor:"file" placeholder:"FILE" help:"Write a record per request, as vegeta does, to FILE.gob, .csv or .ndjson, compressed with .zst after it; its last record holds the report. - is standard output, in --results-format, and implies -o none."`
	ResultsFormat string            `group:"Output" default:"gob" enum:"gob,csv,ndjson,csv-header" help:"gob, csv or ndjson, for --results -; csv-header, for FILE.csv too: a header and a column for each figure."`
	Name          string            `group:"Output" placeholder:"TEXT" help:"Name of the run, shown in its reports."`
	Label         map[string]string `group:"Output" mapsep:"none" pair:"=" placeholder:"K=V" help:"Label of the run, repeatable."`

	ManifestFlags `embed:"" group:"Output"`
}

// Streams are what a job reads bodies from and writes results to, where - says
// so, with the command line it was asked for by.
type Streams struct {
	In   io.Reader
	Out  io.Writer
	Args []string
	// Words are those of config.Given, for workers; Note is told what becomes of those,
	// a line each.
	Words []string
	Note  func(line string)
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
	allow   Allow
	// Rules are what the command line's runs are judged by; times that they bound are
	// counted.
	Rules []rules.Rule
	// Numbered says that each run has a results file of its own, with its number.
	Numbered bool
	// otherFiles are those that this process needs besides the load's.
	otherFiles int
	workers    *workers // nil before they are needed
}

// Allow is what need not be said of the load when it is asked for.
type Allow struct {
	Load bool // it is yet to be filled in
	End  bool // without one, it is sent until it is stopped
}

// Open checks what was asked for, and opens the bodies; nothing is sent. An error is a
// usage error.
func Open(flags Flags, word string, allow Allow, streams Streams) (*Source, error) {
	s := &Source{flags: flags, word: word, streams: streams, allow: allow}
	if word == "" && flags.Targets == "" {
		return nil, config.ErrNoTarget
	}
	plan := flags.Plan()
	plan.UntilStopped = allow.End
	plan.Seed = flags.Seed
	if err := errors.Join(flags.Load.Check(), flags.Cluster.Check()); err != nil {
		return nil, err
	}
	if flags.Cluster.Workers.N > 0 && flags.Results == "-" {
		return nil, errors.New("--results - with --workers: each worker writes records of its own; name a file, which gets their numbers")
	}
	if flags.Cluster.Workers.N > 0 && !flags.Cluster.Workers.Local && endpoint.Embedded(word) {
		return nil, errMockElsewhere
	}
	if err := plan.Validate(); err != nil && !((allow.Load || flags.Replay) && unfilled(plan)) {
		return nil, err
	}
	var err error
	if word != "" { // else the list of targets says it
		if err = endpoint.Check(word); err != nil {
			return nil, err
		}
	}
	if s.request, err = flags.Request("brunt/" + report.Version()); err != nil {
		return nil, err
	}
	if err = s.flags.Prepare(&s.request); err != nil {
		return nil, err
	}
	if s.specs, err = payloads.ParseSpecs(flags.Payloads.Payloads); err != nil {
		return nil, err
	}
	if word != "" && endpoint.Configured(word) && len(s.specs) == 0 && flags.Body == "" && flags.Targets == "" && flags.Method == "" {
		return nil, fmt.Errorf("endpoint %s takes bodies by POST: give them with -p FILE.jsonl", word)
	}
	if s.set, err = s.flags.Payloads.Open(streams.In, endpoint.Embedded(word)); err == nil && flags.Replay {
		err = flags.Time(&plan, s.set)
	}
	if err == nil && word == "" {
		s.word, err = s.flags.Host(s.set)
	}
	return s, err
}

// unfilled reports whether a plan lacks only the load or the end.
func unfilled(p plan.Plan) bool {
	if !p.Open() && p.Concurrency == 0 {
		p.Concurrency = 1
	}
	if p.Duration == 0 && p.Requests == 0 {
		p.Requests = 1
	}
	return p.Validate() == nil
}

// Close closes the bodies, once all jobs are closed.
func (s *Source) Close() {
	s.workers.close()
	_ = s.set.Close() // read only: nothing is lost
}

// firstRate is what a form begins with where no load was given: little enough for any
// endpoint.
var firstRate = vegeta.Rate{Freq: 10, Per: time.Second}

// FormSettings are Settings with a load in any case, for a form that is to be filled in.
func (s *Source) FormSettings() live.Settings {
	o := s.Settings()
	if s.allow.Load && !s.flags.Replay && o.Rate.Freq == 0 && o.Concurrency == 0 && len(o.Stages) == 0 {
		o.Rate = firstRate
	}
	return o
}

// Settings are those of the command line itself.
func (s *Source) Settings() live.Settings {
	plan := s.flags.Plan()
	var files []string
	for _, spec := range s.specs {
		files = append(files, spec.Path)
	}
	o := live.SettingsOf(&plan, plan.Concurrency, s.word, files)
	o.Rules = s.Rules
	return o
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
