package job

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"brunt/attack"
	"brunt/attack/cluster"
	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
	"brunt/payloads/file"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/format"
	"brunt/report/live"
)

// workers are those that send the load of a command line, with what they need here.
type workers struct {
	flags       *config.Cluster
	server      *cluster.Server // nil with a server of the user's
	coordinator *cluster.Coordinator
	processes   []*process // local ones
}

// work is what a worker is to prepare; it travels as JSON within an order.
type work struct {
	Words    []string // the command line's: see config.Given
	Target   string
	Payloads []string // files of bodies, by the names in Words
}

// gather starts what workers connect to, and waits for them. It does so once.
func (s *Source) gather(ctx context.Context, tell func(string)) error {
	if s.workers == nil {
		w, err := openWorkers(&s.flags.Cluster, s.streams.Note)
		if err != nil {
			return err
		}
		s.workers = w
	}
	ctx, done := s.workers.tied(ctx)
	defer done()
	if err := s.workers.coordinator.Gather(ctx, tell); err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	return nil
}

// tied is a context that ends, too, when one of this machine's workers does.
func (w *workers) tied(ctx context.Context) (tied context.Context, done func()) {
	tied, cancel := context.WithCancelCause(ctx)
	for _, p := range w.processes {
		go func() {
			select {
			case <-p.done:
				cancel(&FailedError{fmt.Errorf("%s ended by itself: %s", p.name, p.said.last())})
			case <-tied.Done():
			}
		}()
	}
	return tied, func() { cancel(context.Canceled) }
}

func openWorkers(flags *config.Cluster, note func(string)) (_ *workers, err error) {
	w := &workers{flags: flags}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	access, session := flags.Access(), cluster.NewSession()
	if access.URL == "" {
		if w.server, err = startServer(flags, session); err != nil {
			return nil, fmt.Errorf("--listen-workers: %w", err)
		}
		access = w.server.Own()
	} else if access.Token, err = flags.Token(); err != nil {
		return nil, err
	}
	w.coordinator, err = cluster.Open(cluster.Options{
		Access: access, Session: session, Workers: flags.Workers.N, Version: report.Revision(), Loss: flags.OnWorkerLoss, Tell: note,
	})
	if err != nil {
		return nil, err
	}
	switch {
	case flags.Workers.Local:
		return w, w.startLocal()
	case w.server != nil:
		note(fmt.Sprintf("start each of the %d workers with: brunt worker %s", flags.Workers.N, w.invitation()))
	default:
		note(fmt.Sprintf("start each of the %d workers with: brunt worker --nats %s", flags.Workers.N, access.Shown()))
	}
	return w, nil
}

func startServer(flags *config.Cluster, session string) (*cluster.Server, error) {
	o := cluster.ServerOptions{Listen: flags.ListenWorkers, Session: session}
	var err error
	if o.Token, err = flags.Token(); err != nil {
		return nil, err
	}
	switch {
	case o.Listen != "":
	case flags.Workers.Local:
		o.Listen = "127.0.0.1:0"
	default:
		o.Listen = ":4222"
	}
	if flags.WorkersCert != "" {
		pair, err := tls.LoadX509KeyPair(flags.WorkersCert, flags.WorkersKey)
		if err != nil {
			return nil, fmt.Errorf("--workers-cert: %w", err)
		}
		o.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	return cluster.StartServer(o)
}

// invitation is what a worker elsewhere is started with.
func (w *workers) invitation() string {
	host, port, _ := net.SplitHostPort(w.server.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = ownAddress()
	}
	scheme := "nats"
	if w.flags.WorkersCert != "" {
		scheme = "tls"
	}
	return fmt.Sprintf("%s://%s@%s", scheme, w.server.Token(), net.JoinHostPort(host, port))
}

// ownAddress is one by which other machines may reach this one.
func ownAddress() string {
	addresses, err := net.InterfaceAddrs()
	if err == nil {
		for _, a := range addresses {
			if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() && ip.IP.To4() != nil {
				return ip.IP.String()
			}
		}
	}
	if name, err := os.Hostname(); err == nil {
		return name
	}
	return "localhost"
}

// prepareWorkers has the workers open what the job needs.
func (s *Source) prepareWorkers(ctx context.Context, j *Job, o *live.Settings, tell func(string)) error {
	if tell == nil {
		tell = func(string) {}
	}
	if err := s.gather(ctx, tell); err != nil {
		return err
	}
	w := work{Words: s.streams.Words, Target: o.Target, Payloads: o.Payloads}
	if j.target.Embedded != nil {
		if !s.flags.Cluster.Workers.Local {
			return errors.New("mock:// is within this process, where workers on other machines do not reach it: " +
				"run brunt mock --listen there, and give its URL")
		}
		w.Target = j.target.Embedded.URL()
	}
	body, err := json.Marshal(&w)
	if err != nil {
		return err
	}
	files, err := s.filesOf()
	if err != nil {
		return err
	}
	j.workers = s.workers.coordinator
	ctx, done := s.workers.tied(ctx)
	defer done()
	if err = s.workers.coordinator.Prepare(ctx, body, files, tell); err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	return nil
}

// filesOf are the files that the workers need.
func (s *Source) filesOf() (paths []string, err error) {
	for _, spec := range s.specs {
		paths = append(paths, spec.Path)
	}
	for _, path := range []string{s.flags.Body, s.flags.Targets} {
		if path != "" {
			paths = append(paths, path)
		}
	}
	for _, path := range paths {
		if path == file.Stdin {
			return nil, errors.New("standard input cannot be handed to workers: write it to a file, and name that")
		}
	}
	return paths, nil
}

// close sends the workers away.
func (w *workers) close() {
	if w == nil {
		return
	}
	if w.coordinator != nil {
		w.coordinator.Close()
	}
	for _, p := range w.processes {
		p.end()
	}
	if w.server != nil {
		w.server.Close()
	}
}

// Work works for coordinators, as the flags say, until it is interrupted. read reads the
// words of a coordinator's command; what becomes of the worker is said on errors.
func Work(flags *config.Worker, read func(words []string) (Flags, string, error), errors io.Writer) error {
	access, err := flags.Access()
	if err != nil {
		return err
	}
	cache := flags.Cache
	if cache == "" {
		cache = defaultCache()
	}
	ctx, stop := UntilInterrupted()
	defer stop()
	if flags.Tied {
		var end context.CancelFunc
		ctx, end = context.WithCancel(ctx)
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			end()
		}()
	}
	tell := func(line string) {
		if !flags.Quiet {
			fmt.Fprintln(errors, "brunt: "+format.Plain(line))
		}
	}
	err = cluster.Work(ctx, cluster.WorkerOptions{
		Access: access, Name: flags.Name, Version: report.Revision(), Cores: runtime.GOMAXPROCS(0), Once: flags.Once, Cache: cache, Tell: tell,
		Prepare: func(ctx context.Context, body []byte, files map[string]string, tell func(string)) (*cluster.Prepared, error) {
			return prepare(ctx, body, files, read, tell)
		},
	})
	if err != nil {
		return &FailedError{err}
	}
	return nil
}

// prepare opens what an order asks for.
func prepare(
	ctx context.Context, body []byte, files map[string]string, read func(words []string) (Flags, string, error), tell func(string),
) (*cluster.Prepared, error) {
	var w work
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, err
	}
	flags, word, err := read(w.Words)
	if err != nil {
		return nil, err
	}
	flags.Results, flags.Cluster = "", config.Cluster{} // the coordinator's business
	if endpoint.Embedded(word) {
		word = w.Target
	}
	if err = flags.replaceFiles(files); err != nil {
		return nil, err
	}
	source, err := Open(flags, word, Allow{Load: true, End: true}, Streams{Words: w.Words})
	if err != nil {
		return nil, err
	}
	o := source.Settings()
	o.Target, o.Payloads = w.Target, replaced(w.Payloads, files)
	j, err := source.ready(ctx, &o, source.lightest(), tell)
	if err != nil {
		source.Close()
		return nil, err
	}
	return &cluster.Prepared{
		Start: j.share,
		Close: func() {
			j.discard()
			source.Close()
		},
	}, nil
}

// replaceFiles has the flags name files where they lie here.
func (f *Flags) replaceFiles(files map[string]string) error {
	specs, err := payloads.ParseSpecs(f.Payloads.Payloads)
	if err != nil {
		return err
	}
	list := make([]string, len(specs))
	for i, spec := range specs {
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

// defaultCache is where a worker keeps files of bodies.
func defaultCache() string {
	dir, err := os.UserCacheDir()
	if err != nil { // as in an image without a home
		dir = os.TempDir()
	}
	return filepath.Join(dir, "brunt", "files")
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
	return attack.Start(p, j.request, j.set, j.target, nil)
}
