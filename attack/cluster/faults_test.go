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

// bound is how long after its plan a run may take to end, whatever has happened.
func bound(p *plan.Plan) time.Duration { return p.Duration + p.Timeout + 15*time.Second }

// check looks whether the counts of a run fit together, and to what the endpoint has
// counted: each body arrived once at the most, and what is not known is counted.
func (r *rig) check(s *result.Snapshot) {
	r.t.Helper()
	c := &s.Counts
	if arrived := r.counter.arrived(); arrived+c.UnknownSent < c.Sent {
		r.t.Errorf("%d arrived; %d were sent, and %d of them are unknown", arrived, c.Sent, c.UnknownSent)
	}
	r.fits(s)
}

// fits is check where a request that was sent need not have arrived.
func (r *rig) fits(s *result.Snapshot) {
	r.t.Helper()
	c := &s.Counts
	if s.State != result.Done {
		r.t.Errorf("its state is %s", s.State)
	}
	if c.Planned != c.Sent+c.NotSent()+c.UnknownPlanned {
		r.t.Errorf("planned %d is not sent %d + not sent %d + unknown %d", c.Planned, c.Sent, c.NotSent(), c.UnknownPlanned)
	}
	if c.Sent != c.Succeeded+c.Failed+c.CutOff+c.UnknownSent {
		r.t.Errorf("sent %d is not succeeded %d + failed %d + cut off %d + unknown %d", c.Sent, c.Succeeded, c.Failed, c.CutOff, c.UnknownSent)
	}
	if arrived := r.counter.arrived(); arrived < c.Succeeded || arrived > c.Sent+c.UnknownPlanned {
		r.t.Errorf("%d arrived; %d were sent, %d have succeeded and %d are unknown", arrived, c.Sent, c.Succeeded, c.UnknownPlanned)
	}
	r.counter.mu.Lock()
	defer r.counter.mu.Unlock()
	for i, n := range r.counter.seen {
		if n != 1 {
			r.t.Errorf("body %d arrived %d times", i, n)
		}
	}
	if r.t.Failed() {
		r.t.Logf("%+v\n%v\n%+v\n%s", s.Counts, s.Warnings, s.Verdict, r.said())
	}
}

// all has so many requests be planned, and nothing be unknown: each that was sent has
// arrived and succeeded. On a busy machine a few are left over at the plan's end.
func (r *rig) all(s *result.Snapshot, want uint64) {
	r.t.Helper()
	c := &s.Counts
	if c.Planned != want || c.NotSent() > want/20 || c.Succeeded != c.Sent || r.counter.arrived() != c.Sent || c.Unknown() != 0 {
		r.t.Errorf("planned %d, sent %d, succeeded %d, arrived %d, unknown %d; want %d of each and none unknown\n%v\n%s",
			c.Planned, c.Sent, c.Succeeded, r.counter.arrived(), c.Unknown(), want, s.Warnings, r.said())
	}
}

// tells has the result name something in its verdict or warnings.
func (r *rig) tells(s *result.Snapshot, words ...string) {
	r.t.Helper()
	text := fmt.Sprint(s.Warnings, s.Verdict, s.Err)
	for _, word := range words {
		if !strings.Contains(text, word) {
			r.t.Errorf("nothing says %q:\n%v\n%+v", word, s.Warnings, s.Verdict)
		}
	}
}

func (r *rig) awaitRequests(n uint64) {
	r.t.Helper()
	defer func() {
		if r.t.Failed() {
			r.t.Log(r.said())
		}
	}()
	await(r.t, fmt.Sprintf("%d requests", n), func() bool { return r.counter.arrived() >= n })
}

// TestKilledAtTheStart kills a worker that has said that it will begin.
func TestKilledAtTheStart(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 3, bodies: 2000, loss: Redistribute, lease: 3 * time.Second})
	p := openPlan(150, 8*time.Second)
	run := r.start(p)
	r.signal(1, syscall.SIGKILL)
	s := r.wait(run, bound(&p))
	r.check(s)
	r.tells(s, "w1")
	if c := &s.Counts; c.Planned != 1200 || c.UnknownPlanned == 0 || c.UnknownPlanned > 300 {
		t.Errorf("%d planned and %d unknown; want 1200, and what a worker sends while its lease lasts", c.Planned, c.UnknownPlanned)
	}
}

// TestKilledBeforeItBegins kills a worker before it is told to begin.
func TestKilledBeforeItBegins(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 2, bodies: 2000, loss: Redistribute, lease: 2 * time.Second})
	r.signal(1, syscall.SIGKILL)
	p := openPlan(100, 8*time.Second)
	s := r.wait(r.start(p), bound(&p))
	r.check(s)
	r.tells(s, "w1", "it did not begin")
	if s.Counts.Planned != 800 {
		t.Errorf("%d planned; want 800", s.Counts.Planned)
	}
}

// TestKilledInTheDrain kills a worker that waits for its last replies.
func TestKilledInTheDrain(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 2, bodies: 500, loss: Redistribute, wait: 3 * time.Second, lease: 2 * time.Second})
	p := openPlan(100, 2*time.Second)
	run := r.start(p)
	r.awaitRequests(200)
	await(t, "a report", func() bool { return run.Snapshot().Counts.Sent == 200 })
	r.signal(1, syscall.SIGKILL)
	s := r.wait(run, bound(&p))
	r.check(s)
	r.tells(s, "w1")
	if c := &s.Counts; c.Planned != 200 || c.Succeeded != 100 || c.Unknown() != 100 {
		t.Errorf("planned %d, succeeded %d, unknown %d; want 200, 100 and 100", c.Planned, c.Succeeded, c.Unknown())
	}
}

// TestStopped stops a worker for less than its lease lasts: what it did not send is sent
// late, and its own word is not taken for more than it is worth.
func TestStopped(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRig(t, 3, 3000, Redistribute)
	p := openPlan(150, 9*time.Second)
	run := r.start(p)
	r.awaitRequests(150)
	r.signal(1, syscall.SIGSTOP)
	<-time.After(5 * time.Second)
	r.signal(1, syscall.SIGCONT)
	s := r.wait(run, bound(&p))
	r.check(s)
	r.all(s, 1350)
	r.tells(s, "w1") // it was late, and is trusted the less
	if strings.Contains(fmt.Sprint(s.Verdict), "lost") {
		t.Errorf("a worker is said to be lost: %+v", s.Verdict)
	}
}

// TestComesBack stops a worker for longer than its lease lasts.
func TestComesBack(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for name, p := range map[string]plan.Plan{"open": openPlan(150, 10*time.Second), "closed": closedPlan(9, 6000)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, rigOptions{workers: 3, bodies: 8000, loss: Redistribute, lease: 2 * time.Second, wait: 15 * time.Millisecond})
			run := r.start(p)
			r.awaitRequests(300)
			r.signal(1, syscall.SIGSTOP)
			await(t, "the loss", func() bool { return strings.Contains(r.said(), "is lost") })
			<-time.After(2500 * time.Millisecond) // its requests of that time are others'
			r.signal(1, syscall.SIGCONT)
			s := r.wait(run, 30*time.Second)
			r.check(s)
			if !p.Open() {
				if s.Counts.Planned != 6000 {
					t.Errorf("%d planned; want 6000", s.Counts.Planned)
				}
				r.tells(s, "w1")
				return
			}
			// What was due while it was not allowed to send was not sent, and that is known.
			if c := &s.Counts; c.Planned != 1500 || c.Unknown() != 0 || c.NotSent() == 0 {
				t.Errorf("%d planned, %d unknown, %d not sent; want 1500, none and some", c.Planned, c.Unknown(), c.NotSent())
			}
			r.tells(s, "w1", "came back")
		})
	}
}

// TestPartition keeps a worker from NATS for a while.
func TestPartition(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 3, bodies: 3000, loss: Redistribute, proxied: true})
	p := openPlan(150, 8*time.Second)
	run := r.start(p)
	r.awaitRequests(150)
	r.proxies[1].stall()
	<-time.After(3 * time.Second)
	r.proxies[1].pass()
	s := r.wait(run, bound(&p))
	r.check(s)
	r.all(s, 1200)
}

// TestPartitionForGood keeps a worker from NATS from some instant on: it stops sending.
func TestPartitionForGood(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 3, bodies: 3000, loss: Redistribute, proxied: true, lease: 2 * time.Second})
	p := openPlan(150, 9*time.Second)
	run := r.start(p)
	r.awaitRequests(150)
	r.proxies[1].stall()
	s := r.wait(run, bound(&p))
	r.check(s)
	r.tells(s, "w1", "lost")
	if c := &s.Counts; c.Planned != 1350 || c.UnknownPlanned == 0 || c.UnknownPlanned > 300 {
		t.Errorf("%d planned, %d unknown; want 1350, and some", c.Planned, c.UnknownPlanned)
	}
	r.signal(1, syscall.SIGKILL)
}

// TestRestartOfNATS ends the server in mid-run, and starts it again where it was.
func TestRestartOfNATS(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for name, down := range map[string]time.Duration{"shorter than a lease": 2 * time.Second, "longer": 8 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, rigOptions{workers: 2, bodies: 3000, loss: Redistribute, server: ServerOptions{Dir: t.TempDir()}})
			p := openPlan(100, 14*time.Second)
			run := r.start(p)
			r.awaitRequests(200)
			r.restart(down)
			s := r.wait(run, bound(&p))
			r.check(s)
			r.all(s, 1400)
		})
	}
}

// restart ends the server, and starts it again after a while.
func (r *rig) restart(after time.Duration) {
	old := r.server
	addr := old.Addr().String()
	old.Close()
	<-time.After(after)
	o := r.o.server
	o.Listen, o.Session, o.Token, o.password = addr, r.session, old.token, old.password
	again, err := StartServer(o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.server = again
}

// TestNATSGone ends the server for good.
func TestNATSGone(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 2, bodies: 2000, loss: Redistribute, lease: 2 * time.Second, server: ServerOptions{Dir: t.TempDir()}})
	p := openPlan(100, 3*time.Second)
	run := r.start(p)
	r.awaitRequests(100)
	r.server.Close()
	s := r.wait(run, bound(&p))
	r.check(s)
	r.tells(s, "w0", "w1", "no NATS server")
	r.signal(0, syscall.SIGKILL)
	r.signal(1, syscall.SIGKILL)
}

// TestAllLost kills all workers: the run ends then, and says why.
func TestAllLost(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 2, bodies: 3000, loss: Redistribute, lease: 2 * time.Second})
	p := openPlan(100, 60*time.Second)
	run := r.start(p)
	r.awaitRequests(150)
	r.signal(0, syscall.SIGKILL)
	r.signal(1, syscall.SIGKILL)
	s := r.wait(run, 20*time.Second)
	r.check(s)
	r.tells(s, "w0", "w1", "all workers were lost")
}

// TestOnLoss has a worker be lost where others are not to send the rest of its share.
func TestOnLoss(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for _, loss := range []Loss{Continue, Abort} {
		t.Run(string(loss), func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, rigOptions{workers: 2, bodies: 3000, loss: loss, lease: 2 * time.Second})
			p := openPlan(100, 8*time.Second)
			p.Timeout = 5 * time.Minute // one that is gone is not waited for so long
			if loss == Abort {
				p.Duration = time.Minute
			}
			run := r.start(p)
			r.awaitRequests(150)
			r.signal(1, syscall.SIGKILL)
			s := r.wait(run, 25*time.Second)
			r.check(s)
			r.tells(s, "w1", "lost")
			c := &s.Counts
			if loss == Continue && (c.Planned != 800 || c.UnknownPlanned < 250) {
				t.Errorf("%d planned, %d unknown; want 800, and most of the lost share", c.Planned, c.UnknownPlanned)
			}
			if loss == Abort && (s.Interrupted || !strings.Contains(fmt.Sprint(s.Err), "upon which the run was to stop")) {
				t.Errorf("interrupted %t, and why it ended early: %v", s.Interrupted, s.Err)
			}
		})
	}
}

// TestNumberOfRequests has a worker of a closed loop be lost: each number is sent once at
// the most, and none is forgotten.
func TestNumberOfRequests(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for _, concurrency := range []int{9, 2} {
		t.Run(fmt.Sprint(concurrency), func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, rigOptions{workers: 3, bodies: 10000, loss: Redistribute, lease: 2 * time.Second, wait: 20 * time.Millisecond})
			requests := uint64(350 * concurrency)
			run := r.start(closedPlan(concurrency, requests))
			r.awaitRequests(requests / 5)
			victim := 1
			for i := range 3 { // one that has something to send
				if r.part(i) == 0 {
					victim = i
				}
			}
			r.signal(victim, syscall.SIGKILL)
			s := r.wait(run, 40*time.Second)
			r.check(s)
			r.tells(s, fmt.Sprintf("w%d", victim))
			c := &s.Counts
			if c.Planned != requests || c.UnknownPlanned == 0 || c.UnknownPlanned > requests/3 {
				t.Errorf("%d planned, %d unknown; want %d, and some", c.Planned, c.UnknownPlanned, requests)
			}
		})
	}
}

// TestToldToEnd has a worker be ended by whoever runs it, as Kubernetes does: others send
// the rest of its share, and nothing is unknown.
func TestToldToEnd(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for name, p := range map[string]plan.Plan{"open": openPlan(150, 6*time.Second), "closed": closedPlan(9, 3000)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, rigOptions{workers: 3, bodies: 8000, loss: Redistribute, wait: 15 * time.Millisecond})
			run := r.start(p)
			r.awaitRequests(300)
			r.signal(1, syscall.SIGTERM)
			s := r.wait(run, 30*time.Second)
			r.check(s)
			want := uint64(900)
			if !p.Open() {
				want = 3000
			}
			if s.Counts.Planned != want || s.Counts.Unknown() != 0 {
				t.Errorf("%d planned, %d unknown; want %d, and none", s.Counts.Planned, s.Counts.Unknown(), want)
			}
			r.tells(s, "w1", "ended from outside")
		})
	}
}

// TestToldToEndForGood has a worker be told to end where nobody else is to send the rest
// of its share, and where it is killed before its last replies came: what was planned is
// the plan all the same.
func TestToldToEndForGood(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for name, p := range map[string]plan.Plan{"open": openPlan(150, 7*time.Second), "closed": closedPlan(9, 1200)} {
		want := uint64(1050)
		if !p.Open() {
			want = 1200
		}
		planned := func(r *rig, s *result.Snapshot) {
			r.check(s)
			if s.Counts.Planned != want {
				t.Errorf("%s: %d planned, want %d: %+v", name, s.Counts.Planned, want, s.Counts)
			}
		}
		t.Run(name+", nobody sends the rest", func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, rigOptions{workers: 2, bodies: 8000, loss: Continue, wait: 15 * time.Millisecond})
			run := r.start(p)
			r.awaitRequests(300)
			r.signal(1, syscall.SIGTERM)
			s := r.wait(run, 40*time.Second)
			planned(r, s)
			r.tells(s, "w1", "ended from outside", "nobody sends the rest")
			if text := fmt.Sprint(s.Warnings); strings.Contains(text, "came back") || s.Counts.Unknown() == 0 {
				t.Errorf("%d unknown; %s", s.Counts.Unknown(), text)
			}
		})
		t.Run(name+", killed in the drain", func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, rigOptions{workers: 2, bodies: 8000, loss: Redistribute, lease: 2 * time.Second, wait: 2500 * time.Millisecond})
			p := p
			if !p.Open() {
				p.Concurrency = 300 // as slow as it is
			}
			run := r.start(p)
			r.awaitRequests(200)
			r.signal(1, syscall.SIGTERM)
			await(t, "the end of its share", func() bool { return strings.Contains(r.said(), "ended from outside") })
			r.signal(1, syscall.SIGKILL)
			s := r.wait(run, 40*time.Second)
			planned(r, s)
			r.tells(s, "w1", "lost")
			if s.Counts.Unknown() == 0 {
				t.Errorf("nothing is unknown: %+v\n%v\n%s", s.Counts, s.Warnings, r.said())
			}
		})
	}
}

// TestPartitionOfNumbers keeps a closed loop's worker from NATS: it begins no more than its
// lease says, and so nothing that others are given.
func TestPartitionOfNumbers(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 2, bodies: 8000, loss: Redistribute, proxied: true, lease: 3 * time.Second, wait: 10 * time.Millisecond})
	run := r.start(closedPlan(8, 6000))
	r.awaitRequests(1200)
	r.proxies[1].stall()
	s := r.wait(run, 60*time.Second)
	r.signal(1, syscall.SIGKILL)
	r.check(s)
	r.tells(s, "w1", "lost")
	if s.Counts.Planned != 6000 {
		t.Errorf("%d planned; want 6000", s.Counts.Planned)
	}
}
