package config

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"brunt/attack/cluster"
	"brunt/attack/plan"
	read "brunt/payloads/file"
)

// Cluster are the flags of a run that many workers make.
type Cluster struct {
	Workers       Workers      `placeholder:"N|local:N" help:"Have N workers send the load, started with brunt worker on other machines, or local:N on this one; this process sends none (brunt help machines)."`
	ListenWorkers string       `placeholder:"ADDR" help:"Where the embedded NATS server listens for workers (:4222 with a token; this machine only with local:N)."`
	WorkerToken   string       `placeholder:"TOKEN" env:"BRUNT_WORKER_TOKEN" help:"Token that workers connect with (a random one); @FILE or env:NAME keeps it off the command line."`
	WorkersCert   string       `predictor:"file" placeholder:"FILE" help:"Certificate (PEM) of the embedded NATS server, for TLS."`
	WorkersKey    string       `predictor:"file" placeholder:"FILE" help:"Its key (PEM)."`
	OnWorkerLoss  cluster.Loss `default:"redistribute" enum:"redistribute,continue,abort" help:"When a worker is lost: others send the rest of its share, until another one comes in its place (redistribute), nobody does (continue), or the run stops (abort)."`
	Resume        string       `env:"-" placeholder:"SESSION" help:"Go on with the run of a coordinator that has ended without finishing it, given with the same command line again; the coordinator says the name of its session."`

	WorkerCredentials string `default:"own" enum:"own,handed" help:"Credentials of a Databricks workspace: each worker has its own (own), or only this process has them and hands out short-lived tokens (handed), which takes TLS to the workers."`

	NATS `embed:""`
}

// Workers is how many workers there are to be, 0 for none; Local has them be processes
// that are started here.
type Workers struct {
	N     int
	Local bool
}

// maxLocal is how many processes are started here at most, unless there are more cores:
// each takes memory of its own.
const maxLocal = 64

// Decode reads N or local:N.
func (w *Workers) Decode(ctx *kong.DecodeContext) error {
	var word string
	if err := ctx.Scan.PopValueInto("workers", &word); err != nil {
		return err
	}
	number, local := strings.CutPrefix(word, "local:")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > plan.MaxShares {
		return fmt.Errorf("%q is no number of workers; write 4, or local:4 for processes on this machine (at most %d)", word, plan.MaxShares)
	}
	if most := max(maxLocal, runtime.NumCPU()); local && n > most {
		return fmt.Errorf("%q: at most %d processes on this machine, which share its cores; more workers take more machines", word, most)
	}
	*w = Workers{n, local}
	return nil
}

// Check reports flags that say nothing, or two things.
func (c *Cluster) Check() error {
	if c.Workers.N == 0 {
		if name := c.oneGiven(); name != "" {
			return fmt.Errorf("%s: it is for --workers, which is not there; add that, or leave it out", name)
		}
		return nil
	}
	if name := c.NATS.oneGiven(); name != "" && c.NATS.NATS == "" {
		return fmt.Errorf("%s: it is for --nats, which is not there; add that, or leave it out", name)
	}
	if err := c.checkHanded(); err != nil {
		return err
	}
	switch {
	case c.NATS.NATS != "" && c.ListenWorkers != "":
		return errors.New("--listen-workers with --nats: the embedded server is not used then; leave one out")
	case c.Resume != "" && c.Workers.Local:
		return errors.New("--resume: workers of this machine end with their coordinator, so that there is nothing to resume")
	case c.Resume != "" && strings.Trim(c.Resume, "abcdefghijklmnopqrstuvwxyz234567") != "":
		return errors.New("--resume: that is no name of a session; the coordinator said it when it began")
	case (c.WorkersCert == "") != (c.WorkersKey == ""):
		return errors.New("--workers-cert and --workers-key belong together; give both")
	case c.ListenWorkers != "":
		if _, _, err := net.SplitHostPort(c.ListenWorkers); err != nil {
			return fmt.Errorf("--listen-workers %s: write HOST:PORT, or :PORT for all addresses", c.ListenWorkers)
		}
	}
	return nil
}

// oneGiven is a flag that is there besides --workers, empty where there is none. A token
// may be there for other commands: people keep it in a variable.
func (c *Cluster) oneGiven() string {
	return firstOf([]givenName{
		{"--listen-workers", c.ListenWorkers != ""},
		{"--workers-cert", c.WorkersCert != ""},
		{"--workers-key", c.WorkersKey != ""},
		{"--on-worker-loss", c.OnWorkerLoss != "" && c.OnWorkerLoss != cluster.Redistribute},
		{"--resume", c.Resume != ""},
		{"--worker-credentials", c.Handed()},
		{"--nats", c.NATS.NATS != ""},
		{c.NATS.oneGiven(), true},
	})
}

// givenName is a flag's name, and whether it is given.
type givenName struct {
	name  string
	given bool
}

// firstOf is the name of the first one that is given.
func firstOf(list []givenName) string {
	for _, g := range list {
		if g.given {
			return g.name
		}
	}
	return ""
}

// Worker are the flags of the command worker.
type Worker struct {
	URL     string `arg:"" optional:"" name:"server" placeholder:"URL" help:"NATS server of the coordinator, as its --workers prints it: nats://TOKEN@host:4222; --nats says the same."`
	Token   string `name:"token" env:"BRUNT_WORKER_TOKEN" placeholder:"TOKEN" help:"Token of the coordinator; @FILE or env:NAME keeps it off the command line."`
	Name    string `placeholder:"TEXT" help:"Name of this worker, shown in reports (the host's)."`
	Once    bool   `help:"End with the coordinator (default: wait for the next one)."`
	Forever bool   `help:"Wait for the next coordinator once one has ended (the default)."`
	Cache   string `predictor:"file" placeholder:"DIR" help:"Directory where files of bodies are kept (one in the system's cache)."`
	Quiet   bool   `help:"Say nothing but errors."`

	Wait Duration `default:"60s" placeholder:"60s" help:"Try a server that does not answer yet for this long (${default})."`
	Tied bool     `hidden:"" env:"-" help:"End when standard input does."`

	NATS `embed:""`
}

// Help gives an example.
func (*Worker) Help() string {
	return `Example:
  brunt worker nats://TOKEN@10.0.0.7:4222 --once`
}

// Access is how the worker's flags say that the server is reached.
func (w *Worker) Access() (cluster.Access, error) {
	n := w.NATS
	switch {
	case w.URL != "" && n.NATS != "":
		return cluster.Access{}, errors.New("the server is named twice, as an argument and by --nats; leave one out")
	case w.URL+n.NATS == "":
		return cluster.Access{}, errors.New("no server: write brunt worker nats://TOKEN@host:4222, as the coordinator prints it")
	case w.Once && w.Forever:
		return cluster.Access{}, errors.New("--once and --forever: leave one out")
	case w.URL != "":
		n.NATS = w.URL
	}
	a, err := n.Access()
	if err != nil {
		return a, err
	}
	a.Token, err = secretOr("--token", w.Token)
	return a, err
}

// secretOr is a secret that a word is, or that lies where it says: @FILE or env:NAME.
func secretOr(flag, word string) (string, error) {
	if path, ok := strings.CutPrefix(word, "@"); ok {
		text, err := read.ReadText(path)
		if err != nil {
			return "", fmt.Errorf("%s: %w", flag, err)
		}
		return strings.TrimSpace(text), nil
	}
	if name, ok := strings.CutPrefix(word, "env:"); ok {
		text, set := os.LookupEnv(name)
		if !set {
			return "", fmt.Errorf("%s: the environment has no variable %s", flag, name)
		}
		return text, nil
	}
	return word, nil
}

// Token is the token that workers are to connect with, empty for a random one.
func (c *Cluster) Token() (string, error) { return secretOr("--worker-token", c.WorkerToken) }
