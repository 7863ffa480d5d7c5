// Command peers measures brunt beside other load generators: all against one
// nginx on one core, each client on another one, in interleaved rounds.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

type flags struct {
	rounds, seconds int
	longest         int
	rows, clients   string
	json, markdown  string
	work, commit    string
	missing         map[string]string
}

// result is what --json writes.
type result struct {
	Machine machine     `json:"machine"`
	Seconds int         `json:"seconds"`
	Clients []inventory `json:"clients"`
	Tables  []*table    `json:"rows"`
	Cut     bool        `json:"interrupted"`
}

// inventory names a client and its version, or why it is not there.
type inventory struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Missing string `json:"left_out,omitempty"`
}

// help lists rows with their titles.
func help(list []row) string {
	var text strings.Builder
	for _, r := range list {
		fmt.Fprintf(&text, "  %-11s %s\n", r.name, r.title)
	}
	return strings.TrimRight(text.String(), "\n")
}

func main() {
	// A child dies with the thread that started it: let that be one for good.
	runtime.LockOSThread()
	f := flags{missing: map[string]string{}}
	flag.IntVar(&f.rounds, "rounds", 0, "rounds of each row (5; slow10ms 11)")
	flag.IntVar(&f.seconds, "seconds", 4, "seconds of load in each run")
	flag.IntVar(&f.longest, "requests", 10_000_000, "requests of the longest run of the row memory")
	flag.StringVar(&f.rows, "rows", "", "rows to run, of (all):\n"+help(rows()))
	flag.StringVar(&f.clients, "clients", "", "clients to run, as "+strings.Join(names(clients()), ",")+" (all)")
	flag.StringVar(&f.json, "json", "", "`FILE` to write every run to")
	flag.StringVar(&f.markdown, "markdown", "", "`FILE` to write the tables to as Markdown")
	flag.StringVar(&f.work, "work", "", "`FOLDER` with the clients built for this run; removed at the end")
	flag.StringVar(&f.commit, "commit", "unknown", "what brunt was built from")
	flag.Func("missing", "`NAME=REASON` of a client that could not be had", func(v string) error {
		name, reason, _ := strings.Cut(v, "=")
		f.missing[name] = reason
		return nil
	})
	flag.CommandLine.Init("peers", flag.ContinueOnError)
	err := flag.CommandLine.Parse(os.Args[1:])
	if err == nil {
		err = f.run()
	}
	if f.work != "" {
		_ = os.RemoveAll(f.work)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// run measures what was asked for and prints it, also after an interrupt.
func (f *flags) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if f.rounds < 0 || f.seconds < 1 || f.longest < 10 || f.work == "" || flag.NArg() > 0 {
		return errors.New("--seconds is at least 1, --requests 10, and there are no arguments; start it as .ci/peers")
	}
	if err := exec.Command("taskset", "-c", clientCore, "true").Run(); err != nil {
		return fmt.Errorf("needs cores 0 and %s: %w", clientCore, err)
	}
	chosenRows, err := choose(rows(), f.rows, func(r row) string { return r.name })
	if err != nil {
		return fmt.Errorf("--rows: %w", err)
	}
	chosen, err := choose(clients(), f.clients, func(c *client) string { return c.name })
	if err != nil {
		return fmt.Errorf("--clients: %w", err)
	}
	if reason := f.missing["nginx"]; reason != "" {
		return errors.New(reason)
	}
	sawPlots(filepath.Join(f.work, "bin", "brunt"))
	find(chosen, filepath.Join(f.work, "bin"), f.missing)
	b := &bench{work: f.work, rounds: f.rounds, seconds: f.seconds, longest: f.longest}
	res := &result{Machine: describeMachine(), Seconds: f.seconds}
	for _, c := range chosen {
		if c.name == "brunt" {
			c.version = f.commit
		}
		res.Clients = append(res.Clients, inventory{c.label(), c.version, c.missing})
		if c.missing == "" {
			b.chosen = append(b.chosen, c)
		}
	}
	if err := writeScripts(f.work); err != nil {
		return err
	}
	if b.server, err = startNginx(f.work); err != nil {
		return err
	}
	defer b.server.stop()
	b.tables(ctx, res, chosenRows)
	res.Cut = ctx.Err() != nil
	return f.publish(res)
}

// tables measures the rows one after the other.
func (b *bench) tables(ctx context.Context, res *result, chosen []row) {
	marks := b.checkSame(ctx, chosen)
	for _, r := range chosen {
		if ctx.Err() != nil {
			return
		}
		t, err := b.measure(ctx, r)
		if err != nil {
			fmt.Fprintf(os.Stderr, "peers: %s left out: %v\n", r.name, err)
			continue
		}
		for _, l := range t.Lines {
			if mark := marks[r.name][l.Client]; mark != "" {
				l.Marks = append(l.Marks, mark)
			}
		}
		res.Tables = append(res.Tables, t)
	}
}

// publish prints the tables and writes the files that were asked for.
func (f *flags) publish(res *result) error {
	fmt.Print(res.text())
	var errs []error
	if f.markdown != "" {
		errs = append(errs, os.WriteFile(f.markdown, []byte(res.markdown()), 0o644))
	}
	if f.json != "" {
		text, err := json.MarshalIndent(res, "", " ")
		errs = append(errs, err, os.WriteFile(f.json, append(text, '\n'), 0o644))
	}
	if res.Cut {
		errs = append(
			errs,
			fmt.Errorf("interrupted at %s; what was measured is printed", time.Now().Format(time.TimeOnly)),
		)
	}
	return errors.Join(errs...)
}
