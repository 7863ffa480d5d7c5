package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/result/join"
	"brunt/attack/result/wire"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

// takeMessage adds what a worker has handed in. r.mu is held.
func (r *Run) takeMessage(p *part, body []byte) error {
	m, err := wire.Decode(body)
	if err != nil {
		return err
	}
	if err = r.joined.Take(p.slot, r.shift(p, m.Snapshot), m); err != nil {
		return err
	}
	p.sent = m.Snapshot.Counts.Sent
	return nil
}

// shift is how much later than the run a worker's measured part began, as far as the
// clocks tell. r.mu is held.
func (r *Run) shift(p *part, s *result.Snapshot) time.Duration {
	if s.Started.IsZero() {
		return 0
	}
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	offset, _, _ := p.clock.Offset(r.c.Clock())
	return s.Started.Sub(r.start.Add(r.schedule.Warmup)) - offset
}

// Snapshot is everything known of the run now: what its workers measured, added up.
// Nobody may write to it.
func (r *Run) Snapshot() *result.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cached != nil && r.cachedOf == r.version {
		return r.cached
	}
	s := r.joined.Snapshot()
	s.ID, s.Changes, s.Length = r.id, r.changes, r.length
	s.Started = r.start.Add(r.schedule.Warmup)
	s.State = r.state(s.State)
	// A worker that was lost stops for others, not because anyone wanted the run's end.
	s.Interrupted = !r.stopped.IsZero() && (!r.plan.Endless() || r.aborted)
	for _, note := range r.notes {
		s.Warnings = append(s.Warnings, setting.Plain(note))
	}
	r.cached, r.cachedOf = s, r.version
	return s
}

// state is the run's, where its workers' are of one of these. r.mu is held.
func (r *Run) state(of result.State) result.State {
	now := r.c.Clock()
	switch {
	case r.over:
		return result.Done
	case of == result.Done: // but for workers that are yet to be waited for
		return result.Draining
	case now.Before(r.start):
		return result.Starting
	}
	return of
}

// lostOf is how a worker was lost. r.mu is held.
func (r *Run) lostOf(p *part) result.Lost {
	l := result.Lost{Why: p.lost.why, Since: max(0, r.since(p.lost.since)), Until: max(0, r.since(p.lost.at))}
	if r.plan.Open() {
		for _, h := range p.shares {
			l.PlannedUnknown += r.schedule.PlannedOf(h.Share, h.From, p.lost.at.Sub(r.start))
		}
		l.PlannedUnknown -= min(l.PlannedUnknown, p.sent)
	}
	return l
}

// replay takes all messages of the run again, where a worker that was lost has reported
// after all: what it measured is known then, and nothing of it is guessed.
func (r *Run) replay() {
	r.mu.Lock()
	back := false
	for _, p := range r.parts {
		back = back || p.lost != nil && p.back
	}
	r.mu.Unlock()
	if !back {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), replayWithin)
	defer cancel()
	messages, err := r.messages(ctx)
	if err != nil {
		r.note("what a worker reported after it was lost could not be read: " + err.Error())
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.joined = join.New(&r.plan)
	for _, p := range r.parts {
		p.slot, p.number = r.joined.Add(p.label()), 0
	}
	for _, in := range messages {
		if p := r.partOf(in.Worker); p != nil && (p.lost == nil || p.back) && in.Number > p.number {
			p.number = in.Number
			if err := r.takeMessage(p, in.Body); err != nil {
				r.notes = append(r.notes, fmt.Sprintf("%s: a snapshot could not be read: %v", p.name(), err))
			}
		}
	}
	for _, p := range r.parts {
		switch {
		case p.lost == nil:
		case p.back:
			r.notes = append(r.notes, fmt.Sprintf("%s was not heard of from %s to %s into the run, and was taken for lost; "+
				"what it sent is in these figures, and the rest of its share was sent by others",
				p.name(), spell.Span(max(0, r.since(p.lost.since))), spell.Span(max(0, r.since(p.lost.at)))))
		default:
			r.joined.Lose(p.slot, r.lostOf(p))
		}
	}
	r.version++
}

// replayWithin is how long the messages of a run may take to be read again.
const replayWithin = 20 * time.Second

// messages are all that the stream has of the run, in order.
func (r *Run) messages(ctx context.Context) (list []*handedIn, err error) {
	consumer, err := r.c.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{r.subjects()}, DeliverPolicy: jetstream.DeliverAllPolicy,
	})
	if err != nil {
		return nil, err
	}
	for {
		batch, err := consumer.FetchNoWait(256)
		if err != nil {
			return nil, err
		}
		n := 0
		for m := range batch.Messages() {
			n++
			if in := r.opened(m.Data()); in != nil {
				list = append(list, in)
			}
		}
		if batch.Error() != nil || n == 0 {
			return list, batch.Error()
		}
	}
}

// lasting is the plan with the length that it has by now. r.mu is held.
func (r *Run) lasting() plan.Plan {
	p := r.plan
	if r.length != nil {
		p.SetLength(*r.length)
	}
	return p
}
