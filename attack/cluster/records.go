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
)

const (
	// recordsWithin is how long the workers' files of records may take to come, and
	// silentWithin how long one may say nothing meanwhile.
	recordsWithin = 30 * time.Minute
	silentWithin  = 15 * time.Second
	recordsPause  = 300 * time.Millisecond
)

// recordsAsked asks for a worker's file of records of a run that is done.
type recordsAsked struct {
	Term term
	Run  int
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
		t.work.Go(func() { t.handInRecords(prepared) })
	}
	return *t.records
}

// handInRecords puts the file into the object store.
func (t *task) handInRecords(prepared *Prepared) {
	done := recordsState{Done: true}
	ref, err := t.putRecords(prepared)
	if done.File = ref; err != nil {
		done.Text = err.Error()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records = &done
}

func (t *task) putRecords(prepared *Prepared) (fileRef, error) {
	path, err := prepared.Records()
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
	store, err := t.session.js.ObjectStore(ctx, fileBucket(t.session.name))
	if err != nil {
		return ref, err
	}
	return ref, putFile(ctx, store, ref)
}

// Records fetches the files of records that the workers of a run have written, each to
// the path that name gives for its number, from 1 on. It says what is missing: of a worker
// that was lost there is nothing.
func (r *Run) Records(ctx context.Context, name func(worker int) string) (missing []string) {
	ctx, cancel := context.WithTimeout(ctx, recordsWithin)
	defer cancel()
	for _, p := range r.parts {
		r.mu.Lock()
		lost := p.lost != nil
		r.mu.Unlock()
		path := name(p.index + 1)
		err := errors.New("it was lost")
		if !lost {
			err = r.fetchRecords(ctx, p, path)
		}
		if err != nil {
			missing = append(missing, fmt.Sprintf("the records of %s are missing: %v", p.name(), err))
		}
	}
	return missing
}

func (r *Run) fetchRecords(ctx context.Context, p *part, path string) error {
	var s recordsState
	for !s.Done {
		one, cancel := context.WithTimeout(ctx, silentWithin)
		err := ask(one, r.c.nats, subjectOf(r.c.session, p.hello.ID, askRecords), recordsAsked{r.c.term, r.number}, &s)
		cancel()
		if err != nil {
			return err
		}
		if !s.Done {
			select {
			case <-time.After(recordsPause):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	if s.Text != "" {
		return errors.New(s.Text)
	}
	return fetchFile(ctx, r.c.files, s.File, path, func(string) {})
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
