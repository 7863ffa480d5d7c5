package capacity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"brunt/attack"
	"brunt/attack/plan"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/format"
	"brunt/report/job"
	"brunt/report/output"
	"brunt/report/panel"
	"brunt/report/rules"
)

// Flags are those of brunt capacity.
type Flags struct {
	Search   config.Capacity `embed:"" group:"Search"`
	Exchange config.Exchange `embed:"" group:"Load"`
	Payloads config.Payloads `embed:"" group:"Payloads"`
	Target   config.Target   `embed:"" group:"Target"`
	Cluster  config.Cluster  `embed:"" group:"Workers"`
	Output   output.Flags    `embed:"" group:"Output"`

	Name  string            `group:"Output" placeholder:"TEXT" help:"Name of the search, shown in its reports."`
	Label map[string]string `group:"Output" mapsep:"none" pair:"=" placeholder:"K=V" help:"Label of the search, repeatable."`
	Quiet bool              `group:"Output" help:"No progress on the terminal."`

	job.ManifestFlags `embed:"" group:"Output"`
}

// AfterApply prints what runs the search on a cluster, where that is asked for, and ends the
// command then.
func (f *Flags) AfterApply(ctx *kong.Context) error {
	flags := f.Job()
	return f.ManifestFlags.Print(ctx, &flags, func([]config.GivenFlag) error {
		_, err := f.check()
		return err
	})
}

// Help gives two examples.
func (*Flags) Help() string {
	return `Examples:
  brunt capacity my-endpoint -p bodies.jsonl --slo 'p99<200ms' --slo 'failed<0.1%' --for 500/s
  brunt capacity my-endpoint -p chat.jsonl --sweep concurrency --slo 'ttft.p99<1s' --slo 'tpot.p99<50ms'`
}

// Exit codes of a search, as those of a run: see report/rules.
const (
	exitFailed      = 1
	exitSLO         = 3 // no load that was tried keeps the rules
	exitUntrusted   = 4 // brunt was the limit
	exitInterrupted = 130
)

// Run searches TARGET, publishes the answer, and gives the exit code and why it
// is not 0. An error without a code is one about the command line, before
// anything was sent, but for those that job.Source.Start has.
func (f *Flags) Run(target string, streams job.Streams, err io.Writer, die func()) (code int, why error) {
	list, source, why := f.open(target, streams)
	if why != nil {
		return 0, why
	}
	defer source.Close()
	files, why := f.Output.Open(false)
	if why != nil {
		return 0, why
	}
	defer files.Discard()
	signals, release := job.Interrupts()
	defer release()
	s := &stepper{
		flags:      &f.Search,
		rules:      list,
		interrupts: signals,
		die:        die,
		plan:       f.plan(list),
		tell:       func(string) {},
		held:       map[float64]*report.Report{},
	}
	if !f.Quiet {
		s.tell = func(line string) { fmt.Fprintln(err, "brunt: "+format.Plain(line)) }
	}
	began := time.Now()
	if why = s.ready(source, target, err, f.Quiet); why != nil {
		return 0, why
	}
	answer, failure := s.search()
	s.answer = answer.Level
	end, _ := s.job.Close(func() *report.Report { return s.shown() })
	rep := s.shown()
	if rep == nil {
		return exitFailed, failure
	}
	end.Amend(rep)
	rep.Capacity = s.answered(answer, nameOf(rep))
	rep.Capacity.ElapsedS = format.Seconds(time.Since(began))
	published := f.Output.Publish(streams.Out, err, files, rep, nil)
	code, why = s.exit(answer, rep, failure)
	if published != nil && code != exitInterrupted {
		code = exitFailed
	}
	return code, errors.Join(published, why)
}

// check checks what was asked for, but for the target and the bodies.
func (f *Flags) check() ([]rules.Rule, error) {
	if err := f.Search.Check(); err != nil {
		return nil, err
	}
	list, err := rules.ParseAll(f.Search.SLO)
	if err != nil {
		return nil, fmt.Errorf("--slo: %w", err)
	}
	if len(list) == 0 {
		return nil, errors.New("--slo: no rule in it; write one as --slo 'p99<200ms'")
	}
	for _, r := range list {
		if !r.WorsensWithLoad() {
			return nil, fmt.Errorf("--slo %s: it is no bound on the load, which the search itself raises; "+
				"give a rule on times (p99<200ms) or failures (failed<0.1%%)", r)
		}
	}
	if f.Payloads.Replay {
		return nil, errors.New("--replay: a search makes its own rates; leave it out")
	}
	if err := f.Output.Claim(""); err != nil {
		return nil, err
	}
	return list, nil
}

// open checks all that was asked for.
func (f *Flags) open(target string, streams job.Streams) ([]rules.Rule, *job.Source, error) {
	list, err := f.check()
	if err != nil {
		return nil, nil, err
	}
	source, err := job.Open(f.Job(), target, job.Allow{Load: true}, streams)
	return list, source, err
}

// Job are the flags of the runs that the search makes.
func (f *Flags) Job() job.Flags {
	return job.Flags{
		Load: config.Load{Exchange: f.Exchange}, Payloads: f.Payloads, Target: f.Target, Cluster: f.Cluster, Name: f.Name, Label: f.Label,
	}
}

// plan is what all steps have in common.
func (f *Flags) plan(list []rules.Rule) plan.Plan {
	load := config.Load{Exchange: f.Exchange, AtEnd: plan.Drain, CatchUp: plan.CatchUpSend}
	p := load.Plan()
	p.Good, p.Seed = rules.Bounds(list), f.Payloads.Seed
	return p
}

// ready opens the endpoint, and waits until it is awake.
func (s *stepper) ready(source *job.Source, target string, err io.Writer, quiet bool) (why error) {
	waiting, done := panel.Waiting(err, quiet)
	defer done()
	p := s.plan
	p.Concurrency, p.Requests = 1, probeRequests
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	type opened struct {
		job *job.Job
		err error
	}
	ready := make(chan opened, 1)
	go func() {
		j, err := source.Ready(ctx, source.Settings(), p, waiting)
		ready <- opened{j, err}
	}()
	select {
	case o := <-ready:
		s.job, why = o.job, o.err
	case <-s.interrupts:
		cancel()
		return attack.ErrInterrupted
	}
	return why
}

// search probes, and makes the steps.
func (s *stepper) search() (Answer, error) {
	probe, err := s.probe()
	stopped := Answer{Status: Stopped}
	if err != nil || s.interrupted {
		return stopped, err
	}
	if code, why := rules.Exit(probe, false); code == exitFailed { // no reply, or no access
		return Answer{Status: Unknown}, errors.New(why)
	}
	start := s.start()
	levels, _ := s.flags.List()
	s.tell(s.estimate(start, levels))
	if levels != nil {
		return s.walk(levels)
	}
	b := Bounds{
		Start: start, Min: plan.PerSecond(s.flags.MinRate.Rate), Max: s.flags.Most(),
		Precision: float64(s.flags.Precision),
	}
	if s.flags.Clients() {
		b.Whole, b.Min = true, 1
	}
	return Search(b, s.step, func() bool { return s.interrupted })
}

// walk makes a step at each of the levels, and no others.
func (s *stepper) walk(levels []float64) (Answer, error) {
	w := &search{bounds: Bounds{Precision: 1e9}}
	for _, level := range levels {
		o, err := s.step(Next{Level: level, Full: true})
		if err != nil || s.interrupted {
			return w.answer(true), err
		}
		w.learn(Next{Level: level}, o)
	}
	return w.answer(false), nil
}

// estimate says how long the search will take.
func (s *stepper) estimate(start float64, levels []float64) string {
	length := func(level float64) time.Duration {
		p := s.planOf(Next{Level: level})
		return p.Duration + p.Warmup
	}
	total := time.Duration(0)
	if levels != nil {
		for _, level := range levels {
			total += length(level)
		}
		return fmt.Sprintf("%d steps take about %s", len(levels), format.Span(total.Round(time.Second)))
	}
	var parts []string
	for level, steps := start, 0; level <= s.flags.Most() && len(parts) < 3; level *= growth {
		total += length(level)
		if steps++; steps%3 == 0 {
			// To halve the last interval takes about four more, and to confirm it
			// another seven steps' time.
			most := total + 11*length(level)
			parts = append(parts, fmt.Sprintf("%s if it bears %s", format.Span(most.Round(time.Second)), s.load(level)))
		}
	}
	text := fmt.Sprintf("a step takes %s; the search begins at %s",
		format.Span(length(start).Round(time.Millisecond)), s.load(start))
	if len(parts) > 0 {
		text += ", and takes about " + strings.Join(parts, ", ")
	}
	return text
}

// shown is the report around the answer.
func (s *stepper) shown() *report.Report {
	if rep := s.held[s.answer]; rep != nil {
		return rep
	}
	return s.last
}

// nameOf is what the target is called.
func nameOf(rep *report.Report) string {
	switch {
	case rep.Client.Embedded:
		return "the embedded endpoint"
	case rep.Target.Endpoint != nil:
		return format.Safe(*rep.Target.Endpoint, 80)
	}
	return format.Safe(rep.Target.URL, 120)
}

// exit is the exit code of the answer, and why it is not 0.
func (s *stepper) exit(a Answer, rep *report.Report, failure error) (int, error) {
	switch {
	case s.interrupted:
		return exitInterrupted, errors.New(rep.Capacity.Headline)
	case failure != nil:
		return exitFailed, failure
	case a.Status == ClientLimit:
		return exitUntrusted, errors.New(rep.Capacity.Headline)
	case a.Status == NoneHolds, a.Status == Unknown:
		return exitSLO, errors.New(rep.Capacity.Headline)
	}
	return 0, nil
}
