// Command brunt finds out what a model-serving endpoint can bear. This file is
// its command grammar and its wiring; what the commands do lives in report,
// attack and payloads.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	mangokong "github.com/alecthomas/mango-kong"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/payloads/generate"
	"brunt/payloads/stat"
	"brunt/report"
	"brunt/report/capacity"
	"brunt/report/compare/command"
	"brunt/report/config"
	"brunt/report/format"
	"brunt/report/help"
	"brunt/report/job"
	"brunt/report/live"
	"brunt/report/output"
	"brunt/report/probe"
	"brunt/report/results"
	"brunt/report/rules"
	"brunt/report/saved"
	"brunt/report/text"
	"brunt/report/words"
)

// Exit codes, a contract with scripts; those of finished runs are in report/rules.
const (
	exitOK          = 0
	exitFailed      = 1   // the run could not be made, or a file not be written
	exitUsage       = 2   // flags, payloads or target do not make sense; nothing was sent
	exitInterrupted = 130 // interrupted
)

// failure is an error with the exit code that goes with it.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }

func usage(err error) error  { return &failure{exitUsage, err} }
func failed(err error) error { return &failure{exitFailed, err} }

type commands struct {
	Attack     attackCmd                `cmd:"" help:"Send load to TARGET and report."`
	Probe      probeCmd                 `cmd:"" help:"Say whether TARGET can be loaded, and what is in the way."`
	Capacity   capacityCmd              `cmd:"" help:"Search the highest load that keeps the rules."`
	Report     reportCmd                `cmd:"" help:"Report again from results or JSON reports; merge several."`
	Compare    compareCmd               `cmd:"" help:"Say whether NEW is slower than BASE or faster."`
	Runs       runsCmd                  `cmd:"" help:"List the runs that --save has kept; @-1 is the newest."`
	Payloads   payloadsCmd              `cmd:"" help:"Check, describe or make files of request bodies."`
	Mock       mockCmd                  `cmd:"" help:"Run the look-alike of a serving endpoint in its own process."`
	Worker     workerCmd                `cmd:"" help:"Send a share of the load of attack --workers."`
	Version    versionCmd               `cmd:"" help:"Print the version."`
	Completion config.CompletionCommand `cmd:"" help:"Print the completion script of a shell."`
	Print      kong.VersionFlag         `name:"version" env:"-" hidden:"" help:"Print the version."`
	Man        mangokong.ManFlag        `hidden:"" env:"-" help:"Print the man page."`
}

type attackCmd struct {
	config.AttackExamples

	URL string `arg:"" optional:"" name:"target" help:"Name of a serving endpoint in the configured Databricks workspace, any URL, or mock://?latency=20ms for the embedded endpoint (brunt mock --help lists its keys)."`

	Job    job.Flags     `embed:""`
	Report output.Flags  `embed:"" group:"Output"`
	Live   live.Flags    `embed:"" group:"Live view"`
	Repeat config.Repeat `embed:"" group:"Load"`
	SLO    []string      `name:"slo" group:"Output" sep:"none" pair:"" placeholder:"'p99<200ms'" help:"Service level objective, repeatable; a broken one exits 3. Also failed<0.1%, service.p95<…, ttft.p99<…, succeeded_per_s>…"`
	Strict bool          `group:"Output" help:"Exit 4, and have --junit fail, when the figures are not to be trusted."`
	Quiet  bool          `group:"Output" help:"No progress on the terminal."`

	Save   bool        `group:"Output" help:"Keep the report among the saved runs (brunt runs), as BRUNT_RUNS=DIR does too."`
	Config config.File `group:"Output" predictor:"file" placeholder:"FILE.yaml" help:"Read flags from FILE; BRUNT_RATE=… and the like come before it, the command line before both."`
}

// Run makes the run that the flags ask for and reports it.
func (a *attackCmd) Run(ctx *kong.Context, io *streams) error {
	rules, err := rules.ParseAll(a.SLO)
	if err != nil {
		return usage(fmt.Errorf("--slo: %w", err))
	}
	err = errors.Join(a.Live.Validate(), a.Report.Claim(a.Job.Results),
		a.Repeat.Validate(a.Job.Results, a.Report.Output, a.Report.Plot, string(a.Live.Serve)))
	if err != nil {
		return usage(err)
	}
	save, err := saved.Prepare(a.Save, io.err, a.Quiet)
	if err != nil {
		return usage(err)
	}
	source, err := job.Open(a.Job, a.URL, job.Allow{Load: a.Live.Wait, End: a.Live.Serve != ""}, io.job(ctx))
	if err != nil {
		return usage(err)
	}
	defer source.Close()
	source.Numbered = a.Repeat.Repeat > 1
	files, err := a.Report.OpenEach(a.Strict, a.Repeat.Repeat)
	if err != nil {
		return usage(err)
	}
	var reports []*report.Report
	// Before the first request is sent: from then on an interrupt must report.
	signals, release := job.Interrupts()
	defer release()
	s := &job.Session{
		Source: source, Rules: rules, Interrupts: signals, Die: func() { os.Exit(exitInterrupted) },
		Quiet: a.Quiet, In: io.in, Err: io.err, Save: save,
		Publish: func(rep *report.Report, unwritten error) error {
			reports = append(reports, rep)
			return outcome(rep, a.Strict, unwritten, a.Report.Publish(io.out, io.err, files[len(reports)-1], rep, unwritten))
		},
	}
	switch {
	case a.Live.Serve != "":
		return classed(s.Serve(a.Live))
	case len(files) == 1:
		return classed(s.Once())
	}
	errs := s.Repeat(len(files), time.Duration(a.Repeat.Cooldown))
	if len(reports) > 0 {
		a.Report.Summary(io.out, io.err, text.Repeated(reports))
	}
	return worst(errs)
}

// worst is the error that counts of several runs: exit codes in their order.
func worst(errs []error) (found error) {
	rank := []int{exitInterrupted, exitFailed, exitUsage, rules.ExitUntrusted, rules.ExitWorse, exitOK}
	least := exitOK
	for _, err := range errs {
		var f *failure
		if err = classed(err); errors.As(err, &f) && slices.Index(rank, f.code) < slices.Index(rank, least) {
			found, least = err, f.code
		}
	}
	return found
}

// classed says whose fault it is that a run could not be made.
func classed(err error) error {
	var known *failure
	var away *endpoint.UnreachableError
	var unwritten *generate.WriteError
	var broken *job.FailedError
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, attack.ErrInterrupted):
		return &failure{exitInterrupted, err}
	case errors.As(err, &away), errors.As(err, &unwritten), errors.As(err, &broken):
		return failed(err)
	}
	return usage(err)
}

type probeCmd struct {
	URL         string `arg:"" name:"target" help:"As for attack."`
	probe.Flags `embed:""`
}

// Run looks at the target and says what it found.
func (c *probeCmd) Run(io *streams) error {
	well, err := c.Flags.Run(c.URL, io.in, io.out, io.err)
	if err == nil && !well {
		return &failure{exitFailed, nil}
	}
	return classed(err)
}

type capacityCmd struct {
	URL            string `arg:"" name:"target" help:"As for attack."`
	capacity.Flags `embed:""`
}

// Run searches and reports.
func (c *capacityCmd) Run(ctx *kong.Context, io *streams) error {
	code, err := c.Flags.Run(c.URL, io.job(ctx), io.err, func() { os.Exit(exitInterrupted) })
	if code != exitOK {
		return &failure{code, err}
	}
	return classed(err)
}

type reportCmd struct {
	config.ReportExamples

	Files []string `arg:"" optional:"" name:"file" predictor:"file" once:"" help:"Results or JSON reports; - is standard input."`

	output.Flags `embed:"" group:"Output"`
	SLO          []string `name:"slo" group:"Output" sep:"none" placeholder:"'p99<200ms'" help:"Judge by these rules instead of the report's own, repeatable; a broken one exits 3."`
	Strict       bool     `group:"Output" help:"Exit 4, and have --junit fail, when the figures are not to be trusted."`
	Schema       bool     `group:"Output" help:"Print the JSON Schema of reports."`
}

// Run reads the reports, merges and prints them.
func (c *reportCmd) Run(io *streams) error {
	if c.Schema {
		_, err := io.out.Write(report.Schema())
		return err
	}
	slos, err := rules.ParseAll(c.SLO)
	if err != nil {
		return usage(fmt.Errorf("--slo: %w", err))
	}
	if err := c.Claim(""); err != nil {
		return usage(err)
	}
	rep, err := results.ReadFiles(c.Files, io.in)
	if err != nil {
		return usage(err)
	}
	if len(slos) > 0 {
		rules.JudgeAll(rep, slos)
	}
	files, err := c.Open(c.Strict)
	if err != nil {
		return usage(err)
	}
	defer files.Discard()
	return outcome(rep, c.Strict, c.Publish(io.out, io.err, files, rep, nil))
}

// outcome is the run's and why, unless something could not be written.
func outcome(rep *report.Report, strict bool, writing ...error) error {
	err := errors.Join(writing...)
	if err != nil && !rep.Interrupted {
		return failed(err)
	}
	if code, why := rules.Exit(rep, strict); code != exitOK {
		return &failure{code, errors.Join(errors.New(why), err)}
	}
	return nil
}

type compareCmd struct{ config.Compare }

// Run compares the runs: 2 where they cannot be compared, 3 where NEW is worse by
// more than the tolerance.
func (c *compareCmd) Run(io *streams) error {
	worse, misused, err := command.Run(&c.Compare, io.in, io.out)
	switch {
	case misused != nil:
		return usage(misused)
	case err != nil:
		return failed(err)
	case worse != nil:
		return &failure{rules.ExitWorse, worse}
	}
	return nil
}

type runsCmd struct{ config.Runs }

// Run lists the saved runs.
func (c *runsCmd) Run(io *streams) error { return saved.Write(io.out, c.Output == "json") }

type payloadsCmd struct {
	Check checkCmd `cmd:"" help:"Check files of bodies: list each line that cannot be sent."`
	Stat  statCmd  `cmd:"" help:"Describe files of bodies: how many, how large, of what kind."`
	Make  makeCmd  `cmd:"" help:"Make bodies from a table, prompts, endpoint or example."`
}

type checkCmd struct{ config.Check }

// Run lists the problems on standard output, one per line.
func (c *checkCmd) Run(io *streams) error { return classed(c.Write(io.in, io.out)) }

type statCmd struct{ config.Stat }

// Run describes the files.
func (c *statCmd) Run(io *streams) error {
	found, err := c.Describe(io.in)
	if err != nil {
		return usage(err)
	}
	return stat.Write(io.out, found, c.Output == "json")
}

type makeCmd struct{ config.Make }

// Run writes the bodies to standard output.
func (c *makeCmd) Run(io *streams) error {
	c.Stdin, c.Notes = io.in, io.err
	return classed(c.Write(io.out))
}

type mockCmd struct{ config.Mock }

// Run serves until interrupted.
func (m *mockCmd) Run(io *streams) error { return classed(job.ServeMock(&m.Mock, io.err)) }

type workerCmd struct{ config.Worker }

// Run works for coordinators until interrupted.
func (w *workerCmd) Run(io *streams) error { return classed(job.Work(&w.Worker, ordered, io.err)) }

// ordered reads the words of a coordinator's command.
func ordered(words []string) (job.Flags, string, error) {
	var c commands
	command, err := config.ReadGiven(&c, words)
	if command == "capacity" {
		return c.Capacity.Job(), c.Capacity.URL, err
	}
	return c.Attack.Job, c.Attack.URL, err
}

type versionCmd struct{}

// Run prints version, commit, Go and platform.
func (versionCmd) Run(io *streams) error {
	_, err := fmt.Fprintln(io.out, report.VersionLine())
	return err
}

// streams are the process's, or a test's. Results go to out and nothing else
// does.
type streams struct {
	args     []string
	in       io.Reader
	out, err io.Writer
}

// job are the streams of a run that the command line asks for.
func (s *streams) job(ctx *kong.Context) job.Streams {
	note := func(line string) { fmt.Fprintln(s.err, "brunt: "+format.Plain(line)) }
	args := config.Words(ctx.Kong, ctx.Args)
	return job.Streams{In: s.in, Out: s.out, Args: args, Words: config.Given(ctx, args), Note: note}
}

func main() {
	job.Withstand(func() { os.Exit(exitInterrupted) })
	os.Exit(run(os.Args[1:], &streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// run is main without the process: arguments in, exit code out.
func run(args []string, io *streams) int {
	io.args = args
	if shown, err := help.Show(io.out, args, report.VersionLine); shown {
		return exit(io, nil, err)
	}
	exited := -1
	parser := kong.Must(config.OfCommand(&commands{}, args), append(config.Grammar(),
		kong.Writers(io.out, io.err),
		kong.Exit(func(code int) { exited = code }),
		kong.Bind(io),
		kong.Vars{"version": report.VersionLine()},
	)...)
	topics := help.Names()
	if config.Complete(parser, topics); exited >= 0 {
		return exited
	}
	ctx, err := config.Parse(parser, args, topics)
	if exited >= 0 { // help was shown
		if slices.Equal(args, []string{"help"}) {
			return exit(io, nil, help.List(io.out))
		}
		return exited
	}
	if err != nil {
		err = usage(err)
	} else if err = output.Apart(ctx, io.in, io.out, io.err); err != nil {
		err = usage(err)
	} else {
		err = ctx.Run()
	}
	return exit(io, ctx, err)
}

// exit says what went wrong, in one line, and gives the exit code.
func exit(io *streams, ctx *kong.Context, err error) int {
	if err == nil {
		return exitOK
	}
	f := &failure{exitFailed, err}
	errors.As(err, &f)
	if f.err != nil {
		command := ""
		if ctx != nil && ctx.Selected() != nil {
			command = ctx.Selected().Path() + ": "
		}
		text := config.Told(ctx, strings.Join(strings.Fields(words.Error(f.err)), " "))
		fmt.Fprintf(io.err, "brunt: %s%s\n", command, format.Plain(config.RedactGiven(io.args, text)))
	}
	return f.code
}
