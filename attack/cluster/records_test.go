//go:build !windows

package cluster

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
