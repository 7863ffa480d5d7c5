package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"brunt/attack/result/join"
)

// What workers hand in is kept until it is in a checkpoint: all that is merged so far, as
// one object. So what a run has stored does not grow with its length, and a coordinator
// that is started again does not have to read more than a few seconds' work.
const (
	// checkpointEvery is after how many messages, or how many bytes of them, one is made:
	// but no less than the last one had, so that more is read than is written.
	checkpointEvery = 20_000
	checkpointBytes = 64 << 20
	// checkpointWithin is how long one may take. A coordinator has its own lease for
	// longer than that when it begins one: no other one goes on with the run meanwhile.
	checkpointWithin = 2 * clockEvery
	// checkpointPause is when it is tried again where one could not be made.
	checkpointPause = 10 * time.Second
	// lateFor is how long after its loss a worker's messages may come. One that is lost
	// stops when it hears of that; what comes later is left.
	lateFor = 10 * time.Minute
)

func checkpointName(run int) string { return fmt.Sprintf("run.%d", run) }

// checkpoint is what a run's messages have come to, up to one of them.
type checkpoint struct {
	Sequence uint64 // of the last message, in the stream
	Joined   []byte // a join.Saved
	Parts    []partCheckpoint
}

// partCheckpoint is what the messages of a worker have come to.
type partCheckpoint struct {
	Worker, Slot, Number                     int
	Planned                                  uint64
	Reported, At                             time.Duration
	Placed, Settled, Final, Unreadable, Gone bool
	Left                                     *left
}

// passing is what has come since the last checkpoint.
type passing struct {
	messages int
	bytes    int
	objects  []string // bodies that lie elsewhere
	last     int      // bytes of the last checkpoint
}

// passed notes that a message of so many bytes has been looked at; nil for one that is
// none. r.mu is held.
func (r *Run) passed(sequence uint64, size int, in *handedIn) {
	r.taken = time.Now()
	if sequence <= r.sequence {
		return // it came twice
	}
	r.sequence = sequence
	r.passing.messages++
	if r.passing.bytes += size; in != nil && in.Object != "" {
		r.passing.bytes += len(in.Body)
		r.passing.objects = append(r.passing.objects, in.Object)
	}
}

// lastSequence is that of the stream's last message; 0 where the server does not say.
func (c *Coordinator) lastSequence() uint64 {
	ctx, cancel := context.WithTimeout(context.Background(), clockEvery)
	defer cancel()
	info, err := c.stream.Info(ctx)
	if err != nil {
		return 0 // then what is stored stays until the session's end
	}
	return info.State.LastSeq
}

// checkpoints makes one now and then. It begins with taking away what earlier runs of the
// session have left.
func (r *Run) checkpoints(ctx context.Context) {
	if r.earlier > 0 {
		_ = r.c.stream.Purge(ctx, jetstream.WithPurgeSequence(r.earlier+1)) // what stays goes with the session
		_ = r.c.files.Delete(ctx, checkpointName(r.number-1))
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	told := false
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := r.checkpoint(ctx)
		if err == nil {
			tick.Reset(time.Second)
			continue
		}
		tick.Reset(checkpointPause)
		if ctx.Err() == nil && !told {
			told = true
			r.c.Tell("what the workers have handed in could not be put together, so that more of it is kept: " + err.Error())
		}
	}
}

// checkpoint makes one, if it is time.
func (r *Run) checkpoint(ctx context.Context) error {
	r.mu.Lock()
	due := r.isTime()
	r.mu.Unlock()
	if !due {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkpointWithin)
	defer cancel()
	if r.c.stay(); isClosed(r.c.replaced) {
		return nil
	}
	r.mu.Lock()
	if !r.isTime() { // a worker was lost just now
		r.mu.Unlock()
		return nil
	}
	now, saved, passed := r.checkpointNow(), r.joined.Save(), r.passing
	r.passing = passing{last: passed.last}
	r.mu.Unlock()
	var err error
	if now.Joined, err = saved.MarshalBinary(); err != nil {
		r.passAgain(&passed)
		return err
	}
	body := encode(now)
	if _, err = r.c.files.PutBytes(ctx, checkpointName(r.number), body); err != nil {
		r.passAgain(&passed)
		return err
	}
	r.mu.Lock()
	r.passing.last = len(body)
	r.mu.Unlock()
	if err = r.c.stream.Purge(ctx, jetstream.WithPurgeSequence(now.Sequence+1)); err != nil {
		r.passAgain(&passing{objects: passed.objects}) // the next one takes them away, too
		return err
	}
	for _, name := range passed.objects {
		_ = r.c.files.Delete(ctx, name) // what stays goes with the session
	}
	return nil
}

// passAgain counts what has come for the next checkpoint, since this one was not made.
func (r *Run) passAgain(p *passing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passing.messages += p.messages
	r.passing.bytes += p.bytes
	r.passing.objects = append(slices.Clone(p.objects), r.passing.objects...)
}

// isTime reports whether enough has come. While a worker that was lost may yet hand in
// something, and once one has, messages must stay as they came: see rebuild. r.mu is held.
func (r *Run) isTime() bool {
	waits := &r.passing
	every := cmp.Or(r.c.checkpointEvery, checkpointEvery)
	if r.over || waits.messages < every && waits.bytes < checkpointBytes || waits.bytes < waits.last {
		return false
	}
	for _, p := range r.parts {
		if p.lost == nil || p.givenUp {
			continue
		}
		if p.more || time.Since(p.lost.at) < lateFor {
			return false
		}
		p.givenUp = true
	}
	return true
}

// checkpointNow is the run's, but for what is merged. r.mu is held.
func (r *Run) checkpointNow() *checkpoint {
	c := &checkpoint{Sequence: r.sequence}
	for _, p := range r.parts {
		c.Parts = append(c.Parts, partCheckpoint{
			Worker: p.index, Slot: p.slot, Number: p.number, Planned: p.planned, Reported: p.reported, At: p.at,
			Placed: p.placed, Settled: p.settled, Final: p.final, Unreadable: p.unreadable, Gone: p.givenUp, Left: p.left,
		})
	}
	return c
}

// lastCheckpoint is the run's last one; nil where there is none.
func (r *Run) lastCheckpoint(ctx context.Context) (*checkpoint, error) {
	body, err := r.c.files.GetBytes(ctx, checkpointName(r.number))
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return nil, nil
	}
	var c checkpoint
	if err == nil {
		err = decode(body, &c)
	}
	if err != nil {
		return nil, fmt.Errorf("what the workers have handed in cannot be read: %w", err)
	}
	return &c, nil
}

// goOnFrom makes what is merged that of a checkpoint, or empty where there is none.
// r.mu is held.
func (r *Run) goOnFrom(c *checkpoint) error {
	joined, sequence := join.New(&r.plan), uint64(0)
	had := map[int]*partCheckpoint{}
	if c != nil {
		var err error
		if joined, err = join.Restore(&r.plan, c.Joined); err != nil {
			return err
		}
		sequence = c.Sequence
		for i := range c.Parts {
			had[c.Parts[i].Worker] = &c.Parts[i]
		}
	}
	r.joined, r.sequence = joined, sequence
	for _, p := range r.parts {
		one := had[p.index]
		if one == nil {
			p.slot, p.number, p.planned = joined.Add(p.label()), 0, 0
			r.tellTaken(p)
			continue
		}
		p.slot, p.number, p.planned, p.reported, p.at, p.placed = one.Slot, one.Number, one.Planned, one.Reported, one.At, one.Placed
		p.settled, p.final, p.unreadable, p.givenUp, p.began = one.Settled, one.Final, one.Unreadable, one.Gone, true
		r.tellTaken(p)
		if p.left == nil {
			p.left = one.Left
		}
		if p.final {
			p.cancel()
		}
	}
	return nil
}
