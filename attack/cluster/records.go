package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"brunt/attack/spell"
)

const (
	// recordsWithin is how long the workers' files of records may take to come, and
	// silentWithin how long one may say nothing meanwhile.
	recordsWithin = 30 * time.Minute
	silentWithin  = 15 * time.Second
	recordsPause  = 300 * time.Millisecond
	// putPatience is how long one attempt to hand a file in may take, besides a second for
	// each putBytes of it.
	putPatience = 10 * time.Second
	putBytes    = 256 << 10
)

// recordsAsked asks for a worker's file of records of a run that is done.
type recordsAsked struct {
	Term  term
	Run   int
	Early bool // the worker has ended before the run did
}

// recordsState is how far a worker is with it.
type recordsState struct {
	Done bool
	File fileRef // whose Digest is the object's name
	Text string  // why there is none
}

// collect begins to hand in the records of a run, and says how far that is.
func (s *session) collect(q recordsAsked) recordsState {
	s.hear(q.Term)
	t := s.now()
	s.mu.Lock()
	prepared := s.prepared
	s.mu.Unlock()
	switch {
	case t == nil || t.number != q.Run || prepared == nil || prepared.Records == nil:
		return recordsState{Done: true, Text: "it has no records of this run"}
	case !isClosed(t.run.Done()):
		return recordsState{Done: true, Text: "its run is not over"}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.records == nil {
		t.records = &recordsState{}
		t.work.Go(func() { t.handInRecords(prepared, q.Early) })
	}
	return *t.records
}

// recordsLeft has a worker that ends before the run does hand in its records by itself,
// and reports whether it has: nobody can ask it for them later.
func (s *session) recordsLeft(t *task) bool {
	s.mu.Lock()
	prepared := s.prepared
	s.mu.Unlock()
	if prepared == nil || prepared.Records == nil {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.leavesRecords {
		t.leavesRecords = true
		asked := t.records != nil
		if !asked {
			t.records = &recordsState{}
		}
		t.work.Go(func() { t.leaveRecords(prepared, asked) })
	}
	return t.recordsAway
}

// leaveRecords hands in the records, unless that has begun, and then says so.
func (t *task) leaveRecords(prepared *Prepared, begun bool) {
	if !begun {
		t.handInRecords(prepared, true)
	}
	for {
		t.mu.Lock()
		state := *t.records
		t.mu.Unlock()
		if state.Done && t.tellRecords(&state) == nil {
			break
		}
		select {
		case <-time.After(recordsPause):
		case <-t.quit:
			return
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recordsAway = true
}

func (t *task) tellRecords(state *recordsState) error {
	ctx, cancel := context.WithTimeout(context.Background(), publishPatience)
	defer cancel()
	store, err := t.session.js.ObjectStore(ctx, fileBucket(t.session.name))
	if err == nil {
		_, err = store.PutBytes(ctx, leftRecordsName(t.number, t.session.index), encode(state))
	}
	return err
}

// handInRecords puts the file into the object store.
func (t *task) handInRecords(prepared *Prepared, early bool) {
	done := recordsState{Done: true}
	ref, err := t.putRecords(prepared, early)
	if done.File = ref; err != nil {
		done.Text = err.Error()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records = &done
}

func (t *task) putRecords(prepared *Prepared, early bool) (fileRef, error) {
	path, err := prepared.Records(early)
	if err != nil {
		return fileRef{}, err
	}
	ref, err := refTo(path)
	if err != nil {
		return ref, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordsWithin)
	defer cancel()
	go func() { // which also ends with the session
		select {
		case <-t.quit:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		// An answer that is lost as the connection is is not missed by anyone else.
		one, end := context.WithTimeout(ctx, putPatience+time.Duration(ref.Size/putBytes)*time.Second)
		store, err := t.session.js.ObjectStore(one, fileBucket(t.session.name))
		if err == nil {
			err = putFile(one, store, ref)
		}
		late := one.Err() != nil
		end()
		if err == nil || !late || ctx.Err() != nil {
			return ref, err
		}
	}
}

// Missing is what is missing of a run's records.
type Missing struct {
	Lines []string // for people, one for each worker whose records are missing
	// Requests are those that these workers had sent by their last reports: at least so
	// many have no record here. Kept are the records that they had written of them.
	Requests, Kept uint64
}

// Records fetches the files of records that the workers of a run have written, each to
// the path that name gives for its number, from 1 on, and says what is missing: of a
// worker that is gone there is nothing, unless it could hand its file in before.
func (r *Run) Records(ctx context.Context, name func(worker int) string) (missing Missing) {
	ctx, cancel := context.WithTimeout(ctx, recordsWithin)
	defer cancel()
	snapshot := r.Snapshot()
	for _, p := range r.parts {
		err := r.fetchRecords(ctx, p, name(p.index+1))
		if err == nil {
			continue
		}
		w := &snapshot.Workers[p.slot]
		bound := ""
		if p.lost != nil && !p.final {
			bound = "at least "
		}
		missing.Lines = append(missing.Lines, fmt.Sprintf("the records of %s are missing, of %s%s: %v",
			p.name(), bound, spell.Counted(w.Sent, "request"), err))
		missing.Requests += w.Sent
		missing.Kept += w.Kept
	}
	return missing
}

func (r *Run) fetchRecords(ctx context.Context, p *part, path string) error {
	r.mu.Lock()
	ended := p.lost != nil || p.left != nil
	alive := p.lost == nil || p.more || p.final
	r.mu.Unlock()
	var s recordsState
	var err error
	if ended {
		s, err = r.leftRecords(ctx, p, alive, silentWithin)
	} else {
		s, err = r.askForRecords(ctx, p)
	}
	if err != nil {
		return err
	}
	if s.Text != "" {
		return errors.New(s.Text)
	}
	return fetchFile(ctx, r.c.files, s.File, path, func(string) {})
}

// leftRecords is what a worker has said that ended before the run did. One that has
// reported to its end is waited for while it says that its records are on their way, and
// for as long as the patience where it does not.
func (r *Run) leftRecords(ctx context.Context, p *part, alive bool, patience time.Duration) (s recordsState, err error) {
	heard, why := time.Now(), "it has ended, and did not hand them in"
	for {
		one, cancel := context.WithTimeout(ctx, publishPatience)
		body, err := r.c.files.GetBytes(one, leftRecordsName(r.number, p.index))
		cancel()
		if err == nil {
			return s, decode(body, &s)
		}
		if !alive {
			return s, errors.New("it was lost")
		}
		var now recordsState
		one, cancel = context.WithTimeout(ctx, publishPatience)
		err = ask(one, r.c.nats, subjectOf(r.c.session, p.hello.ID, askRecords), recordsAsked{Term: r.c.term, Run: r.number, Early: true}, &now)
		cancel()
		switch {
		case err == nil && now.Done && now.Text == "":
			return now, nil
		case err == nil && now.Done: // of a run that is not over, or of a later life of the worker's
			why = now.Text
		case err == nil:
			heard = time.Now()
		}
		if time.Since(heard) > patience {
			return s, errors.New(why)
		}
		select {
		case <-time.After(recordsPause):
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

// askForRecords has a worker hand its records in.
func (r *Run) askForRecords(ctx context.Context, p *part) (s recordsState, err error) {
	for !s.Done {
		one, cancel := context.WithTimeout(ctx, silentWithin)
		err := ask(one, r.c.nats, subjectOf(r.c.session, p.hello.ID, askRecords), recordsAsked{Term: r.c.term, Run: r.number}, &s)
		cancel()
		if err != nil {
			return s, err
		}
		if !s.Done {
			select {
			case <-time.After(recordsPause):
			case <-ctx.Done():
				return s, ctx.Err()
			}
		}
	}
	return s, nil
}

// fetchFile writes a file of the object store to a path, under another name until all of
// it is there and is what was put in.
func fetchFile(ctx context.Context, store jetstream.ObjectStore, ref fileRef, path string, tell func(string)) error {
	object, err := store.Get(ctx, ref.Digest)
	if err != nil {
		return err
	}
	defer object.Close()
	part, err := os.CreateTemp(filepath.Dir(path), ".part-")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name()) // gone where all is well
	_, err = io.Copy(part, &told{Reader: object, name: ref.Path, size: ref.Size, tell: tell})
	if err = errors.Join(err, part.Close()); err != nil {
		return err
	}
	if digest, _, err := digestOf(part.Name()); err != nil || digest != ref.Digest {
		return errors.Join(errors.New("it came with other bytes than were sent; start the run again"), err)
	}
	return os.Rename(part.Name(), path)
}
