//go:build !windows

package attack

import (
	"fmt"
	"testing"
	"time"

	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads/needs"
)

// through makes a run through the proxy, with something done in the middle of
// it, and holds the three logs against each other: brunt's, the proxy's and
// the oracle's.
func through(t *testing.T, p *proxy, o *oracle, plan plan.Plan, pad int, middle func(run *Run)) (s *result.Snapshot, sum oracleSummary) {
	t.Helper()
	var records []Record
	run := p.attack(plan, indexedBodies(t, int(plan.Requests), pad), func(_ time.Time, batch []Record) error {
		records = append(records, batch...)
		return nil
	})
	if middle != nil {
		middle(run)
	}
	<-run.Done()
	s = run.Snapshot()
	checkBooks(t, s)
	logged := p.logged()
	sum = o.summary()
	t.Logf("%d sent, %d unsent, %d succeeded, %d reconnected, %d connections, statuses %v; %d in the proxy's log, %d at the oracle; %+v",
		s.Counts.Sent, unsent(s), s.Counts.Succeeded, s.Counts.Reconnected, s.Counts.Connections, s.Status, len(logged), sum.Arrived, s.Failures)
	// Every complete reply is in the proxy's log with the same status; one that
	// never came is there as the proxy's failure, or met a connection that the
	// proxy was closing: of that it says nothing.
	unseen, wrong := uint64(0), 0
	for _, r := range records {
		status, seen := logged[r.Index]
		ok := true
		switch {
		case r.Status > 0:
			ok = r.Status == status
		case r.Sent == 0:
			ok = !seen
		case seen:
			ok = status >= 400
		default:
			unseen++
		}
		if wrong++; ok {
			wrong--
		} else if wrong < 5 {
			t.Errorf("the proxy's log has status %d of %+v", status, r)
		}
	}
	if closed := closedOn(s) + refusedBy(p.proxyKind, s); unseen != s.Counts.Sent-unsent(s)-uint64(len(logged)) || unseen > closed {
		t.Errorf("%d unseen by the proxy, %d connections closed on a request, %d sent less unsent, %d in the proxy's log", unseen, closed, s.Counts.Sent-unsent(s), len(logged))
	}
	if sum.Arrived > uint64(len(logged))+unseen {
		t.Errorf("%d arrived at the oracle, %d in the proxy's log, %d unseen", sum.Arrived, len(logged), unseen)
	}
	return s, sum
}

// closedOn are the kinds of a connection that was closed on a request.
func closedOn(s *result.Snapshot) uint64 {
	return countOf(s, result.KindReset, result.KindClosedEarly, result.KindStaleConnection)
}

// TestProxyIdle sends seldom: each time the proxy has closed the connection.
// No failure may come of it, unless the proxy was kept from its core and closes
// just when a request is on its way.
func TestProxyIdle(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	forProxies(t, func(t *testing.T, kind proxyKind) {
		quiet.Repeat(t, func() error {
			o := startOracle(t, 1000)
			p := startProxy(t, kind, o.address, proxyKeepAlive, forever)
			pl := kind.plan(uint64(scale(12, 300)))
			pl.Rate = mustRate(t, "8")
			s, _ := through(t, p, o, pl, 5, nil)
			if s.Counts.Succeeded != pl.Requests || s.Counts.Connections > s.Counts.Reconnected+uint64(pl.Concurrency) || s.Counts.Reconnected < pl.Requests/4 {
				return fmt.Errorf("%d of %d succeeded, %d reconnected: %+v", s.Counts.Succeeded, pl.Requests, s.Counts.Reconnected, s.Failures)
			}
			return nil
		})
	})
}

// TestProxyReloaded reloads the proxy under load, twice. It closes idle
// connections then, and a request that was on its way on one of them is lost:
// there may be one per connection and reload. HTTP/2 has the proxy say first
// where it stops reading, so that nothing is lost.
func TestProxyReloaded(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	forProxies(t, func(t *testing.T, kind proxyKind) {
		n := scale(1_500, 200_000)
		o := startOracle(t, 2*n)
		p := startProxy(t, kind, o.address, forever, forever)
		pl := kind.plan(uint64(n))
		pl.Rate, pl.Concurrency = mustRate(t, scale("600", "2000")), 16
		s, _ := through(t, p, o, pl, 100, func(run *Run) {
			for i := range 2 {
				awaitArrivals(o, run, uint64(n/3*(i+1)))
				p.reload()
			}
		})
		lost := closedOn(s)
		most := uint64(2 * pl.Concurrency)
		if pl.HTTP2 {
			most = 0
		}
		if s.Counts.Failed != lost || lost > most || s.Counts.Sent != pl.Requests {
			t.Errorf("%d failed, of which %d on a closed connection, at most %d can have been: %+v", s.Counts.Failed, lost, most, s.Failures)
		}
	})
}

// awaitArrivals waits until so many requests have arrived, or the run ends.
func awaitArrivals(o *oracle, run *Run, mark uint64) {
	for o.arrived() < mark {
		select {
		case <-run.Done():
			return
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// allowedSilence counts the requests that haproxy does not answer: where the
// server behind it ends a connection on a request that is not its
// connection's first, it closes that one in turn, or refuses the stream, logs
// nothing, and leaves it to clients to try again. That server has seen the
// request all the same, so brunt does not. nginx answers always.
func allowedSilence(kind proxyKind, s *result.Snapshot) uint64 {
	switch {
	case kind.name != "haproxy":
		return 0
	case kind.protocol == h11:
		return closedOn(s)
	default:
		return refusedBy(kind, s)
	}
}

// TestProxyBackend has the server behind the proxy be away, or slow, for some
// of the time: what the proxy answers then is what brunt reports.
func TestProxyBackend(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	t.Run("away", func(t *testing.T) {
		forProxies(t, func(t *testing.T, kind proxyKind) {
			n := scale(1_500, 50_000)
			o := startOracle(t, 2*n)
			p := startProxy(t, kind, o.address, forever, forever)
			pl := kind.plan(uint64(n))
			pl.Rate, pl.Concurrency = mustRate(t, "1000"), 16
			s, _ := through(t, p, o, pl, 0, func(run *Run) {
				awaitArrivals(o, run, uint64(n/3))
				o.kill()
				before := countFailed(run)
				await(func() bool { return countFailed(run) >= before+50 || run.over() })
				o.start()
			})
			if away := s.Status[502] + s.Status[503] + s.Status[504]; away < 40 || s.Counts.Failed != away+allowedSilence(kind, s) {
				t.Errorf("statuses %v, %+v", s.Status, s.Failures)
			}
		})
	})
	t.Run("slow", func(t *testing.T) {
		forProxies(t, func(t *testing.T, kind proxyKind) {
			n := scale(300, 10_000)
			o := startOracle(t, 2*n, "-faults", "slow=0.05,halfclose=0.1", "-slow", fmt.Sprint(2*proxyTimeout))
			p := startProxy(t, kind, o.address, forever, proxyTimeout)
			pl := kind.plan(uint64(n))
			pl.Rate, pl.Concurrency = mustRate(t, "300"), 64
			s, sum := through(t, p, o, pl, 0, nil)
			ended := s.Status[502] + allowedSilence(kind, s)
			// A loaded machine makes other replies slow as well.
			if s.Status[504] < sum.Answers["slow"] || ended > sum.Answers["halfclose"] || s.Status[504]+ended < sum.Answers["slow"]+sum.Answers["halfclose"] || s.Counts.Failed != s.Status[504]+ended || sum.Arrived != uint64(n) {
				t.Errorf("statuses %v, %+v", s.Status, s.Failures)
			}
		})
	})
}
