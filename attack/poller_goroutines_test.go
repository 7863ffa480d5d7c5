package attack

import "testing"

// TestOnGoroutines makes the tests of truth where goroutines make the connections'
// system calls, as on systems without epoll.
func TestOnGoroutines(t *testing.T) {
	alwaysBlocking.Store(true)
	defer alwaysBlocking.Store(false)
	// Those in which most goes on at once: the race detector is to see them.
	concurrent := map[string]bool{"replies": true, "TLS": true, "stop": true, "cut": true, "streams": true, "sessions": true}
	t.Run("all", func(t *testing.T) { // waits for those that run at the same time
		for name, test := range map[string]func(*testing.T){
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
		} {
			if !testing.Short() || concurrent[name] {
				t.Run(name, test)
			}
		}
		if s := attackOf(t, rawServer(t, answering("HTTP/1.1 200 OK\r\n"+okBody)), testPlan(2)); s.Client.Poller != "goroutines" {
			t.Errorf("poller %q", s.Client.Poller)
		}
	})
}
