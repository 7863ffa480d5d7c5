package attack

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"brunt/attack/clock"
	"brunt/attack/plan"
	"brunt/attack/poll"
	"brunt/payloads/needs"
)

// TestOnGoroutines makes the tests of truth where goroutines make the connections'
// system calls, as on systems without epoll.
func TestOnGoroutines(t *testing.T) { testOn(t, plan.PollerGoroutines) }

// TestOnRing makes them where an io_uring does.
func TestOnRing(t *testing.T) {
	r, err := poll.NewRing(clock.From(time.Now()), new(sync.Mutex))
	if err != nil {
		needs.Lacking(t, "io_uring", err)
	}
	r.Close()
	testOn(t, plan.PollerRing)
}

// testOn makes the tests of truth on the poller.
func testOn(t *testing.T, poller plan.Poller) {
	before, _ := forcedPoller.Swap(poller).(plan.Poller)
	defer forcedPoller.Store(before)
	// Those in which most goes on at once: the race detector is to see them.
	// A goroutine that writes may say that all is written after the reply has come, as it
	// does under the race detector, which costs a connection: TLS is left to the ring there.
	concurrent := map[string]bool{"replies": true, "TLS": poller == plan.PollerRing, "stop": true, "cut": true, "streams": true, "sessions": true}
	t.Run("all", func(t *testing.T) { // waits for those that run at the same time
		tests := map[string]func(*testing.T){
			"replies":  TestReplies,
			"failures": TestFailureKinds,
			"TLS":      TestTLS,
			"bodies":   TestBodies,
			"open":     TestOpenLoopCounts,
			"stop":     TestStop,
			"idle":     TestIdleClosed,
			"odd":      TestOddReplies,
			"cut":      TestCutAtEnd,
			"streams":  TestStreamForms,
			"sessions": TestSessions,
			"unique":   TestUniqueBodies,
		}
		if poller == plan.PollerRing { // whose sends and ends are its own
			tests["early"], tests["service"] = TestEarlyReplyUnread, TestServiceBeginsAtTheFirstByte
		}
		for name, test := range tests {
			if !testing.Short() || concurrent[name] {
				t.Run(name, test)
			}
		}
		if s := attackOf(t, rawServer(t, answering("HTTP/1.1 200 OK\r\n"+okBody)), testPlan(2)); s.Client.Poller != string(poller) {
			t.Errorf("poller %q", s.Client.Poller)
		}
	})
}

// TestForbiddenRing: where io_uring is asked for and not to be had, runs are made as
// without it, and say so.
func TestForbiddenRing(t *testing.T) {
	before, made := newRing, 0
	defer func() { newRing = before }()
	newRing = func(c clock.Clock, lock sync.Locker) (poll.Receiver, error) {
		if made++; made == 2 { // the first one is given back
			return nil, errors.New("forbidden")
		}
		return before(c, lock)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2)) // two loops
	p := testPlan(20)
	p.Poller = plan.PollerRing
	s := attackOf(t, rawServer(t, answering("HTTP/1.1 200 OK\r\n"+okBody)), p)
	if checkBooks(t, s); s.Counts.Succeeded != 20 || s.Client.Poller == "io_uring" || runtime.GOOS == "linux" && made == 0 {
		t.Errorf("%q; %+v", s.Client.Poller, s.Counts)
	}
}
