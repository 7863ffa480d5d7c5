package job

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"brunt/attack"
	"brunt/attack/cluster"
	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/format"
)

// Work works for coordinators, as the flags say, until it is interrupted. read reads the
// words of a coordinator's command; what becomes of the worker is said on out.
func Work(flags *config.Worker, read func(words []string) (Flags, string, error), out io.Writer) error {
	access, err := flags.Access()
	if err != nil {
		return err
	}
	cache := flags.Cache
	if cache == "" {
		cache = filepath.Join(cacheDir(), "files")
	}
	ctx, stop := UntilInterrupted()
	defer stop()
	name := flags.Name
	if flags.Tied {
		name = cmp.Or(name, processName(os.Getpid()))
		var end context.CancelFunc
		ctx, end = context.WithCancel(ctx)
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			end()
		}()
	}
	tell := func(line string) {
		if !flags.Quiet {
			fmt.Fprintln(out, "brunt: "+format.Plain(line))
		}
	}
	err = cluster.Work(ctx, cluster.WorkerOptions{
		Access: access, Name: name, Version: report.Revision(), Cores: runtime.GOMAXPROCS(0), Once: flags.Once, Wait: time.Duration(flags.Wait), Cache: cache, Tell: tell,
		Prepare: func(ctx context.Context, body []byte, files map[string]string, credentials cluster.Ask, tell func(string)) (*cluster.Prepared, error) {
			return prepare(ctx, body, files, read, credentials, tell)
		},
	})
	switch {
	case errors.Is(err, attack.ErrInterrupted):
		return err
	case err != nil:
		return &FailedError{err}
	}
	return nil
}

// prepare opens what an order asks for.
func prepare(
	ctx context.Context, body []byte, files map[string]string, read func(words []string) (Flags, string, error), credentials cluster.Ask, tell func(string),
) (*cluster.Prepared, error) {
	var w work
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, err
	}
	flags, word, err := read(w.Words)
	if err != nil {
		return nil, err
	}
	flags.Cluster = config.Cluster{} // the coordinator's business
	if flags.Results != "" {
		if flags.Results, err = recordsPath(flags.Results); err != nil {
			return nil, err
		}
	}
	if w.Handed {
		flags.HandedBy = handedBy(credentials)
	}
	flags.Elsewhere = &payloads.Elsewhere{Dir: w.Dir, Files: files}
	if err = flags.replaceFiles(files); err != nil {
		return nil, err
	}
	source, err := Open(flags, word, Allow{Load: true, End: true}, Streams{Words: w.Words})
	if err != nil {
		return nil, err
	}
	if endpoint.Embedded(word) || w.Handed { // which is the coordinator's, or of its machine or workspace
		source.word = w.Target
	}
	o := source.Settings()
	o.Target, o.Payloads = w.Target, replaced(w.Payloads, files)
	j, err := source.ready(ctx, &o, source.lightest(), tell)
	if endpoint.Unconfigured(err) {
		err = fmt.Errorf("%w; or have the coordinator hand out tokens, with --worker-credentials handed", err)
	}
	if err == nil {
		j.Meta.Endpoint = cmp.Or(j.Meta.Endpoint, w.Endpoint)
		j.sink, err = source.keep(j)
	}
	if err != nil {
		source.Close()
		return nil, err
	}
	var cut atomic.Bool
	p := &cluster.Prepared{
		Start: j.share,
		Close: func() {
			j.discard()
			source.Close()
			if flags.Results != "" && !cut.Load() {
				_ = os.Remove(flags.Results) // it was handed in, or nobody wants it
			}
		},
	}
	if flags.Results != "" {
		p.Records = func(early bool) (path string, err error) {
			path, err = j.records(early)
			cut.Store(err != nil) // which says where those before that are
			return path, err
		}
	}
	return p, nil
}

// recordsPath is where a worker keeps its records until they are handed in, in a file of
// the same kind.
func recordsPath(given string) (string, error) {
	dir := filepath.Join(cacheDir(), "records")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("--results: %w", err)
	}
	_, ending, _ := strings.Cut(filepath.Base(given), ".")
	return filepath.Join(dir, rand.Text()+"."+ending), nil
}

// records ends the worker's file of records with the report of its share.
func (j *Job) records(early bool) (path string, err error) {
	meta, snapshot := j.Meta, j.Run.Snapshot()
	meta.Plan = ownPlan(&meta.Plan, snapshot, early)
	if !meta.Plan.Open() { // what merging adds up is what all had together
		meta.Concurrency = meta.Plan.Concurrency
	}
	if meta.Plan.Requests > 0 {
		meta.Plan.Requests = snapshot.Counts.Planned
	}
	rep := report.From(meta, snapshot)
	for i := range rep.Runs { // a part of one, which is merged with the others
		rep.Runs[i] += fmt.Sprintf("-%d", j.Meta.Plan.Shares[0].Index+1)
		if n := j.Meta.Plan.Joined; n > 0 { // the share was another one's before
			rep.Runs[i] += fmt.Sprintf("-%d", n)
		}
	}
	_, err = j.results.Close(rep)
	j.results = nil
	return j.file, err
}

// ownPlan is the plan of a worker's share alone. Where shares were handed on, its rate is
// the mean one of what it held, so that those of all workers add up to the whole's: over
// the plan's length where it ended before the others.
func ownPlan(p *plan.Plan, s *result.Snapshot, early bool) plan.Plan {
	own := p.Own()
	if own.Rate.Freq == 0 || len(own.Stages) > 0 || own.Instants != nil || s.Counts.Planned == 0 {
		return own
	}
	length := s.PlanElapsed
	if early && own.Duration > 0 {
		length = own.Duration
	}
	schedule := plan.NewSchedule(&own)
	// A share has one more or less than its part of the tickets.
	if due := schedule.PlannedBefore(schedule.Warmup + length); length > 0 && (s.Counts.Planned > due+1 || s.Counts.Planned+1 < due) && s.Changes == nil {
		own.Rate.Freq, own.Rate.Per = int(s.Counts.Planned), length
	}
	return own
}

// replaceFiles has the flags name files where they lie here.
func (f *Flags) replaceFiles(files map[string]string) error {
	specs, err := payloads.ParseSpecs(f.Payloads.Payloads)
	if err != nil {
		return err
	}
	list := make([]string, len(specs))
	for i, spec := range specs {
		if whole := files[f.Payloads.Payloads[i]]; whole != "" { // a file whose name ends like a weight
			list[i] = whole
			continue
		}
		list[i] = strings.Replace(f.Payloads.Payloads[i], spec.Path, replaced([]string{spec.Path}, files)[0], 1)
	}
	f.Payloads.Payloads = list
	f.Body, f.Targets = replaced([]string{f.Body}, files)[0], replaced([]string{f.Targets}, files)[0]
	return nil
}

func replaced(paths []string, files map[string]string) []string {
	out := make([]string, len(paths))
	for i, path := range paths {
		if out[i] = path; files[path] != "" {
			out[i] = files[path]
		}
	}
	return out
}

// cacheDir is where brunt keeps what it can do without.
func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil { // as in an image without a home
		dir = os.TempDir()
	}
	return filepath.Join(dir, "brunt")
}

// lightest is a plan that an order is prepared with, which has no load of its own yet.
func (s *Source) lightest() plan.Plan {
	p := s.flags.Plan()
	p.UntilStopped, p.Seed = true, s.flags.Seed
	if !p.Open() && p.Concurrency == 0 && len(p.Stages) == 0 {
		p.Concurrency = 1
	}
	return p
}

// share begins the job's share of a run: the plan says all but what does not travel.
func (j *Job) share(p plan.Plan) (*attack.Run, error) {
	p.Instants, p.Expect = j.Meta.Plan.Instants, j.Meta.Plan.Expect
	if err := j.begin(nil); err != nil {
		return nil, err
	}
	run, err := attack.Start(p, j.request, j.set, j.target, j.sink)
	if err != nil {
		return nil, err
	}
	j.Run, j.Meta.Plan = run, run.Plan()
	return run, nil
}
