package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"brunt/attack/result/wire"
	"brunt/attack/spell"
)

// follow reads the workers' snapshots and leases.
func (r *Run) follow(ctx context.Context) error {
	set, cancel := context.WithTimeout(ctx, setUpWithin)
	defer cancel()
	c := r.c
	consumer, err := c.stream.OrderedConsumer(set, r.after(r.sequence))
	if err != nil {
		return err
	}
	reading, err := consumer.Consume(r.take)
	if err != nil {
		return err
	}
	leases, err := c.leases.Watch(ctx, fmt.Sprintf("r%d.*", r.number))
	if err != nil {
		reading.Stop()
		return err
	}
	r.work.Go(func() { r.catchUp(ctx) })
	r.work.Go(func() {
		defer reading.Stop()
		defer leases.Stop()
		for {
			select {
			case entry, ok := <-leases.Updates():
				if !ok {
					return
				}
				if entry != nil {
					r.renewed(entry)
				}
			case <-ctx.Done():
				return
			}
		}
	})
	return nil
}

// subjects are those of the run's snapshots.
func (r *Run) subjects() string {
	return fmt.Sprintf("%s.%s.snap.%d.*", prefix, r.c.session, r.number)
}

const (
	// quietFor is for how long no snapshot comes, though there are workers, before the
	// stream is looked into.
	quietFor = 3 * time.Second
	// lookWithin is how long one look may take.
	lookWithin = 2 * time.Second
)

// catchUp takes messages that are in the stream and do not come. What hands them on lies
// on one server of a cluster, and is made anew half a minute after that has died; the
// messages lie on the others, too.
func (r *Run) catchUp(ctx context.Context) {
	tick := time.NewTicker(quietFor / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		r.mu.Lock()
		quiet := time.Since(r.taken) > quietFor
		r.mu.Unlock()
		if quiet {
			look, cancel := context.WithTimeout(ctx, lookWithin)
			r.takeMissed(look)
			cancel()
		}
	}
}

// takeMissed takes what the stream has after the last message that was taken.
func (r *Run) takeMissed(ctx context.Context) {
	for {
		r.mu.Lock()
		next := r.sequence + 1
		r.mu.Unlock()
		m, err := r.c.stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(r.subjects()))
		if err != nil {
			return // there is none, or no server says it
		}
		r.takeAt(m.Sequence, m.Data)
	}
}

// after is how the run's snapshots are read that come after a sequence of the stream.
func (r *Run) after(sequence uint64) jetstream.OrderedConsumerConfig {
	return jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{r.subjects()},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy, OptStartSeq: sequence + 1,
	}
}

// opened reads a message of a worker's; nil where it is none of this run. The run's lock
// is not held, for reading is most of the work that a message makes.
func (r *Run) opened(data []byte) *handedIn {
	var in handedIn
	if decode(data, &in) != nil || in.Run != r.number {
		return nil
	}
	if in.Object != "" {
		r.fetch(&in)
	}
	in.message, in.unreadable = wire.Decode(in.Body)
	return &in
}

// fetch gets a body that lies elsewhere, unless it cannot be got: then the message cannot
// be read, which is told.
func (r *Run) fetch(in *handedIn) {
	ctx, cancel := context.WithTimeout(context.Background(), setUpWithin)
	defer cancel()
	for {
		var err error
		if in.Body, err = r.c.files.GetBytes(ctx, in.Object); err == nil {
			return
		}
		select {
		case <-time.After(renewPause):
		case <-ctx.Done():
			return
		}
	}
}

// take takes a message of a worker's.
func (r *Run) take(m jetstream.Msg) {
	if about, err := m.Metadata(); err == nil {
		r.takeAt(about.Sequence.Stream, m.Data())
	}
}

// takeAt takes the message that has a number in the stream. Whoever reads the stream does
// it in order, so that one that was taken before is all that is to be left out.
func (r *Run) takeAt(sequence uint64, data []byte) {
	in := r.opened(data)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passed(sequence, len(data), in)
	if in == nil {
		return
	}
	p := r.partOf(in.Worker)
	switch {
	case p == nil || p.givenUp || in.Number <= p.number || r.over:
	case p.lost != nil:
		p.more = true // see rebuild
	default:
		r.takeIn(p, in)
	}
}

// takeIn adds a worker's message to what is known. r.mu is held.
func (r *Run) takeIn(p *part, in *handedIn) {
	p.began = true
	for i := range in.Yielded { // whose answer may have been lost
		r.owed = append(r.owed, r.yielded(p, &in.Yielded[i])...)
	}
	if in.Left != nil && p.left == nil {
		p.left = in.Left
	}
	if err := r.takeMessage(p, in); err != nil {
		if !p.unreadable {
			p.unreadable = true
			r.notes = append(r.notes, fmt.Sprintf("%s: a snapshot could not be read: %v", p.name(), err))
		}
		return
	}
	p.number, p.settled = in.Number, in.Settled
	if in.Last {
		p.final = true
		p.cancel()
	}
	r.version++
}

// partOf is the part of the worker with the index, nil where it has none.
func (r *Run) partOf(index int) *part {
	for _, p := range r.parts {
		if p.index == index {
			return p
		}
	}
	return nil
}

// renewed notes that a worker has renewed its lease.
func (r *Run) renewed(entry jetstream.KeyValueEntry) {
	var run, index int
	if n, _ := fmt.Sscanf(entry.Key(), "r%d.w%d", &run, &index); n != 2 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.partOf(index); p != nil {
		p.hold(entry)
	}
}

// hold notes what a worker's lease says, where it is held and that is news. The run's lock
// is held.
func (p *part) hold(entry jetstream.KeyValueEntry) {
	if upTo, held := upToIn(entry); held && entry.Revision() > p.revision {
		p.revision, p.allowed, p.renewed, p.began = entry.Revision(), upTo, time.Now(), true
	}
}

// rebuild takes all messages of the run again, or those since its last checkpoint: those
// of workers that were lost, too, so that what they have reported after all is known, and
// nothing of it is guessed. It lasts as long as messages come, each within the patience.
// An error leaves the run as it was. Nothing else may take messages meanwhile.
func (r *Run) rebuild(patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	from, err := r.lastCheckpoint(ctx)
	cancel()
	if err != nil {
		return err
	}
	r.mu.Lock()
	joined, parts, sequence := r.joined, make([]part, len(r.parts)), r.sequence
	for i, p := range r.parts {
		parts[i] = *p
	}
	err = r.goOnFrom(from)
	r.mu.Unlock()
	if err != nil {
		return err
	}
	err = r.each(sequence, patience, func(sequence uint64, size int, in *handedIn) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.passed(sequence, size, in)
		if in == nil {
			return
		}
		if p := r.partOf(in.Worker); p != nil && !p.givenUp && in.Number > p.number {
			r.takeIn(p, in)
		}
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.joined, r.sequence = joined, sequence
		for i, p := range r.parts {
			*p = parts[i]
		}
		return err
	}
	for _, p := range r.parts {
		if p.lost == nil && r.unsent(p) > 0 { // it has left, and nobody took its shares
			p.lost = &loss{why: "it was ended from outside", at: r.start.Add(r.schedule.Warmup + p.left.From), allowed: p.left.Taken, left: true}
		}
		if p.lost == nil {
			continue
		}
		p.lost.since = p.reported
		// One that came back has told all, but for what it did not begin of that which it
		// was allowed to: others could not know, and left it.
		if l := r.lostOf(p); !p.final || l.PlannedUnknown > 0 {
			r.joined.Lose(p.slot, l)
		}
	}
	r.version++
	return nil
}

// each gives all messages that the stream has of the run beyond those that passed, in
// order; nil for what is none. They end where no more come, but not before the one that is
// known to be there: a server that pauses looks the same. It gives up once none has come
// for as long as the patience.
func (r *Run) each(known uint64, patience time.Duration, take func(sequence uint64, size int, in *handedIn)) error {
	set, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	from := r.after(r.sequence)
	from.MaxResetAttempts = 2 // each batch is a reset; without a bound, one waits for a server for ever
	consumer, err := r.c.stream.OrderedConsumer(set, from)
	if err != nil {
		return err
	}
	last, came := r.sequence, time.Now()
	for {
		batch, err := consumer.FetchNoWait(256)
		if err != nil {
			return err
		}
		n := 0
		for m := range batch.Messages() {
			n++
			if about, err := m.Metadata(); err == nil {
				last = about.Sequence.Stream
				take(last, len(m.Data()), r.opened(m.Data()))
			}
		}
		switch err := batch.Error(); {
		case n > 0:
			came = time.Now()
			continue
		case err == nil && last >= known:
			return nil
		case time.Since(came) > patience && err != nil:
			return err
		case time.Since(came) > patience:
			return fmt.Errorf("no message has come for %s", spell.Span(patience))
		}
		<-time.After(renewPause)
	}
}
