//go:build !windows

package cluster

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"brunt/attack/plan"
)

// TestWorkersSendOneSchedule has three workers send one plan's requests: each once.
func TestWorkersSendOneSchedule(t *testing.T) {
	for name, p := range map[string]plan.Plan{"open": openPlan(501, 2*time.Second), "closed": closedPlan(8, 1000)} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 3, 2000, Redistribute)
			s := r.wait(r.start(p), 20*time.Second)
			want := uint64(1002)
			if !p.Open() {
				want = 1000
			}
			c := &s.Counts
			if c.Planned != want || c.Sent != want || c.Succeeded != want || r.counter.arrived() != want {
				t.Errorf("planned %d, sent %d, succeeded %d, arrived %d; want %d of each", c.Planned, c.Sent, c.Succeeded, r.counter.arrived(), want)
			}
			for i := range int(want) {
				if n := r.counter.seen[i]; n != 1 {
					t.Fatalf("body %d arrived %d times, not once", i, n)
				}
			}
			sum := uint64(0)
			for i := range s.Intervals {
				sum += s.Intervals[i].Succeeded
			}
			if sum != want {
				t.Errorf("the intervals have %d successes, the run %d", sum, want)
			}
		})
	}
}

// TestLostWorker kills one of three workers in mid-run: the others send the rest of its
// share, each request once, and what is not known is counted as such.
func TestLostWorker(t *testing.T) {
	t.Parallel()
	r := newRig(t, 3, 8000, Redistribute)
	p := openPlan(300, 16*time.Second)
	run := r.start(p)
	await(t, "requests", func() bool { return r.counter.arrived() > 600 })
	r.signal(1, syscall.SIGKILL)
	s := r.wait(run, 16*time.Second+5*time.Second+15*time.Second)
	c := &s.Counts
	if c.Planned != 4800 {
		t.Errorf("%d planned; want 4800", c.Planned)
	}
	if c.UnknownPlanned == 0 {
		t.Error("nothing is unknown of a worker that was killed")
	}
	if c.Planned != c.Sent+c.NotSent()+c.UnknownPlanned {
		t.Errorf("planned %d is not sent %d + not sent %d + unknown %d", c.Planned, c.Sent, c.NotSent(), c.UnknownPlanned)
	}
	if c.Sent != c.Succeeded+c.Failed+c.CutOff+c.UnknownSent {
		t.Errorf("sent %d is not succeeded %d + failed %d + cut off %d + unknown %d", c.Sent, c.Succeeded, c.Failed, c.CutOff, c.UnknownSent)
	}
	if arrived := r.counter.arrived(); arrived < c.Sent || arrived > c.Sent+c.UnknownPlanned {
		t.Errorf("%d arrived; %d were sent and %d are unknown", arrived, c.Sent, c.UnknownPlanned)
	}
	for i, n := range r.counter.seen {
		if n != 1 {
			t.Fatalf("body %d arrived %d times", i, n)
		}
	}
	// Two thirds of what came after the loss at the least, and all of what came after the
	// share was handed on.
	missing := 0
	for i := range 4800 {
		if r.counter.seen[i] == 0 {
			missing++
		}
	}
	if uint64(missing) > c.UnknownPlanned {
		t.Errorf("%d never arrived; %d are unknown", missing, c.UnknownPlanned)
	}
	if !strings.Contains(fmt.Sprint(s.Warnings, s.Verdict), "w1") {
		t.Errorf("nothing names the worker that was lost: %v %+v", s.Warnings, s.Verdict)
	}
}

// TestClocks has workers whose clocks are seconds apart: that is seen, and they start
// together.
func TestClocks(t *testing.T) {
	t.Parallel()
	offsets := []time.Duration{3 * time.Second, -3 * time.Second, 0}
	r := newRig(t, 3, 3000, Redistribute, offsets...)
	byName, sure := map[string]time.Duration{}, map[string]time.Duration{}
	r.c.mu.Lock()
	for _, m := range r.c.members {
		offset, uncertain, ok := m.clock.Offset(time.Now())
		if !ok {
			t.Errorf("%s has no offset", m.name())
		}
		byName[m.hello.Name] = offset
		sure[m.hello.Name] = max(uncertain, 5*time.Millisecond) // more where the machine is busy
	}
	r.c.mu.Unlock()
	for i, want := range offsets {
		if d := byName[fmt.Sprintf("w%d", i)] - want; d.Abs() > sure[fmt.Sprintf("w%d", i)] {
			t.Errorf("w%d: its clock is said to be %s ahead; it is %s", i, byName[fmt.Sprintf("w%d", i)], want)
		}
	}
	s := r.wait(r.start(openPlan(300, 2*time.Second)), 20*time.Second)
	if s.Counts.Succeeded != 600 {
		t.Errorf("%d succeeded; want 600", s.Counts.Succeeded)
	}
}

// TestStrangers has a worker of another version, and one with a wrong token, stay out.
func TestStrangers(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, 100, Redistribute)
	other := r.worker("other", "another version", 0)
	await(t, "a refusal", func() bool { return strings.Contains(r.said(), "use one version for both") })
	_ = other.Process.Kill()
	_ = other.Wait()
	access := r.server.ForWorkers()
	for _, token := range []string{"wrong", ""} { // of one that is called as workers are
		access.Token = token
		w, err := newWorker(WorkerOptions{Access: access})
		if err != nil {
			t.Fatal(err)
		}
		if c, _, err := w.connect("stranger", w.denied); err == nil || !strings.Contains(err.Error(), "token") {
			t.Errorf("the token %q: %v", token, err)
			if err == nil {
				c.Close()
			}
		}
	}
}

// TestWorkersAreAllowedLittle has a worker's connection try what only a coordinator may.
func TestWorkersAreAllowedLittle(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, 100, Redistribute)
	conn, js := r.stranger()
	for _, what := range []string{askStart, askChange, askEnd, askPrepare} {
		if m, err := conn.Request(subjectOf(r.c.session, r.c.members[0].hello.ID, what), encode(struct{}{}), 300*time.Millisecond); err == nil {
			t.Errorf("a worker may ask another to %s: %s", what, m.Data)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := js.DeleteStream(ctx, streamName(r.c.session)); err == nil {
		t.Error("a worker may remove the stream")
	}
}
