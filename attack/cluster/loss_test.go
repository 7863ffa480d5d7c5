//go:build !windows

package cluster

import (
	"testing"
	"time"

	"brunt/attack/plan"
	"brunt/attack/result/join"
)

// TestRenewedAtTheLastMoment has a worker renew its lease after it was found to be silent,
// and before it is given up: it holds the lease, and so nobody else has its share.
func TestRenewedAtTheLastMoment(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 2, bodies: 2000, loss: Redistribute, lease: 2 * time.Second})
	p := openPlan(100, 20*time.Second)
	run := r.start(p)
	one := run.parts[0]
	revision := func() uint64 {
		run.mu.Lock()
		defer run.mu.Unlock()
		return one.revision
	}
	await(t, "a lease", func() bool { return revision() > 0 })
	found := revision()
	await(t, "a renewal", func() bool { return revision() > found })
	if err := run.lose(one, found); err != nil {
		t.Fatal(err)
	}
	run.mu.Lock()
	lost := one.lost
	run.mu.Unlock()
	if lost != nil {
		t.Errorf("it is taken for lost, and others have its share, though it holds its lease: %s", lost.why)
	}
	run.Stop(plan.Drain)
	r.check(r.wait(run, bound(&p)))
}

// TestMissed has messages be in the stream that its reader does not hand on: they are
// taken from there.
func TestMissed(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 1, bodies: 2000, loss: Redistribute})
	p := openPlan(100, 2*time.Second)
	s := r.wait(r.start(p), bound(&p))
	r.all(s, 200)
	// A run that knows of none of it yet.
	again := r.c.newRun()
	again.number, again.plan, again.schedule = 1, p, plan.NewSchedule(&p)
	again.parts = []*part{again.newPart(r.c.members[0], []held{{Share: plan.Share{Of: 1}}})}
	again.joined = join.New(&p)
	again.parts[0].slot = again.joined.Add("w0")
	again.takeMissed(t.Context())
	if s := again.Snapshot(); s.Counts.Succeeded != 200 || !again.parts[0].final {
		t.Errorf("%+v", s.Counts)
	}
}
