package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"brunt/attack"
	"brunt/attack/plan"
)

const (
	// seekEvery is how often a worker asks for a coordinator.
	seekEvery = 500 * time.Millisecond
	// orphanAfter is how long a worker with nothing to do waits for a word of its
	// coordinator, which speaks to it at least each clockEvery.
	orphanAfter = 15 * time.Second
	// rehearseWithin is how long the server may take to answer to what a report needs.
	rehearseWithin = 10 * time.Second
	// notNeededAfter is how long a worker for one session, which had no place in it, waits
	// for another word of its coordinator.
	notNeededAfter = 10 * time.Second
	// reportWithin is how long a worker tries to hand in its last snapshot, and then
	// waits to be sent away: a coordinator that died may be started again.
	reportWithin = 10 * time.Minute
)

// Prepared is an order that a worker has made ready.
type Prepared struct {
	// Start begins a run of the plan, which it completes with what no plan that was
	// sent can hold.
	Start func(p plan.Plan) (*attack.Run, error)
	// Records ends the file of records, once the run is done, and says where it is; early
	// is that the run of others goes on. Nil where none is written.
	Records func(early bool) (path string, err error)
	Close   func()
}

// WorkerOptions are what a worker works with.
type WorkerOptions struct {
	Access
	Name    string // for people; the host's name where it is empty
	Version string // a coordinator takes no other than its own
	Cores   int
	Once    bool // one session, not one after the other
	// Wait is for how long a server that does not answer yet is tried.
	Wait time.Duration
	// Cache is the directory where files of bodies are kept by digest.
	Cache string
	// Prepare makes an order ready, whose files lie where files says; tell is told what
	// is waited for. credentials asks the coordinator for what Coordinator.HandOut gives,
	// at any time; its error says why there is none.
	Prepare func(ctx context.Context, body []byte, files map[string]string, credentials Ask, tell func(string)) (*Prepared, error)
	// Tell is told, a line each, what becomes of the worker.
	Tell func(line string)
	// Clock is this machine's; nil for time.Now.
	Clock func() time.Time
}

// worker is a worker process.
type worker struct {
	WorkerOptions
	id   string        // the public half of its key
	key  nkeys.KeyPair // what is for this worker alone is sealed for it
	life int           // how often it has looked for a coordinator
	nats *nats.Conn
	js   jetstream.JetStream

	denied *denials
}

// ErrLeft is a worker's end without having been sent away by its coordinator.
var ErrLeft = errors.New("the coordinator is gone")

// toldToEnd is the end of a worker that was told to end, by whoever runs it, while a run
// was under way, of which it has reported its part. It is an attack.ErrInterrupted.
type toldToEnd struct{}

func (toldToEnd) Error() string        { return "told to end while a run was under way" }
func (toldToEnd) Is(target error) bool { return target == attack.ErrInterrupted }

// errNotNeeded is the end of a worker for one session whose coordinator has ended without
// having had a place for it.
var errNotNeeded = errors.New("the coordinator has ended, and had no place for this worker")

// errReplaced is a worker's end that was taken for lost, once it has told what it knows.
var errReplaced = errors.New("other workers have taken its place")

// newWorker is a worker with a key of its own.
func newWorker(o WorkerOptions) (w *worker, err error) {
	w = &worker{WorkerOptions: o, denied: newDenials()}
	if w.key, err = nkeys.CreateCurveKeys(); err != nil {
		return nil, err
	}
	w.id, err = w.key.PublicKey()
	w.Access.id = w.id
	return w, err
}

// Work connects, and works for one coordinator (Once) or one after the other, until the
// context ends: then what is in flight is drained and reported first.
func Work(ctx context.Context, o WorkerOptions) error {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Name == "" {
		o.Name, _ = os.Hostname() // a name for people; the number tells workers apart
	}
	w, err := newWorker(o)
	if err != nil {
		return err
	}
	if w.nats, w.js, err = w.await(ctx, w.Name, w.denied, o.Wait, o.Tell); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer w.nats.Close()
	w.Tell("waiting for a coordinator at " + o.Shown())
	for {
		s, err := w.join(ctx)
		if err != nil {
			if errors.Is(err, errNotNeeded) {
				w.Tell(err.Error())
				return nil
			}
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		err = s.serve(ctx)
		if ctx.Err() != nil || w.Once {
			return err
		}
		if err != nil {
			w.Tell(err.Error())
		}
	}
}

// join waits for a session that wants a worker, and enters it.
func (w *worker) join(ctx context.Context) (*session, error) {
	w.life++
	h := hello{ID: w.id, Life: w.life, Name: w.Name, Version: w.Version, Cores: w.Cores}
	told, heard := "", time.Time{}
	for {
		h.Started = w.Clock().UnixNano()
		var o offer
		var p place
		one, cancel := context.WithTimeout(ctx, 2*time.Second)
		m, err := w.nats.RequestWithContext(one, subjectJoin, encode(h))
		if err == nil {
			err = decode(m.Data, &o)
		}
		if err == nil && o.Refused == "" {
			w.denied.enter(o.Session)
			if err = ask(one, w.nats, subjectEnter(o.Session), h, &p); err == nil && p.Refused == "" {
				cancel()
				return w.open(ctx, o.Session, p.Index)
			}
		}
		cancel()
		if err := w.denied.found(w.nats); err != nil {
			return nil, fmt.Errorf("%s: %w", w.Shown(), err)
		}
		if refused := o.Refused + p.Refused; refused != "" {
			heard = time.Now()
			if refused != told {
				told = refused
				w.Tell(refused)
			}
		}
		if w.Once && !heard.IsZero() && time.Since(heard) > notNeededAfter {
			return nil, errNotNeeded
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(seekEvery):
		}
	}
}
