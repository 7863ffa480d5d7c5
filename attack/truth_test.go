//go:build !windows

package attack

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/needs"
)

// mixedFaults hit one request in a hundred.
const mixedFaults = "reset=0.002,halfclose=0.002,garbage=0.002,cut=0.001,slow=0.002,429=0.001"

// TestEveryRequestCounted holds the run's counts against those of a server
// that fails one request in a hundred, each in its way.
func TestEveryRequestCounted(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	t.Run("closed", func(t *testing.T) {
		n := scale(50_000, 5_000_000)
		p := testPlan(uint64(n))
		p.Concurrency = scale(16, 64)
		everyRequestCounted(t, ownHost()+":0", endpoint.Options{}, n, p, nil)
	})
	t.Run("open", func(t *testing.T) {
		n := scale(8_000, 600_000)
		p := testPlan(uint64(n))
		p.Concurrency, p.Rate = 0, mustRate(t, scale("4000", "10000"))
		var records []Record
		var began time.Time
		o := everyRequestCounted(t, ownHost()+":0", endpoint.Options{}, n, p, func(start time.Time, batch []Record) error {
			records, began = append(records, batch...), start
			return nil
		})
		if len(records) != n {
			t.Fatalf("%d records", len(records))
		}
		inOrder(t, o.instants(n), records, sinceStart(began))
	})
}

func everyRequestCounted(t *testing.T, at string, options endpoint.Options, n int, p plan.Plan, sink Sink) *oracle {
	o := startOracleAt(t, at, n+n/10, "-faults", mixedFaults, "-expect", fmt.Sprint(n))
	run := startVia(t, o.url(), options, p, Request{}, indexedBodies(t, n, 1000), sink)
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	sum := o.summary()
	t.Logf("%d sent, %d unsent, %d succeeded, %d connections; the oracle: %+v", s.Counts.Sent, unsent(s), s.Counts.Succeeded, s.Counts.Connections, sum)
	same := func(what string, brunt, oracle uint64) {
		t.Helper()
		if brunt != oracle {
			t.Errorf("%s: %d here, %d at the oracle", what, brunt, oracle)
		}
	}
	same("sent less unsent = arrived", s.Counts.Sent-unsent(s), sum.Arrived)
	same("each arrived once", s.Counts.Sent-unsent(s), sum.Distinct)
	same("unsent = missing", unsent(s), sum.Missing)
	same("all sent", s.Counts.Sent, uint64(n))
	same("200", s.Status[200], sum.Answers["ok"]+sum.Answers["slow"])
	same("429", s.Status[429], sum.Answers["429"])
	same("garbage", countOf(s, result.KindBadReply), sum.Answers["garbage"])
	same("broken off", countOf(s, result.KindReset, result.KindClosedEarly, result.KindStaleConnection), sum.Answers["reset"]+sum.Answers["halfclose"]+sum.Answers["cut"])
	for _, kind := range strings.Split(mixedFaults, ",") {
		if name, _, _ := strings.Cut(kind, "="); sum.Answers[name] == 0 {
			t.Errorf("no fault %s was injected", name)
		}
	}
	return o
}

// skew is as much as two readings of one clock may disagree.
const skew = 20 * time.Microsecond

// inOrder checks every single request against the oracle's clock: planned,
// begun, sent, arrived, ended.
func inOrder(t *testing.T, arrivals []int64, records []Record, since func(int64) time.Duration) {
	wrong := 0
	for _, r := range records {
		arrived := since(arrivals[r.Index])
		if r.Planned <= r.Begun && r.Begun <= r.Sent && r.Sent <= arrived+skew && arrived <= r.End+skew {
			continue
		}
		if wrong++; wrong < 5 {
			t.Errorf("arrived at %v: %+v", arrived, r)
		}
	}
	if wrong > 0 {
		t.Errorf("%d requests out of order", wrong)
	}
}

// TestServerRestarted kills the server twice in mid-run: only what was in
// flight just then may be unknown, and nothing is sent again.
func TestServerRestarted(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for _, open := range []bool{false, true} {
		t.Run(fmt.Sprintf("open=%v", open), func(t *testing.T) {
			n := scale(50_000, 5_000_000)
			p := testPlan(uint64(n))
			p.Concurrency = 16
			if open {
				n = scale(12_000, 300_000)
				p.Requests, p.Rate = uint64(n), mustRate(t, scale("4000", "10000"))
			}
			o := startOracle(t, n+n/10, "-expect", fmt.Sprint(n))
			var broken []Record // what did not succeed
			run := startWith(t, o.url(), p, Request{}, indexedBodies(t, n, 1000), func(_ time.Time, batch []Record) error {
				for _, r := range batch {
					if !r.Succeeded {
						broken = append(broken, r)
					}
				}
				return nil
			})
			crashes := restartAt(t, o, run, uint64(n/4), uint64(n/2))
			<-run.Done()
			s := run.Snapshot()
			checkBooks(t, s)
			sum := o.summary()
			inFlight := lostInCrash(t, o.instants(n), broken, crashes)
			left := s.Counts.Sent - unsent(s)
			t.Logf("%d sent, %d unsent, %d succeeded, %d in flight at the crashes, %d of them lost; %d arrived, %d twice, %d unfinished, %d connections",
				s.Counts.Sent, unsent(s), s.Counts.Succeeded, inFlight, left-sum.Arrived, sum.Arrived, sum.Duplicates, sum.Unfinished, sum.Connections)
			if arrived := sum.Arrived + sum.Unfinished; arrived > left || left > arrived+inFlight {
				t.Errorf("%d arrived, %d sent less unsent, %d in flight at the crashes: %v", arrived, left, inFlight, s.Failures)
			}
			if s.Counts.Succeeded > sum.Arrived || len(crashes) != 2 || unsent(s) == 0 || s.Counts.Dropped > 0 {
				t.Errorf("%d crashes, %d succeeded, %d arrived, %d records dropped, %v", len(crashes), s.Counts.Succeeded, sum.Arrived, s.Counts.Dropped, s.Failures)
			}
		})
	}
}

// crash is from before the server was killed until nobody can have a connection
// to it any more: the system closes its connections before the port on which
// it listens, so that a client may lose a second request to it, on a connection
// that it opened just before.
type crash struct{ from, to time.Duration }

// lastWrite is how long after the crash that second request may be sent.
const lastWrite = 50 * time.Millisecond

// restartAt kills the oracle when so many requests have arrived, lets the run
// meet a dead port, and starts it again.
func restartAt(t *testing.T, o *oracle, run *Run, marks ...uint64) (crashes []crash) {
	t.Helper()
	now := func() time.Duration { return (run.clock.Now().Sub(run.measured.Load())) }
	for _, mark := range marks {
		for o.arrived() < mark {
			select {
			case <-run.Done():
				return crashes
			case <-time.After(2 * time.Millisecond):
			}
		}
		from := now()
		o.kill()
		crashes = append(crashes, crash{from, now() + lastWrite})
		before := countFailed(run)
		await(func() bool { return countFailed(run) > before || run.over() })
		o.start()
	}
	return crashes
}

// lostInCrash counts the failed requests that were in flight at a crash; those
// that never arrived must be among them.
func lostInCrash(t *testing.T, arrivals []int64, broken []Record, crashes []crash) (inFlight uint64) {
	t.Helper()
	for _, r := range broken {
		if r.Sent == 0 {
			continue // no connection was had
		}
		hit := false
		for _, c := range crashes {
			hit = hit || r.Sent <= c.to && r.End >= c.from
		}
		if hit {
			inFlight++
		} else if arrivals[r.Index] == 0 {
			t.Errorf("lost, but not in a crash (%v): %+v", crashes, r)
		}
	}
	return inFlight
}

// countFailed is the number of failures so far.
func countFailed(run *Run) (n uint64) {
	for _, l := range run.loops {
		t := l.tally
		t.mu.Lock()
		n += t.counts.Failed
		t.mu.Unlock()
	}
	return n
}

// TestNeverSentTwice tempts the client to try again, by everything that makes
// other clients do so.
func TestNeverSentTwice(t *testing.T) {
	t.Parallel()
	n := scale(2_000, 50_000)
	for _, c := range []struct {
		name   string
		words  []string
		always bool // every request fails, else those that met a close
	}{
		{"reset after the request", []string{"-faults", "reset=1"}, true},
		{"end after the request", []string{"-faults", "halfclose=1"}, true},
		{"reset now and then", []string{"-faults", "reset=0.2"}, false},
		{"end now and then", []string{"-faults", "halfclose=0.2"}, false},
		{"cut replies", []string{"-faults", "cut=1"}, true},
		{"503 with Retry-After", []string{"-faults", "503=1"}, true},
		{"429 with Retry-After", []string{"-faults", "429=1"}, true},
		{"closed right after a reply", []string{"-last", "3"}, false},
		{"idle time-out as long as the gap", []string{"-keepalive", "4ms"}, false},
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodPut} {
			if racing && method != http.MethodPost {
				continue
			}
			t.Run(c.name+" "+method, func(t *testing.T) {
				t.Parallel()
				p := testPlan(uint64(n))
				if strings.Contains(c.name, "idle") {
					// One request each 4 ms and no more.
					p.Requests, p.Rate = uint64(n/10), mustRate(t, "250")
				}
				if c.always && strings.Contains(c.name, "after the request") {
					p.Rate = mustRate(t, "100000") // a closed loop would pause between them
				}
				o := startOracle(t, n+n/10, append(c.words, "-expect", fmt.Sprint(p.Requests))...)
				s := attackWith(t, o.url(), p, Request{Method: method}, indexedBodies(t, n, 0), nil)
				sum := o.summary() // fails the test when an index came twice
				left := s.Counts.Sent - unsent(s)
				closed := countOf(s, result.KindReset, result.KindClosedEarly, result.KindStaleConnection)
				if sum.Arrived > left || left-sum.Arrived > closed || sum.Arrived != sum.Distinct || s.Counts.Sent != p.Requests {
					t.Errorf("%d sent less unsent, %d closed, oracle %+v", left, closed, sum)
				}
				if c.always && (s.Counts.Succeeded > 0 || sum.Arrived != left) {
					t.Errorf("%d succeeded, %d sent less unsent, oracle %+v", s.Counts.Succeeded, left, sum)
				}
			})
		}
	}
	t.Run("GET without a body", func(t *testing.T) {
		t.Parallel()
		o := startOracle(t, n+n/10, "-faults", "reset=0.2,halfclose=0.2,503=0.2")
		s := attackWith(t, o.url(), testPlan(uint64(n)), Request{}, payloads.Single("", nil), nil)
		if sum := o.summary(); sum.Arrived != s.Counts.Sent-unsent(s) {
			t.Errorf("%+v, oracle %+v", s.Counts, sum)
		}
	})
}

// TestNoForeignClient makes sure that no client with retries of its own has
// crept in: of fasthttp only the reply's header is used.
func TestNoForeignClient(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			sel, ok := node.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); !ok || pkg.Name != "fasthttp" {
				return true
			}
			switch {
			case sel.Sel.Name == "ResponseHeader", strings.HasPrefix(sel.Sel.Name, "Err"), strings.HasPrefix(sel.Sel.Name, "Status"):
			default:
				t.Errorf("%s uses fasthttp.%s", name, sel.Sel.Name)
			}
			return true
		})
	}
}
