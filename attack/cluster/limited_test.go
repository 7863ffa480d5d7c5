//go:build !windows

package cluster

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads/needs"
)

// hobble keeps a worker from running for four fifths of the time, until it is told to end;
// then the worker runs.
func (r *rig) hobble(worker int, end <-chan struct{}) (ended chan struct{}) {
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		for {
			r.signal(worker, syscall.SIGSTOP)
			<-time.After(400 * time.Millisecond)
			r.signal(worker, syscall.SIGCONT)
			select {
			case <-time.After(100 * time.Millisecond):
			case <-end:
				return
			}
		}
	}()
	return ended
}

// TestLimitedWorker has one worker of three run for a fifth of the time: nothing is lost,
// the figures are not trusted, and the verdict names that worker.
func TestLimitedWorker(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	closed := closedPlan(6, 0)
	closed.Duration = 4 * time.Second
	for name, p := range map[string]plan.Plan{"open": openPlan(150, 4*time.Second), "closed": closed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quiet.Repeat(t, func() error {
				r := newRigOf(t, rigOptions{workers: 3, bodies: 30_000, loss: Redistribute, wait: 20 * time.Millisecond})
				run := r.start(p)
				end := make(chan struct{})
				ended := r.hobble(1, end)
				s := r.wait(run, bound(&p))
				close(end)
				<-ended
				r.check(s)
				if p.Open() {
					r.all(s, 600)
				}
				return r.blames(s, "w1")
			})
		})
	}
}

// blames looks whether a verdict says that a worker, and no other, did not make the load.
func (r *rig) blames(s *result.Snapshot, name string) error {
	var limited []string
	for i := range s.Workers {
		if w := &s.Workers[i]; w.LimitedBy == result.LimitClient {
			limited = append(limited, w.Name)
		}
	}
	want := "worker " + fmt.Sprint(limited) + " did not make the load as planned"
	want = strings.NewReplacer("[", "", "]", "").Replace(want)
	text := fmt.Sprint(s.Verdict.Notes)
	if len(limited) != 1 || !strings.Contains(limited[0], name) || s.Verdict.Trust != result.TrustNone || !strings.Contains(text, want) {
		return fmt.Errorf("limited are %v, and it is said that %s: %+v", limited, text, s.Verdict)
	}
	return nil
}
