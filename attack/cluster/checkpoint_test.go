//go:build !windows

package cluster

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"brunt/attack/plan"
	"brunt/attack/result/join"
	"brunt/payloads/needs"
)

// stored is how many messages of a session were ever handed in, and how many are kept.
func (r *rig) stored() (all, kept uint64) {
	r.t.Helper()
	own := r.own()
	_, js, err := own.connect("looks", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	defer js.Conn().Close()
	stream, err := js.Stream(r.t.Context(), streamName(r.session))
	if err != nil {
		r.t.Fatal(err)
	}
	s := stream.CachedInfo().State
	return s.LastSeq, s.Msgs
}

// TestCheckpoints keeps of what was handed in no more than a few messages; and another
// coordinator goes on from there with all of it.
func TestCheckpoints(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 2, bodies: 3000, loss: Redistribute, lease: 2 * time.Second, checkpoints: 5, unprepared: true})
	p := openPlan(100, 16*time.Second)
	first := r.coordinator(p)
	r.awaitRequests(850)
	_ = first.Process.Kill()
	_ = first.Wait()
	if all, kept := r.stored(); all < 12 || kept > 9 {
		t.Errorf("%d messages are kept of %d", kept, all)
	}
	r.c = r.open(true)
	run, err := r.c.Resume()
	if err != nil {
		t.Fatal(err)
	}
	s := r.wait(run, bound(&p))
	r.check(s)
	r.tells(s, "started again")
	r.all(s, 1600)
	if all, kept := r.stored(); kept > 9 {
		t.Errorf("%d messages are kept of %d", kept, all)
	}
}

// TestEarlierRuns has a run take away what the one before it has stored.
func TestEarlierRuns(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 1, bodies: 1000, loss: Redistribute})
	p := openPlan(100, time.Second)
	r.all(r.wait(r.start(p), bound(&p)), 100)
	before, kept := r.stored()
	if kept == 0 {
		t.Error("nothing is kept for a coordinator that is started again")
	}
	p.Duration = 2 * time.Second
	run := r.start(p)
	await(t, "the end of what was stored", func() bool {
		all, kept := r.stored()
		return all-before >= kept
	})
	r.wait(run, bound(&p))
}

// While a worker that was lost may yet hand in something there is no checkpoint, and none
// once it has; what comes much later is not waited for.
func TestCheckpointWaits(t *testing.T) {
	r := &Run{c: &Coordinator{}, plan: plan.Plan{}, passing: passing{messages: checkpointEvery}}
	p := &part{}
	r.parts = []*part{p}
	for name, c := range map[string]struct {
		lost *loss
		more bool
		want bool
	}{
		"all are there":             {want: true},
		"one is lost":               {lost: &loss{at: time.Now()}},
		"it came back":              {lost: &loss{at: time.Now().Add(-time.Hour)}, more: true},
		"it has been gone for long": {lost: &loss{at: time.Now().Add(-time.Hour)}, want: true},
	} {
		p.lost, p.more, p.givenUp = c.lost, c.more, false
		if got := r.isTime(); got != c.want || p.givenUp != (c.want && c.lost != nil) {
			t.Errorf("%s: %t, and it is given up: %t", name, got, p.givenUp)
		}
	}
	p.lost, r.passing.messages = nil, checkpointEvery-1
	if r.isTime() {
		t.Error("a checkpoint is made too soon")
	}
	r.passing = passing{bytes: checkpointBytes, last: 2 * checkpointBytes}
	if r.isTime() {
		t.Error("more is written than was read")
	}
}

// alone is a run of a session without workers, which knows of nothing yet, and the
// connection of a worker.
func alone(t *testing.T) (*Run, jetstream.JetStream) {
	t.Helper()
	r := newRigOf(t, rigOptions{unprepared: true})
	r.c = r.open(false)
	own := r.own()
	conn, js, err := own.connect("hands in", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	run := r.c.newRun()
	run.number, run.plan = 1, openPlan(100, time.Second)
	run.schedule, run.joined = plan.NewSchedule(&run.plan), join.New(&run.plan)
	return run, js
}

// TestCheckpointFails has the store not take a checkpoint: what it was made of is in the
// next one, and its bodies go with that.
func TestCheckpointFails(t *testing.T) {
	t.Parallel()
	r, js := alone(t)
	r.passing = passing{messages: checkpointEvery, bytes: 70, objects: []string{"first"}, last: 60}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := js.DeleteObjectStore(ctx, fileBucket(r.c.session)); err != nil {
		t.Fatal(err)
	}
	if err := r.checkpoint(ctx); err == nil {
		t.Fatal("a checkpoint was made without a store")
	}
	if p := &r.passing; p.messages != checkpointEvery || p.bytes != 70 || p.last != 60 || !slices.Equal(p.objects, []string{"first"}) {
		t.Errorf("%+v", p)
	}
}

// TestManyMessages has messages be read again for longer than one may take to come.
func TestManyMessages(t *testing.T) {
	t.Parallel()
	const messages, patience = 700, 2 * time.Second
	r, js := alone(t)
	for i := range messages {
		m := encode(handedIn{Run: 1, Number: i + 1})
		if _, err := js.PublishAsync(subjectSnapshots(r.c.session, 1, 0), m); err != nil {
			t.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	n := 0
	err := r.each(0, patience, func(_ uint64, _ int, in *handedIn) {
		if n++; in == nil || in.Number != n {
			t.Errorf("%+v at %d", in, n)
		}
		<-time.After(4 * time.Millisecond)
	})
	if err != nil || n != messages {
		t.Errorf("%d messages of %d: %v", n, messages, err)
	}
	// One that is known to be there, and does not come.
	if err = r.each(messages+1, 100*time.Millisecond, func(uint64, int, *handedIn) {}); err == nil {
		t.Error("the last message is missing, and nothing says so")
	}
}
