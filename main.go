// Command brunt finds out what a model-serving endpoint can bear. This file is
// its command grammar and its wiring; what the commands do lives in report,
// attack and payloads.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	mangokong "github.com/alecthomas/mango-kong"
	"github.com/willabides/kongplete"

	"brunt/attack"
	"brunt/attack/config"
	"brunt/attack/endpoint"
	"brunt/attack/mock"
	"brunt/payloads"
	"brunt/report"
	"brunt/report/output"
	"brunt/report/panel"
)

// Exit codes, a contract with scripts; those of finished runs are report's.
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
	Attack   attackCmd   `cmd:"" help:"Send load to TARGET and report."`
	Report   reportCmd   `cmd:"" help:"Report again from results or JSON reports; several are merged."`
	Payloads payloadsCmd `cmd:"" help:"Check, describe or make files of request bodies."`
	Mock     mockCmd     `cmd:"" help:"Run the look-alike of a serving endpoint in its own process."`
	Version  versionCmd  `cmd:"" help:"Print the version."`

	Completion completionCmd     `cmd:"" help:"Print the completion script of a shell."`
	Man        mangokong.ManFlag `hidden:"" help:"Print the man page."`
}

type attackCmd struct {
	URL string `arg:"" name:"target" help:"URL of the endpoint, or mock://?latency=20ms for the embedded one."`

	config.Load     `embed:"" group:"Load"`
	config.Payloads `embed:"" group:"Payloads"`
	config.Target   `embed:"" group:"Target"`
	output.Flags    `embed:"" group:"Output"`

	Results       string `group:"Output" placeholder:"FILE" help:"Write a record per request, as vegeta does, to FILE.gob, .csv or .ndjson, compressed with .zst after it; - is standard output, in --results-format, and implies -o none."`
	ResultsFormat string `group:"Output" default:"gob" enum:"gob,csv,ndjson" help:"gob, csv or ndjson, for --results -."`

	SLO    []string          `name:"slo" group:"Output" sep:"none" placeholder:"'p99<200ms'" help:"Service level objective, repeatable; a broken one exits 3. Also failed<0.1%, service.p95<…, succeeded_per_s>…"`
	Strict bool              `group:"Output" help:"Exit 4 when brunt itself was the limit."`
	Name   string            `group:"Output" placeholder:"TEXT" help:"Name of the run, shown in its reports."`
	Label  map[string]string `group:"Output" mapsep:"none" placeholder:"K=V" help:"Label of the run, repeatable."`
	Quiet  bool              `group:"Output" help:"No progress on the terminal."`

	Config kong.ConfigFlag `group:"Output" placeholder:"FILE.yaml" help:"Read flags from FILE; BRUNT_RATE=… and the like come before it, the command line before both."`
}

// Help gives two examples.
func (attackCmd) Help() string {
	return `Examples:
  brunt attack https://host/serving-endpoints/x/invocations -p bodies.jsonl -r 200 -d 5m -H 'Authorization: env:AUTH'
  brunt attack mock://?latency=20ms -p bodies.jsonl -c 16 -n 20000 -o json | jq .latency_ms.response.p99`
}

// Run makes the run that the flags ask for and reports it.
func (a *attackCmd) Run(io *streams) error {
	rules, err := report.ParseRules(a.SLO)
	if err != nil {
		return usage(fmt.Errorf("--slo: %w", err))
	}
	plan := a.Plan()
	if err := plan.Validate(); err != nil {
		return usage(err)
	}
	request, err := a.Request("brunt/" + report.Version())
	if err != nil {
		return usage(err)
	}
	target, err := a.Target.Open(a.URL, plan.Timeout)
	if unreachable := (*endpoint.UnreachableError)(nil); errors.As(err, &unreachable) {
		return failed(err)
	} else if err != nil {
		return usage(err)
	}
	defer target.Close()
	set, err := a.Payloads.Open(io.in, target.Embedded != nil)
	if err != nil {
		return usage(err)
	}
	defer set.Close()
	files, err := a.Flags.Open()
	if err != nil {
		return usage(err)
	}
	defer files.Discard()
	meta := report.MetaOf(plan, target.Target.URL, set)
	meta.Name, meta.Labels, meta.Command = a.Name, a.Label, endpoint.CommandLine(io.args)
	results, sink, err := a.results(io.out, request.MethodFor(set.MaxBody() > 0), meta)
	if err != nil {
		return usage(fmt.Errorf("--results: %w", err))
	}
	// Before the first request is sent: from then on an interrupt must report.
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	run, err := attack.Start(plan, request, set, target, sink)
	if err != nil {
		return usage(err)
	}
	meta.Plan = run.Plan()
	hide := panel.Show(io.err, io.in, run, &plan, a.Quiet, func() {
		select {
		case signals <- os.Interrupt:
		default: // three are waiting already
		}
	})
	run.Obey(signals, func() { os.Exit(exitInterrupted) })
	hide()
	rep := report.From(meta, run.Snapshot())
	resultsErr := results.Close()
	if resultsErr != nil {
		resultsErr = fmt.Errorf("--results: %w", resultsErr)
		rep.Warnings = append(rep.Warnings, resultsErr.Error())
	}
	if err := set.Changed(); err != nil {
		rep.Warnings = append(rep.Warnings, err.Error())
	}
	rep.JudgeAll(rules)
	return outcome(rep, a.Strict, resultsErr, a.Publish(io.out, files, rep))
}

// results opens the results file, if one was asked for, and its sink.
func (a *attackCmd) results(stdout io.Writer, method string, meta report.Meta) (*report.Results, attack.Sink, error) {
	if a.Results == "" {
		return nil, nil, nil
	}
	if a.Results == "-" {
		a.Output = "none"
	}
	r, err := report.CreateResults(a.Results, a.ResultsFormat, stdout, method, meta)
	if err != nil {
		return nil, nil, err
	}
	return r, r.Take, nil
}

type reportCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"Results or JSON reports; - is standard input."`

	output.Flags `embed:""`

	SLO    []string `name:"slo" sep:"none" placeholder:"'p99<200ms'" help:"Judge by these rules instead of the report's own, repeatable; a broken one exits 3."`
	Schema bool     `help:"Print the JSON Schema of reports."`
}

// Help gives two examples.
func (reportCmd) Help() string {
	return `Examples:
  brunt report monday.json tuesday.json
  brunt report -o json - < run.json | jq .verdict`
}

// Run reads the reports, merges and prints them.
func (c *reportCmd) Run(io *streams) error {
	if c.Schema {
		_, err := io.out.Write(report.Schema())
		return err
	}
	rules, err := report.ParseRules(c.SLO)
	if err != nil {
		return usage(fmt.Errorf("--slo: %w", err))
	}
	rep, err := report.ReadFiles(c.Files, io.in)
	if err != nil {
		return usage(err)
	}
	if len(rules) > 0 {
		rep.JudgeAll(rules)
	}
	files, err := c.Open()
	if err != nil {
		return usage(err)
	}
	defer files.Discard()
	return outcome(rep, false, c.Publish(io.out, files, rep))
}

// outcome is the run's, unless something could not be written.
func outcome(rep *report.Report, strict bool, writing ...error) error {
	err := errors.Join(writing...)
	if err != nil && !rep.Interrupted {
		return failed(err)
	}
	if code := rep.Outcome().ExitCode(strict); code != exitOK {
		return &failure{code, err}
	}
	return nil
}

type payloadsCmd struct {
	Check checkCmd `cmd:"" help:"Check files of bodies: every line that cannot be sent is listed."`
	Stat  statCmd  `cmd:"" help:"Describe files of bodies: how many, how large, of what kind."`
	Make  makeCmd  `cmd:"" help:"Make bodies from a CSV file, or from an example."`
}

type checkCmd struct {
	Files         []string        `arg:"" name:"file" help:"Files of bodies, as for attack --payloads."`
	PayloadFormat payloads.Format `default:"body" enum:"body,request" help:"body or request, as for attack."`
	Limit         int             `default:"100" help:"List this many problems at the most (${default})."`
}

// Help gives two examples.
func (checkCmd) Help() string {
	return `Examples:
  brunt payloads check bodies.jsonl
  brunt payloads check --payload-format request traffic.jsonl.zst`
}

// Run lists the problems on standard output, one per line.
func (c *checkCmd) Run(io *streams) error {
	specs, err := payloads.ParseSpecs(c.Files)
	if err != nil {
		return usage(err)
	}
	files, problems, more, err := payloads.Check(specs, payloads.Options{Format: c.PayloadFormat, Stdin: io.in}, c.Limit)
	if err != nil {
		return usage(err)
	}
	for _, problem := range problems {
		fmt.Fprintln(io.out, problem)
	}
	if len(problems) > 0 {
		return usage(fmt.Errorf("%d problems listed, %d more; mend these lines or leave them out", len(problems), more))
	}
	for _, f := range files {
		fmt.Fprintf(io.out, "%s: %s bodies, %s bytes, fine\n", f.Path, report.FormatCount(uint64(f.Lines)), report.FormatCount(uint64(f.Bytes)))
	}
	return nil
}

type statCmd struct {
	Files         []string        `arg:"" name:"file" help:"Files of bodies, as for attack --payloads."`
	PayloadFormat payloads.Format `default:"body" enum:"body,request" help:"body or request, as for attack."`
	Output        string          `short:"o" default:"text" enum:"text,json" help:"text or json."`
}

// Help gives two examples.
func (statCmd) Help() string {
	return `Examples:
  brunt payloads stat bodies.jsonl
  brunt payloads stat -o json *.jsonl | jq '.files[].body_bytes.p99'`
}

// Run describes the files.
func (c *statCmd) Run(io *streams) error {
	specs, err := payloads.ParseSpecs(c.Files)
	if err != nil {
		return usage(err)
	}
	found, err := payloads.Describe(specs, payloads.Options{Format: c.PayloadFormat, Stdin: io.in})
	if err != nil {
		return usage(err)
	}
	return payloads.WriteStats(io.out, found, c.Output == "json")
}

type makeCmd struct{ payloads.MakeOptions }

// Help gives two examples.
func (makeCmd) Help() string {
	return `Examples:
  brunt payloads make rows.csv --format dataframe_split --rows-per-request 8 > bodies.jsonl
  brunt payloads make example.json --count 1000 > bodies.jsonl`
}

// Run writes the bodies to standard output.
func (c *makeCmd) Run(io *streams) error {
	c.Stdin = io.in
	_, err := payloads.Make(io.out, c.MakeOptions)
	if unwritten := (*payloads.WriteError)(nil); errors.As(err, &unwritten) {
		return failed(err)
	} else if err != nil {
		return usage(err)
	}
	return nil
}

type mockCmd struct {
	Listen string `default:"127.0.0.1:8088" placeholder:"ADDR" help:"Address to listen on (${default})."`
	Config string `arg:"" name:"mock" optional:"" default:"mock://" help:"Its behaviour, as mock://?latency=20ms&concurrency=8."`
}

// Help gives two examples.
func (mockCmd) Help() string {
	return `Examples:
  brunt mock
  brunt mock --listen 127.0.0.1:9000 'mock://?latency=40ms&sigma=0&concurrency=2'`
}

// Run serves until interrupted.
func (m *mockCmd) Run(io *streams) error {
	config, err := mock.Parse(m.Config)
	if err != nil {
		return usage(err)
	}
	server, err := mock.Start(config, m.Listen)
	if err != nil {
		return failed(err)
	}
	fmt.Fprintf(io.err, "listening on %s\n", server.URL())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	return server.Close()
}

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// completions ask brunt itself what may come next.
var completions = map[string]string{
	"bash": "complete -C brunt brunt",
	"zsh":  "autoload -U +X bashcompinit && bashcompinit\ncomplete -C brunt brunt",
	"fish": "complete -f -c brunt -a '(COMP_LINE=(commandline -cp) brunt)'",
}

// Help gives two examples.
func (completionCmd) Help() string {
	return `Examples:
  source <(brunt completion bash)
  brunt completion fish > ~/.config/fish/completions/brunt.fish`
}

// Run prints the script.
func (c *completionCmd) Run(io *streams) error {
	_, err := fmt.Fprintln(io.out, completions[c.Shell])
	return err
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

func main() {
	// A reader that has seen enough ends the output, not the run.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(os.Args[1:], &streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// run is main without the process: arguments in, exit code out.
func run(args []string, io *streams) int {
	var c commands
	io.args = args
	exited := -1
	parser := kong.Must(&c,
		kong.Name("brunt"),
		kong.Description("Finds out what a model-serving endpoint can bear."),
		kong.Writers(io.out, io.err),
		kong.Exit(func(code int) { exited = code }),
		kong.DefaultEnvars("BRUNT"),
		kong.Configuration(config.Read),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Bind(io),
	)
	kongplete.Complete(parser)
	ctx, err := parser.Parse(args)
	if exited >= 0 { // --help was shown
		return exited
	}
	command := ""
	if err != nil {
		if len(args) == 0 {
			err = fmt.Errorf("%w; brunt --help tells what they do", err)
		}
		err = usage(err)
		var parse *kong.ParseError
		if errors.As(err, &parse) {
			ctx = parse.Context
		}
	} else {
		err = ctx.Run()
	}
	if ctx != nil && ctx.Selected() != nil {
		command = ctx.Selected().Path() + ": "
	}
	return exit(io.err, command, err)
}

// exit says what went wrong, in one line, and gives the exit code.
func exit(w io.Writer, command string, err error) int {
	if err == nil {
		return exitOK
	}
	f := &failure{exitFailed, err}
	errors.As(err, &f)
	if f.err != nil {
		text := strings.Join(strings.Fields(f.err.Error()), " ")
		fmt.Fprintf(w, "brunt: %s%s\n", command, text)
	}
	return f.code
}
