//go:build !windows

package cluster

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads/needs"
)

// another starts one more worker, which is not wanted yet.
func (r *rig) another() {
	r.t.Helper()
	name := fmt.Sprintf("w%d", len(r.workers))
	r.workers = append(r.workers, r.worker(name, "test", 0))
	await(r.t, "a refusal", func() bool {
		return strings.Contains(r.said(), fmt.Sprintf("%s: the coordinator has its %d workers", name, r.o.workers))
	})
}

// joined is what the result says of the worker of that name; it fails where it did not
// join a run under way and take over another one's share.
func (r *rig) joined(s *result.Snapshot, name string) *result.Worker {
	r.t.Helper()
	for i := range s.Workers {
		if w := &s.Workers[i]; strings.Contains(w.Name, name) && w.Joined != nil && w.Joined.Of != "" {
			return w
		}
	}
	r.t.Errorf("%s took nothing over: %+v\n%s", name, s.Workers, r.said())
	return &result.Worker{Joined: &result.Joined{}}
}

// awaitJoined waits until so many workers have taken over a share in the run.
func (r *rig) awaitJoined(run *Run, n int) {
	r.t.Helper()
	await(r.t, fmt.Sprintf("%d newcomers", n), func() bool {
		run.mu.Lock()
		defer run.mu.Unlock()
		took := 0
		for _, p := range run.parts {
			if p.newcomer != nil && p.newcomer.Took {
				took++
			}
		}
		return took == n
	})
}

// TestSpareEnds has a worker for one session, for which there is no place, end when the
// coordinator has: the rig sees that all do.
func TestSpareEnds(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 1, bodies: 100, loss: Redistribute})
	r.another()
	p := openPlan(50, time.Second)
	r.check(r.wait(r.start(p), bound(&p)))
}

// TestJoinsLate kills a worker while another one waits: that takes over its share in the
// run under way, the others send no more than their own again, and it takes part in the
// next run, too.
func TestJoinsLate(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for name, p := range map[string]plan.Plan{
		"open": openPlan(150, 14*time.Second), "numbers": closedPlan(9, 4000), "slots": openPlan(1, 9*time.Second),
	} {
		if name == "slots" {
			p.Concurrency, p.Rate.Freq = 9, 0
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, rigOptions{workers: 3, bodies: 8000, loss: Redistribute, lease: 2 * time.Second, wait: 20 * time.Millisecond})
			run := r.start(p)
			r.another()
			r.awaitRequests(200)
			r.signal(1, syscall.SIGKILL)
			r.awaitJoined(run, 1)
			await(t, "all pieces", func() bool { return r.holders(run) == 3 })
			s := r.wait(run, bound(&p)+20*time.Second)
			if name != "slots" { // without numbers, bodies come round again
				r.check(s)
			}
			r.tells(s, "w1", "lost", "joined at", "took over the share of worker")
			w, c := r.joined(s, "w3"), &s.Counts
			if w.Sent < 50 || w.Trust == "" || w.Joined.At <= 0 || !strings.Contains(w.Joined.Of, "w1") {
				t.Errorf("the newcomer: %+v", w)
			}
			switch name {
			case "open":
				if c.Planned != 2100 || c.UnknownPlanned == 0 || c.UnknownPlanned > 250 {
					t.Errorf("%d planned, %d unknown; want 2100, and what one sends in a lease", c.Planned, c.UnknownPlanned)
				}
			case "numbers":
				if c.Planned != 4000 || c.UnknownPlanned == 0 || c.UnknownPlanned > 1300 {
					t.Errorf("%d planned, %d unknown; want 4000", c.Planned, c.UnknownPlanned)
				}
			}
			before := r.counter.arrived()
			s = r.wait(r.start(openPlan(90, 2*time.Second)), 30*time.Second)
			if c := &s.Counts; c.Planned != 180 || c.Succeeded != 180 || r.counter.arrived()-before != 180 || len(s.Workers) != 3 {
				t.Errorf("the next run: planned %d, succeeded %d, arrived %d, by %d workers; want 180 by 3", c.Planned, c.Succeeded, r.counter.arrived()-before, len(s.Workers))
			}
		})
	}
}

// holders are the workers that hold something for good; 0 where one of them holds a piece
// of another one's share.
func (r *rig) holders(run *Run) (n int) {
	run.mu.Lock()
	defer run.mu.Unlock()
	for _, p := range run.parts {
		holds, origins := false, map[int]bool{}
		for _, h := range p.shares {
			if p.lost == nil && !h.Ended {
				holds, origins[run.origin(h.Share)] = true, true
			}
		}
		if len(origins) > 1 {
			return 0
		}
		if holds {
			n++
		}
	}
	return n
}

// TestReplacesOneThatLeaves has a worker be told to end, and another one come in its place:
// nothing is unknown.
func TestReplacesOneThatLeaves(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for name, p := range map[string]plan.Plan{"open": openPlan(150, 14*time.Second), "numbers": closedPlan(9, 3000)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, rigOptions{workers: 3, bodies: 8000, loss: Redistribute, wait: 20 * time.Millisecond})
			run := r.start(p)
			r.another()
			r.awaitRequests(200)
			r.signal(1, syscall.SIGTERM)
			r.awaitJoined(run, 1)
			s := r.wait(run, bound(&p)+10*time.Second)
			r.check(s)
			want := uint64(2100)
			if !p.Open() {
				want = 3000
			}
			if s.Counts.Planned != want || s.Counts.Unknown() != 0 {
				t.Errorf("%d planned, %d unknown; want %d, and none", s.Counts.Planned, s.Counts.Unknown(), want)
			}
			r.tells(s, "w1", "ended from outside", "joined at")
			if w := r.joined(s, "w3"); w.Sent < 50 {
				t.Errorf("the newcomer: %+v", w)
			}
		})
	}
}

// TestNewcomerIsLost kills the worker that has come in another one's place, and one of
// those that were there from the start: a second newcomer, and those that are left, send
// the rest.
func TestNewcomerIsLost(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for name, p := range map[string]plan.Plan{"open": openPlan(150, 16*time.Second), "numbers": closedPlan(9, 6000)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, rigOptions{workers: 3, bodies: 9000, loss: Redistribute, lease: 2 * time.Second, wait: 20 * time.Millisecond})
			run := r.start(p)
			r.another()
			r.awaitRequests(200)
			r.signal(1, syscall.SIGKILL)
			r.awaitJoined(run, 1)
			r.signal(3, syscall.SIGKILL)
			r.another()
			r.signal(0, syscall.SIGKILL)
			r.awaitJoined(run, 2)
			s := r.wait(run, bound(&p)+40*time.Second)
			r.check(s)
			want := uint64(2400)
			if !p.Open() {
				want = 6000
			}
			if c := &s.Counts; c.Planned != want || c.UnknownPlanned == 0 || c.UnknownPlanned > want/2 {
				t.Errorf("%d planned, %d unknown; want %d", c.Planned, c.UnknownPlanned, want)
			}
			r.tells(s, "w0", "w1", "w3", "lost")
			r.joined(s, "w4")
		})
	}
}

// TestResumeWithANewcomer kills the coordinator when a newcomer has begun: the next one
// goes on with what is known of it.
func TestResumeWithANewcomer(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 3, bodies: 5000, loss: Redistribute, lease: 2 * time.Second, unprepared: true})
	p := openPlan(150, 16*time.Second)
	first := r.coordinator(p)
	r.awaitRequests(100)
	r.another()
	r.signal(1, syscall.SIGKILL)
	await(t, "the newcomer", func() bool { return strings.Contains(r.said(), "w3: worker 4") })
	<-time.After(300 * time.Millisecond) // it is to begin, or has, or has taken over something
	run := r.replace(first)
	s := r.wait(run, bound(&p))
	r.check(s)
	r.tells(s, "started again", "w1", "lost")
	if c := &s.Counts; c.Planned != 2400 || c.UnknownPlanned == 0 || c.UnknownPlanned > 300 {
		t.Errorf("planned %d, unknown %d; want 2400, and what one sends in a lease", c.Planned, c.UnknownPlanned)
	}
}

// TestJoinsAfterAResume kills a worker when another coordinator has gone on with the run:
// that one has one that comes then make the order ready, which is stored nowhere.
func TestJoinsAfterAResume(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 2, bodies: 4000, loss: Redistribute, lease: 2 * time.Second, unprepared: true})
	p := openPlan(100, 22*time.Second)
	first := r.coordinator(p)
	r.awaitRequests(100)
	run := r.replace(first)
	if err := r.c.Recall(r.order(), []string{r.path}); err != nil {
		t.Fatal(err)
	}
	r.another()
	r.signal(1, syscall.SIGKILL)
	r.awaitJoined(run, 1)
	s := r.wait(run, bound(&p))
	r.check(s)
	r.tells(s, "started again", "w1", "lost", "took over the share of worker")
	if w := r.joined(s, "w2"); w.Sent < 50 {
		t.Errorf("the newcomer: %+v", w)
	}
	if c := &s.Counts; c.Planned != 2200 || c.UnknownPlanned == 0 || c.UnknownPlanned > 250 {
		t.Errorf("planned %d, unknown %d; want 2200, and what one sends in a lease", c.Planned, c.UnknownPlanned)
	}
}
