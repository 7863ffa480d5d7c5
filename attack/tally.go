package attack

import (
	"bytes"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/cause"
	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

// tally counts what the slots of one loop did. Its size is fixed: it does not grow with
// requests. Its lock is the loop's.
type tally struct {
	mu         sync.Mutex
	histograms *intervalHistograms
	counts     result.Counts
	status     [1000]uint64
	failures   map[failureKey]*result.Failure
	names      []*named  // by name id, nil until used
	models     []*served // by first appearance
	slowest    slowest
	refusal    cause.Refusal // the last one
	records    []Record      // for a sink; no room without one
	// recordModel is the model of the last record: most records have the same.
	recordModel string
	last        Instant // end of the last exchange that was not cut off, the measured start before any
	silence     silence
	warmup      warmupTimes

	_ [64]byte // tallies share no cache line
}

type failureKey struct {
	kind   string
	status int
	cause  cause.Cause
}

// named are one payload name's figures within a tally.
type named struct {
	sent, succeeded, failed, cutOff uint64
	bytesIn, bytesOut, tokens       uint64
	response, service               *hdrhistogram.PackedHistogram
}

func newNamed() *named { return &named{response: histogram.New(), service: histogram.New()} }

func newTally(names int) *tally {
	return &tally{histograms: newSlice(), failures: map[failureKey]*result.Failure{}, names: make([]*named, names)}
}

// countConnection counts the one that was opened last for an exchange, unless the
// warm-up needed it. The lock is held.
func (t *tally) countConnection(ex *exchange) {
	if ex.warm {
		return
	}
	t.counts.Connections++
	t.add(t.histograms[figure.Connect], ex.connect)
	if ex.tls > 0 {
		t.add(t.histograms[figure.TLS], ex.tls)
		if ex.resumed {
			t.counts.TLSResumed++
		} else {
			t.counts.TLSFull++
		}
	}
}

// record counts the slot's exchange. The lock is held.
func (t *tally) record(w *slot) {
	ex := &w.ex
	var failure *result.Failure
	if ex.outcome == failed && !ex.warm {
		failure = t.failureEntry(w)
	}
	c := &t.counts
	if ex.opened {
		t.countConnection(ex)
	}
	if ex.warm {
		c.Warmup++
		t.warmup.add(ex)
		t.countInWindow(w)
		return
	}
	c.Sent++
	c.BytesOut += uint64(ex.out)
	c.BytesIn += uint64(ex.in)
	if ex.reopened {
		c.Reconnected++
	}
	lateness := ex.begin.Sub(ex.planned)
	late, count := t.histograms[figure.Lateness], &c.LateWithSlots
	if ex.noSlot {
		late, count = t.histograms[figure.SlotWait], &c.LateNoSlots
	}
	t.add(late, lateness)
	if lateness > result.LateEnough {
		*count++
	}
	if ex.outcome != cutOff {
		t.silence.replyEnded(t.last, ex.end)
		t.last = max(t.last, ex.end)
	}
	if ex.status > 0 {
		t.status[ex.status]++
		t.slowest.offer(w)
	}
	tokens := uint64(0) // of output
	switch ex.outcome {
	case succeeded:
		c.Succeeded++
		t.add(t.histograms[figure.Response], ex.end.Sub(ex.planned))
		t.add(t.histograms[figure.Service], ex.end.Sub(ex.sent))
		t.add(t.histograms[figure.FirstByte], ex.first.Sub(ex.sent))
		if len(ex.model) > 0 {
			t.countModel(ex.model, ex)
		}
		if w.reply.streaming {
			tokens = t.countStream(ex, w.reply.stream, &w.reply.gaps)
		}
		if w.reply.readsUsage {
			tokens = t.countUsage(&w.reply.usage)
			if ex.whole {
				c.Answers.Whole++
			}
		}
		if b := &w.run.plan.Good; *b != (plan.Bounds{}) && w.keeps(b) {
			c.Good++
		}
	case failed:
		c.Failed++
		t.add(t.histograms[figure.Failed], ex.end.Sub(ex.planned))
		failure.Occurred(ex.end.Sub(w.run.measured.Load()))
		if id := w.run.nameOf[ex.variant]; id >= 0 {
			failure.Hit(w.run.names[id], 1)
		}
	case cutOff:
		c.CutOff++
	}
	t.countInWindow(w)
	if id := w.run.nameOf[ex.variant]; id >= 0 {
		t.countName(id, ex, tokens)
	}
	if w.run.borders != nil {
		t.countName(len(w.run.names)+int(ex.stage), ex, tokens)
	}
	if t.records != nil {
		t.keepRecord(w)
	}
}

// add records a duration; what the histogram cannot hold is put at its bound
// and counted.
func (t *tally) add(b *histogram.Buckets, length time.Duration) {
	ns, fits := histogram.Recordable(length)
	if !fits {
		t.counts.Clamped++
	}
	b.Record(ns)
}

// failureEntry is the one that the exchange's failure is counted in. To make a new one
// takes reading a payload file, and redaction: the lock, which is held, is let go
// for that, so it is to be called before anything of the exchange is counted.
func (t *tally) failureEntry(w *slot) *result.Failure {
	ex := &w.ex
	key := failureKey{kind: ex.kind, status: ex.status}
	if ex.status > 0 {
		key.cause = t.refusal.Explain(ex.status, w.reply.sample, w.run.databricks || w.reply.ofDatabricks())
	}
	databricks := t.refusal.Databricks
	for {
		if f := t.failures[key]; f != nil {
			return f
		}
		if len(t.failures) >= maxKinds && key != otherKinds {
			key = otherKinds
			continue
		}
		t.mu.Unlock()
		f := w.newFailure(key, databricks)
		t.mu.Lock()
		if t.failures[key] == nil && (len(t.failures) < maxKinds || key == otherKinds) {
			t.failures[key] = f
		}
	}
}

// otherKinds is the key of all failures whose own there is no room for.
var otherKinds = failureKey{kind: result.KindOther}

// newFailure makes the first entry of a kind, with the example; databricks says
// that a reply is of an endpoint of theirs.
func (w *slot) newFailure(key failureKey, databricks bool) *result.Failure {
	ex := &w.ex
	f := &result.Failure{
		Kind:    key.kind,
		Status:  key.status,
		First:   ex.end.Sub(w.run.measured.Load()),
		Payload: w.run.payloads.WhereTurn(ex.index, int(ex.turn)),
		Names:   make([]result.NameHit, 0, result.MaxNamesHit),
	}
	redact := w.run.redactor(ex)
	switch {
	case key.kind == result.KindOther && ex.kind != result.KindOther:
		f.Message = setting.Plain("more kinds of failures than are kept apart")
	case ex.status > 0:
		f.Kind = "status_" + strconv.Itoa(ex.status)
		f.Message = setting.Plain(redact(cause.DescribeBody(w.reply.sample)))
		f.RequestID = redact(spell.OneLine(string(w.reply.requestID()), maxIDLength))
		f.Cause, f.Headers = key.cause, w.reply.headers(redact)
		f.Sample = redact(wholeWords(w.reply.sample))
		if to := f.Headers["location"]; key.cause == cause.Redirect && to != "" {
			f.Message = setting.Plain("redirects to " + to)
		}
		f.Advice = w.run.adviceOn(
			key.cause,
			cause.AdviceOn(
				key.cause,
				&cause.Answered{
					Databricks: databricks, Secure: w.run.hosts[w.run.kinds[ex.variant].host].target.TLS,
					Method:  w.run.kinds[ex.variant].method,
					Payload: f.Payload, ID: f.RequestID, Headers: f.Headers,
				},
			),
			f.Headers,
		)
	default:
		f.Message, f.Advice = ex.describe(redact), w.run.remedyFor(ex)
		if told := (*streamError)(nil); errors.As(ex.err, &told) {
			f.RequestID = redact(spell.OneLine(string(w.reply.requestID()), maxIDLength))
			f.Sample = redact(wholeWords(w.reply.sample))
		}
	}
	return f
}

// wholeWords is a sample as text. One that was cut ends with its last whole word: a part
// of a secret would not be known as one.
func wholeWords(sample []byte) string {
	if len(sample) < cause.SampleSize {
		return string(sample)
	}
	return string(sample[:bytes.LastIndexAny(sample, " \t\r\n\",;<>")+1]) + "…"
}

// countName counts an exchange, with so many tokens of output, under its payload's
// name.
func (t *tally) countName(id int, ex *exchange, tokens uint64) {
	n := t.names[id]
	if n == nil {
		n = newNamed()
		t.names[id] = n
	}
	n.sent++
	n.bytesIn += uint64(ex.in)
	n.bytesOut += uint64(ex.out)
	n.tokens += tokens
	switch ex.outcome {
	case succeeded:
		n.succeeded++
		response, _ := histogram.Recordable(ex.end.Sub(ex.planned))
		service, _ := histogram.Recordable(ex.end.Sub(ex.sent))
		_ = n.response.RecordValue(response)
		_ = n.service.RecordValue(service)
	case failed:
		n.failed++
	case cutOff:
		n.cutOff++
	}
}
