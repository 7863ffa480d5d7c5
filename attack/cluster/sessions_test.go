//go:build !windows

package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/plan"
	"brunt/payloads/needs"
)

// TestResume kills a coordinator in mid-run, and has another one go on with the run; in one
// case a worker is killed, too, while there is none.
func TestResume(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprintf("lost %t", lost), func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, rigOptions{workers: 2, bodies: 3000, loss: Redistribute, lease: 2 * time.Second, unprepared: true})
			p := openPlan(100, 14*time.Second)
			first := r.coordinator(p)
			r.awaitRequests(200)
			if _, err := Open(r.options(true)); err == nil || !strings.Contains(err.Error(), "is at work") {
				t.Errorf("a second coordinator for a session whose first one is at work: %v", err)
			}
			_ = first.Process.Kill()
			_ = first.Wait()
			if lost {
				r.signal(0, syscall.SIGKILL)
			}
			r.c = r.open(true)
			run, err := r.c.Resume()
			if err != nil {
				t.Fatal(err)
			}
			s := r.wait(run, bound(&p))
			r.check(s)
			r.tells(s, "started again")
			if !lost {
				r.all(s, 1400)
				return
			}
			r.tells(s, "w0", "lost")
			if c := &s.Counts; c.Planned != 1400 || c.UnknownPlanned == 0 || c.Sent < 700 {
				t.Errorf("planned %d, sent %d, unknown %d; want 1400 planned", c.Planned, c.Sent, c.UnknownPlanned)
			}
		})
	}
}

// TestResumeAfterALoss kills a coordinator that has seen a worker be lost: what that one
// had reported is not forgotten.
func TestResumeAfterALoss(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 3, bodies: 4000, loss: Redistribute, lease: 2 * time.Second, unprepared: true})
	p := openPlan(150, 15*time.Second)
	first := r.coordinator(p)
	r.awaitRequests(400)
	r.signal(1, syscall.SIGKILL)
	await(t, "the loss", func() bool { return strings.Contains(r.said(), "is lost") })
	<-time.After(time.Second) // it hands the share on
	run := r.replace(first)
	s := r.wait(run, bound(&p))
	r.check(s)
	r.tells(s, "started again", "w1", "lost")
	if c := &s.Counts; c.Planned != 2250 || c.UnknownPlanned == 0 || c.UnknownPlanned > 250 {
		t.Errorf("planned %d, unknown %d; want 2250, and what one sends in a lease", c.Planned, c.UnknownPlanned)
	}
}

// TestReplaced has a coordinator that is cut off be replaced: when it is back, it tells the
// workers nothing, and takes nothing away.
func TestReplaced(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 2, bodies: 3000, loss: Redistribute, unprepared: true})
	cut := newProxy(t, strings.TrimPrefix(r.own().URL, "nats://"))
	defer cut.close()
	o := r.options(false)
	o.URL = "nats://" + cut.listener.Addr().String()
	first, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	r.c = first
	if err := r.prepare(); err != nil {
		t.Fatal(err)
	}
	p := openPlan(100, 14*time.Second)
	old := r.start(p)
	r.awaitRequests(100)
	cut.stall()
	r.c = r.open(true)
	run, err := r.c.Resume()
	if err != nil {
		t.Fatal(err)
	}
	cut.pass()
	if err := old.Change(vegeta.Rate{Freq: 5000, Per: time.Second}, 0); err != nil && !errors.Is(err, ErrReplaced) {
		t.Logf("a change by the one that was replaced: %v", err)
	}
	// Nor do the workers listen to it, should it not know yet that it is none any more.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var a answer
	late := change{Term: first.term, Run: run.number, Number: abandoned - 1, What: changeStop, How: plan.Cut}
	if err := ask(ctx, r.c.nats, subjectOf(r.session, run.parts[0].hello.ID, askChange), &late, &a); err != nil || !a.Replaced {
		t.Errorf("a worker that is told to stop by a coordinator that was replaced: %+v, %v", a, err)
	}
	r.wait(old, 20*time.Second)
	first.Close()
	s := r.wait(run, bound(&p))
	r.check(s)
	r.all(s, 1400)
	if text := fmt.Sprint(old.Snapshot().Warnings); !strings.Contains(text, "another coordinator") {
		t.Errorf("the one that was replaced says %s", text)
	}
}

// plainServer starts a NATS server of the user's.
func plainServer(t *testing.T, o *server.Options) *server.Server {
	t.Helper()
	o.Host, o.Port, o.NoSigs, o.NoLog, o.JetStream, o.StoreDir = "127.0.0.1", server.RANDOM_PORT, true, true, true, t.TempDir()
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s
}

// TestTwoCoordinators has two use one NATS: each has workers of its own.
func TestTwoCoordinators(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	s := plainServer(t, &server.Options{})
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("no server")
	}
	o := rigOptions{workers: 2, bodies: 1000, loss: Redistribute, access: &Access{URL: s.ClientURL()}}
	a, b := newRigOf(t, o), newRigOf(t, o)
	p := openPlan(100, 3*time.Second)
	one, two := a.start(p), b.start(p)
	for r, run := range map[*rig]*Run{a: one, b: two} {
		got := r.wait(run, bound(&p))
		r.check(got)
		r.all(got, 300)
	}
}

// TestCorruptedFile has the object store hold other bytes than were put in: no worker
// takes them.
func TestCorruptedFile(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 1, bodies: 100, loss: Redistribute, unprepared: true})
	r.c = r.open(false)
	ref, err := refTo(r.path)
	if err != nil {
		t.Fatal(err)
	}
	other := make([]byte, ref.Size)
	if _, err := r.c.files.PutBytes(t.Context(), ref.Digest, other); err != nil {
		t.Fatal(err)
	}
	if err := r.prepare(); err == nil || !strings.Contains(err.Error(), "other bytes") || !strings.Contains(err.Error(), "w0") {
		t.Errorf("a file that was changed on the way: %v", err)
	}
}

// TestStoreFull has no room for a file, and then none for what the workers measure.
func TestStoreFull(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	t.Run("files", func(t *testing.T) {
		t.Parallel()
		r := newRigOf(t, rigOptions{workers: 1, bodies: 50_000, loss: Redistribute, unprepared: true, server: ServerOptions{maxStore: 100_000}})
		r.c = r.open(false)
		if err := r.prepare(); err == nil || !strings.Contains(err.Error(), "cannot be handed to the workers") {
			t.Errorf("a file for which there is no room: %v", err)
		}
	})
	t.Run("snapshots", func(t *testing.T) {
		t.Parallel()
		r := newRigOf(t, rigOptions{workers: 1, bodies: 1000, loss: Redistribute, lease: 2 * time.Second, server: ServerOptions{maxStore: 1 << 20}})
		p := openPlan(100, 4*time.Second)
		p.Timeout = time.Second
		run := r.start(p)
		r.awaitRequests(100)
		for i, size := 0, 20_000; size > 0; i++ { // until nothing more fits
			if _, err := r.c.files.PutBytes(t.Context(), fmt.Sprint(i), make([]byte, size)); err != nil {
				size /= 4
			}
		}
		s := r.wait(run, bound(&p))
		r.check(s)
		if s.Counts.Unknown() == 0 {
			t.Error("nothing is unknown")
		}
		r.tells(s, "w0", "lost")
	})
}

// TestChangeWhileOneIsStopped gives a run another rate while a worker cannot hear it: it
// makes the change later, and all agree on what is left.
func TestChangeWhileOneIsStopped(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRig(t, 3, 6000, Redistribute)
	p := openPlan(150, 10*time.Second)
	run := r.start(p)
	r.awaitRequests(150)
	r.signal(1, syscall.SIGSTOP)
	if err := run.Change(vegeta.Rate{Freq: 300, Per: time.Second}, 0); err != nil {
		t.Errorf("a change that one worker has not heard yet: %v", err)
	}
	r.signal(1, syscall.SIGCONT)
	s := r.wait(run, bound(&p))
	r.check(s)
	want := run.schedule.PlannedOf(plan.Share{}, 0, p.Duration)
	r.all(s, want)
}

// TestSessionGone removes what a session has stored: its worker does not wait for what
// will not come.
func TestSessionGone(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 1, bodies: 2000, loss: Redistribute, lease: 2 * time.Second})
	p := openPlan(50, 20*time.Second)
	run := r.start(p)
	r.awaitRequests(20)
	if err := r.c.js.DeleteKeyValue(t.Context(), leaseBucket(r.session)); err != nil && !errors.Is(err, jetstream.ErrBucketNotFound) {
		t.Fatal(err)
	}
	await(t, "the worker's end", func() bool { return strings.Contains(r.said(), "the coordinator is gone") })
	run.Stop(plan.Cut)
	r.wait(run, bound(&p))
}

// TestAnswerLost has a worker ask again for a place that it has been given, since it did not
// hear of it: it has that place.
func TestAnswerLost(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	r := newRigOf(t, rigOptions{bodies: 1, unprepared: true})
	r.o.workers = 1
	r.c = r.open(false)
	h := hello{ID: "a", Life: 1, Name: "a", Version: "test"}
	for range 2 {
		if o := r.c.offer(h); o.Refused != "" {
			t.Fatalf("it is not wanted: %s", o.Refused)
		}
		if p := r.c.enter(h); p.Refused != "" || p.Index != 0 {
			t.Fatalf("its place is %+v", p)
		}
	}
	if o := r.c.offer(hello{ID: "b", Version: "test"}); o.Refused == "" {
		t.Error("another one is wanted, too")
	}
	h.Life++ // it has left, and comes again
	if p := r.c.enter(h); p.Refused != "" || p.Index != 1 {
		t.Errorf("its place when it comes again is %+v", p)
	}
}
