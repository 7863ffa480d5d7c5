package job

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"

	"brunt/attack/cluster"
	"brunt/payloads/file"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/live"
)

// workers are those that send the load of a command line, with what they need here.
type workers struct {
	flags       *config.Cluster
	session     string
	server      *cluster.Server // nil with a server of the user's
	dir         string          // where that keeps what is stored; empty for a directory of its own
	coordinator *cluster.Coordinator
	processes   []*process // local ones
}

// work is what a worker is to prepare; it travels as JSON within an order.
type work struct {
	Words    []string // the command line's: see config.Given
	Target   string
	Payloads []string // files of bodies, by the names in Words
	Dir      string   // the folder that names of files count from
	Handed   bool     // the coordinator hands out the credentials
	Endpoint string   // the target's name in its workspace; empty where it has none, or is to be looked for
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
	w := &workers{flags: flags, session: cmp.Or(flags.Resume, cluster.NewSession())}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	access, err := flags.Access()
	if err != nil {
		return nil, err
	}
	if access.URL == "" {
		if err = w.startServer(); err != nil {
			return nil, err
		}
		access = w.server.Own()
	} else if access.Token, err = flags.Token(); err != nil {
		return nil, err
	}
	w.coordinator, err = cluster.Open(cluster.Options{
		Access: access, Session: w.session, Resumed: flags.Resume != "", Workers: flags.Workers.N,
		Version: report.Revision(), Loss: flags.OnWorkerLoss, Tell: note,
	})
	if err != nil {
		return nil, &FailedError{err}
	}
	switch {
	case flags.Workers.Local:
		return w, w.startLocal()
	case flags.Resume != "":
		return w, nil
	case w.server != nil:
		note(fmt.Sprintf("start each of the %d workers with: %s", flags.Workers.N, w.invitation()))
	default:
		note(fmt.Sprintf("start each of the %d workers with: brunt worker --nats %s", flags.Workers.N, access.Shown()))
	}
	note("should this process end too soon, the same command with --resume " + w.session + " goes on with the run")
	return w, nil
}

// invitation is what a worker elsewhere is started with. A token that was given is known
// there, and is kept out of what is logged.
func (w *workers) invitation() string {
	host, port, _ := net.SplitHostPort(w.server.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = ownAddress()
	}
	scheme := "nats"
	if w.flags.WorkersCert != "" {
		scheme = "tls"
	}
	at := net.JoinHostPort(host, port)
	if w.flags.WorkerToken != "" {
		return fmt.Sprintf("BRUNT_WORKER_TOKEN=… brunt worker %s://%s (with the token that was given here)", scheme, at)
	}
	return fmt.Sprintf("brunt worker %s://%s@%s", scheme, w.server.Token(), at)
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

// gather opens what the workers connect to, where there are to be any, and says how they
// are started.
func (s *Source) gather() error {
	if s.workers != nil || s.flags.Cluster.Workers.N == 0 {
		return nil
	}
	w, err := openWorkers(&s.flags.Cluster, s.streams.Note)
	if err != nil {
		return err
	}
	s.workers = w
	return nil
}

// prepareWorkers has the workers open what the job needs.
func (s *Source) prepareWorkers(ctx context.Context, j *Job, o *live.Settings, tell func(string)) error {
	if tell == nil {
		tell = func(string) {}
	}
	if j.target.Embedded != nil && !s.flags.Cluster.Workers.Local {
		return errMockElsewhere
	}
	if err := s.canHandOut(j); err != nil {
		return err
	}
	if err := s.gather(); err != nil {
		return err
	}
	j.workers = s.workers.coordinator
	j.resumes = s.flags.Cluster.Resume != "" && s.started == 0
	if err := s.handOut(j); err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	w := work{Words: s.streams.Words, Target: o.Target, Payloads: o.Payloads, Dir: dir}
	switch {
	case j.target.Embedded != nil:
		w.Target = j.target.Embedded.URL()
	case s.flags.Cluster.Handed():
		w.Target, w.Handed, w.Endpoint = j.target.Where(), true, j.target.Name
	}
	body, err := json.Marshal(&w)
	if err != nil {
		return err
	}
	files, err := s.filesOf()
	if err != nil {
		return err
	}
	if j.resumes {
		if err = j.workers.Recall(body, files); err != nil {
			s.streams.Note("a worker that comes now cannot take part in this run: " + err.Error())
		}
		return nil
	}
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
	return append(paths, s.set.Named()...), nil
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
	if w.dir != "" && w.coordinator != nil {
		_ = os.RemoveAll(w.dir) // the session is over
	}
}
