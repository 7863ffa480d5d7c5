//go:build !windows

package cluster

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"brunt/payloads/needs"
)

// TestRecordsOfThoseThatEnd has one worker be told to end, one be taken for lost that comes
// back, and one be killed: the records of the first two are there, and of the third it is
// said of how many requests they are missing, as far as that is known.
func TestRecordsOfThoseThatEnd(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 4, bodies: 4000, loss: Redistribute, lease: 2 * time.Second, records: true})
	p := openPlan(200, 14*time.Second)
	run := r.start(p)
	r.awaitRequests(600)
	r.signal(1, syscall.SIGTERM)
	r.signal(2, syscall.SIGSTOP)
	r.signal(3, syscall.SIGKILL)
	await(t, "two losses", func() bool { return strings.Count(r.said(), " is lost: ") == 2 })
	r.signal(2, syscall.SIGCONT)
	s := r.wait(run, bound(&p))
	r.check(s)
	dir := t.TempDir()
	path := func(worker int) string { return filepath.Join(dir, fmt.Sprint(worker)) }
	missing := run.Records(t.Context(), path)
	for i := range r.workers {
		w := &s.Workers[run.partOf(r.part(i)).slot]
		text, err := os.ReadFile(path(r.part(i) + 1))
		if i == 3 {
			if err == nil || w.Sent == 0 || missing.Requests != w.Sent || missing.Kept != w.Kept || w.Kept == 0 {
				t.Errorf("of %s, which sent %d and kept %d: %v, %+v", w.Name, w.Sent, w.Kept, err, missing)
			}
			continue
		}
		if n := bytes.Count(text, []byte("\n")); err != nil || uint64(n) != w.Sent || w.Sent == 0 || w.Kept != w.Sent {
			t.Errorf("%s has sent %d and kept %d, and %d records are here: %v", w.Name, w.Sent, w.Kept, n, err)
		}
	}
	if lines := missing.Lines; len(lines) != 1 || !strings.Contains(lines[0], fmt.Sprintf("w3) are missing, of at least %d requests: it was lost", missing.Requests)) {
		t.Errorf("%q", lines)
	}
	if t.Failed() {
		t.Log(r.said())
	}
}

// TestSlowRecords has a worker that ended early hand its records in for longer than it may
// say nothing; one that says nothing, or that it has none, is not waited for.
func TestSlowRecords(t *testing.T) {
	t.Parallel()
	const patience = time.Second
	r, js := alone(t)
	p := r.newPart(&member{hello: hello{ID: "one"}}, nil)
	if s, err := r.leftRecords(t.Context(), p, true, patience); err == nil || !strings.Contains(err.Error(), "did not hand them in") {
		t.Errorf("one that says nothing: %+v, %v", s, err)
	}
	var asked atomic.Int64
	sub, err := listen(js.Conn(), subjectOf(r.c.session, "one", askRecords), func(q recordsAsked) recordsState {
		if asked.Add(1) < 10 {
			return recordsState{}
		}
		return recordsState{Done: q.Early && q.Run == 1, File: fileRef{Digest: "x"}}
	})
	if err != nil || js.Conn().Flush() != nil {
		t.Fatal(err)
	}
	if s, err := r.leftRecords(t.Context(), p, true, patience); err != nil || s.File.Digest != "x" {
		t.Errorf("they were on their way: %+v, %v", s, err)
	}
	if err = sub.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
	if _, err = listen(js.Conn(), subjectOf(r.c.session, "one", askRecords), func(recordsAsked) recordsState {
		return recordsState{Done: true, Text: "its run is not over"}
	}); err != nil || js.Conn().Flush() != nil {
		t.Fatal(err)
	}
	if s, err := r.leftRecords(t.Context(), p, true, patience); err == nil || !strings.Contains(err.Error(), "not over") {
		t.Errorf("its run goes on: %+v, %v", s, err)
	}
}
