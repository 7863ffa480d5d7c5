package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/nats-io/nats.go"

	"brunt/attack"
	"brunt/attack/plan"
)

// prefix begins all subjects.
const prefix = "brunt"

// subjectJoin is where workers ask for a coordinator that wants some.
const subjectJoin = prefix + ".join"

func subjectEnter(session string) string { return prefix + "." + session + ".enter" }

// subjectOf is where the coordinator asks a worker, by its id, to do something. No other
// worker can listen there, or knows where it is.
func subjectOf(session, worker, what string) string {
	return fmt.Sprintf("%s.%s.w.%s.%s", prefix, session, worker, what)
}

// subjectCredentials is where workers ask for what requests are to carry.
func subjectCredentials(session string) string { return prefix + "." + session + ".credentials" }

// subjectSaid is where a worker tells the coordinator how far it is.
func subjectSaid(session string, worker int) string {
	return fmt.Sprintf("%s.%s.said.%d", prefix, session, worker)
}

// subjectSnapshots is where a worker's snapshots of a session's run go.
func subjectSnapshots(session string, run, worker int) string {
	return fmt.Sprintf("%s.%s.snap.%d.%d", prefix, session, run, worker)
}

// leftRecordsName is the object in which a worker says that it has handed in its records
// of a run, where it does not wait to be asked for them.
func leftRecordsName(run, worker int) string { return fmt.Sprintf("records.%d.%d", run, worker) }

func streamName(session string) string  { return "brunt-" + session }
func leaseBucket(session string) string { return "brunt-" + session + "-leases" }
func fileBucket(session string) string  { return "brunt-" + session + "-files" }
func leaseKey(run, worker int) string   { return fmt.Sprintf("r%d.w%d", run, worker) }

// What a coordinator asks of a worker.
const (
	askPrepare = "prepare"
	askClock   = "clock"
	askStart   = "start"
	askChange  = "change"
	askRecords = "records"
	askEnd     = "end"
)

// hello is what a worker says of itself.
type hello struct {
	ID      string // of this worker process, made by it: the public half of its key
	Life    int    // how often it has looked for a coordinator: what it had of an earlier one is gone
	Name    string // for people
	Version string
	Cores   int
	Started int64 // by its clock, ns
}

// offer answers a hello: a session that wants workers.
type offer struct {
	Session string
	Refused string // why this worker cannot take part; empty where it can
}

// place is a worker's in a session.
type place struct {
	Index   int
	Refused string
}

// term numbers the coordinators that a session has had, one after the other: a worker does
// nothing for one that was replaced.
type term uint64

// question is what is asked of a worker without saying more.
type question struct{ Term term }

// order is what a worker prepares.
type order struct {
	Term   term
	Number int // counts the orders of a session
	// Body may hold what was secret on a command line: it travels sealed.
	Body   []byte `cbor:"-"`
	Sealed sealed
	Files  []fileRef
}

// fileRef is a file of the coordinator's that a worker needs.
type fileRef struct {
	Path   string // as the order names it
	Digest string // SHA-256, in hex: the object's name
	Size   int64
}

// said is what a worker tells of an order.
type said struct {
	Order int
	State string
	Text  string // what it is at, or why it failed
}

// States of a worker's order.
const (
	saidBusy   = "busy"
	saidReady  = "ready"
	saidFailed = "failed"
)

// moment answers askClock: the worker's clock when the question came and when the answer
// went, in ns. It says besides how far the worker is, for what it told may be lost.
type moment struct {
	Came, Went int64
	Said       said
	Done       int // number of the run that has ended there; 0 for none
}

// begin starts a run.
type begin struct {
	Term   term
	Run    int
	Order  int
	ID     string // of the run
	Plan   []byte // JSON of a plan.Plan
	Shares []plan.Share
	At     int64         // the schedule's start by the worker's clock, ns
	Lease  time.Duration // how long it may send after a renewal; 0 for always
	Ahead  bool          // it may begin requests only as far as its lease says
}

// change is what becomes of a run under way. Changes have numbers, in order, and one that
// comes twice is done once.
type change struct {
	Term        term
	Run, Number int
	What        string
	From        time.Duration // since the measured start; of a share that is yielded, since the schedule's
	Freq        int           // of a rate
	Per         time.Duration
	Concurrency int
	Length      time.Duration
	Until       time.Duration // of a share that is taken over, since the schedule's start; 0 for good
	Share       plan.Share
	Request     uint64 // the first of the share's that is not done yet, in a closed loop
	How         plan.AtEnd
}

// Kinds of changes.
const (
	changeRate   = "rate"
	changeLength = "length"
	changeStop   = "stop"
	changeTake   = "take"
	changeYield  = "yield"
	changeSettle = "settle"
)

// answer is a worker's to a request; Refused is empty where it is done.
type answer struct {
	Refused  string
	Over     bool // refused, since its run sends no more
	Early    bool // refused, since its run has not begun
	Replaced bool // refused, since another coordinator is at work
	Yielded  *yielded
}

// yielded is where a worker has ended to send a share. Its first one has the number 1: a
// worker may be given a share again that it has yielded before.
type yielded struct {
	Number int
	attack.Yielded
}

// replacedAnswer is one to a coordinator that is none any more.
var replacedAnswer = answer{Refused: "another coordinator is at work", Replaced: true}

func encode(v any) []byte {
	b, err := cbor.Marshal(v)
	if err != nil {
		panic(err) // a type of ours that cannot be written down
	}
	return b
}

func decode(b []byte, v any) error { return cbor.Unmarshal(b, v) }

// ask sends a request and waits for the answer, for as long as the context lasts: where
// nobody listens, or the connection is lost, it asks again.
func ask(ctx context.Context, c *nats.Conn, subject string, question, reply any) error {
	const (
		patience = 2 * time.Second
		pause    = 200 * time.Millisecond
	)
	var last error
	for {
		one, cancel := context.WithTimeout(ctx, patience)
		m, err := c.RequestWithContext(one, subject, encode(question))
		cancel()
		if err == nil {
			return decode(m.Data, reply)
		}
		if last = err; errors.Is(err, nats.ErrConnectionClosed) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", last)
		case <-time.After(pause):
		}
	}
}

// listen has a function answer the requests of a subject. A request that makes no sense
// is left unanswered.
func listen[Q, A any](c *nats.Conn, subject string, handle func(Q) A) (*nats.Subscription, error) {
	return c.Subscribe(subject, func(m *nats.Msg) {
		var q Q
		if decode(m.Data, &q) != nil {
			return
		}
		_ = m.Respond(encode(handle(q))) // whoever asked asks again
	})
}
