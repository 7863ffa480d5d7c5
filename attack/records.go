package attack

import (
	"sync/atomic"
	"time"
)

const (
	// maxRecords is how many records a tally holds for a sink that is behind;
	// what comes on top is dropped and counted, for the load never waits.
	maxRecords = 1 << 16
	// recordInterval is the time between two hand-overs to the sink.
	recordInterval = 20 * time.Millisecond
	// recordTimeout is how long a finished run waits for a sink that is behind.
	recordTimeout = 10 * time.Second
)

// Record is one measured request, for results files. Instants are counted from
// the measured start.
type Record struct {
	Index                     uint64
	Planned, Begun, Sent, End time.Duration // Sent is 0 where no connection was had
	BytesIn, BytesOut         uint64
	Status                    int    // 0 where no complete reply came
	Succeeded                 bool   // the status is in the plan's set
	Kind                      string // of an error without a status, empty otherwise

	First time.Duration // first byte of the reply, 0 where none came
	// Answer is what the reply says of the answer in it; nil where it says nothing.
	Answer *Answer

	id    [48]byte // with Plan.RecordIDs
	idLen uint8
}

// RequestID is what the endpoint calls the request, at most 48 bytes of it, as far
// as Plan.RecordIDs has it kept; valid as long as the record.
func (r *Record) RequestID() []byte { return r.id[:r.idLen] }

// Sink takes records in batches, one call at a time, from a goroutine of its
// own, with the measured start that their instants count from. It may be slow;
// the slice is only valid during the call. After an error
// it is not called again.
type Sink func(start time.Time, batch []Record) error

// keepRecord notes the exchange for the sink. The tally's lock is held.
func (t *tally) keepRecord(w *slot) {
	if len(t.records) == cap(t.records) {
		return // dropped: what the sink did not take is counted at the end
	}
	ex := &w.ex
	from := w.run.measured.Load()
	r := Record{
		Index: ex.index, Planned: ex.planned.Sub(from), Begun: ex.begin.Sub(from), End: ex.end.Sub(from),
		BytesIn: uint64(ex.in), BytesOut: uint64(ex.out), Status: ex.status, Succeeded: ex.outcome == succeeded,
	}
	if ex.sent > 0 {
		r.Sent = ex.sent.Sub(from)
	}
	if ex.first > 0 {
		r.First = ex.first.Sub(from)
	}
	if ex.status == 0 {
		r.Kind = ex.kind
	}
	if w.run.plan.RecordIDs && (ex.status > 0 || w.reply.streaming) {
		r.idLen = uint8(copy(r.id[:], w.reply.requestID()))
	}
	r.Answer = t.answerOf(w)
	t.records = append(t.records, r)
}

// recorder hands the tallies' records to the sink.
type recorder struct {
	run      *Run
	sink     Sink
	spare    []Record
	kept     atomic.Uint64 // records that the sink took
	ended    bool          // the sink failed
	quit     chan struct{}
	finished chan struct{}
}

func newRecorder(r *Run, sink Sink) *recorder {
	for _, l := range r.loops {
		l.tally.records = make([]Record, 0, maxRecords)
	}
	return &recorder{
		run:      r,
		sink:     sink,
		spare:    make([]Record, 0, maxRecords),
		quit:     make(chan struct{}),
		finished: make(chan struct{}),
	}
}

func (r *recorder) loop() {
	defer close(r.finished)
	ticker := time.NewTicker(recordInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.drain()
		case <-r.quit:
			r.drain()
			return
		}
	}
}

func (r *recorder) drain() {
	for _, l := range r.run.loops {
		t := l.tally
		t.mu.Lock()
		t.records, r.spare = r.spare[:0], t.records
		t.mu.Unlock()
		if len(r.spare) == 0 || r.ended {
			continue
		}
		if r.sink(r.run.clock.Time(r.run.measured.Load()), r.spare) != nil {
			r.ended = true
			continue
		}
		r.kept.Add(uint64(len(r.spare)))
	}
}

// close hands over what is left once no slot is running. A sink that takes
// no more is not waited for for ever: whoever owns it knows.
func (r *recorder) close() {
	close(r.quit)
	select {
	case <-r.finished:
	case <-time.After(recordTimeout):
	}
}
