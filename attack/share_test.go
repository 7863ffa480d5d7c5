package attack

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"brunt/attack/arrivals"
	"brunt/attack/clock"
	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
)

// dueUntil takes what a run without connections has due at an instant of its schedule.
func (r *Run) dueUntil(t *rapid.T, at time.Duration) (list []ticket) {
	r.clock = clock.From(time.Now().Add(-at))
	for _, l := range r.loops {
		last := Instant(-1)
		for {
			s, tk, ok := l.takeDue()
			if !ok {
				break
			}
			if tk.planned < last {
				t.Fatalf("a ticket of %d after one of %d", tk.planned, last)
			}
			last, tk.begin, tk.noSlot = tk.planned, 0, false
			list = append(list, tk)
			l.release(s)
		}
	}
	return list
}

// TestSharedTickets: the loops of several runs take the tickets that those of one run
// take, with the same instants and bodies, each once; also where a run is lost, and others
// take over what it had left.
func TestSharedTickets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := testPlan(rapid.SampledFrom([]uint64{0, 37, 900}).Draw(t, "requests"))
		p.Rate, _ = plan.ParseRate(rapid.SampledFrom([]string{"3", "71.7", "200"}).Draw(t, "rate"))
		p.Duration = time.Duration(rapid.SampledFrom([]int{1, 700, 3000, 5000}).Draw(t, "length")) * time.Millisecond
		p.Warmup = time.Duration(rapid.IntRange(0, 1500).Draw(t, "warm-up")) * time.Millisecond
		p.Law = arrivals.Law{Shape: rapid.SampledFrom([]float64{0, 1}).Draw(t, "shape")}
		n := uint64(rapid.IntRange(1, 7).Draw(t, "runs"))
		moment := func(name string) time.Duration {
			part := rapid.SampledFrom([]int{0, 300, 900, 2700, 4300}).Draw(t, name)
			return time.Duration(part+rapid.IntRange(0, 700).Draw(t, "and")) * time.Millisecond
		}
		lost, left, seen := rapid.Uint64Range(0, n).Draw(t, "lost"), moment("left"), moment("seen")
		rate, from := p.Rate, seen+200*time.Millisecond+moment("changed")
		rate.Freq *= 2
		parts, joins := rapid.Uint64Range(1, max(1, n-1)).Draw(t, "parts"), rapid.Bool().Draw(t, "another one joins")
		var all []ticket
		for i := range n + 1 { // the last one does all by itself
			own, one := p, i == n
			if own.Shares = []plan.Share{{Index: i, Of: n}}; one {
				own.Shares = nil
			}
			r := ticketRun(own, rapid.IntRange(1, 3).Draw(t, "slots"))
			r.end.Store(Instant(p.Warmup + p.Duration))
			taken := r.dueUntil(t, seen)
			if i == lost && n > 1 && !one {
				r.replan(r.schedule.Load().Changed(from, rate))
				taken = slices.DeleteFunc(append(taken, r.dueUntil(t, left)...), func(tk ticket) bool { return tk.planned >= Instant(left) })
				all = append(all, taken...)
				continue
			}
			if part := (i + n - lost - 1) % n; n > 1 && lost < n && part < parts && !one {
				piece := plan.Share{Index: lost, Of: n}.Split(part, parts)
				r.takeTickets(plan.Holding{Share: piece, Since: left})
				if until := left + 1 + moment("yielded"); joins { // to one that joins
					r.yieldTickets(piece, until)
					own.Shares, own.Joined = []plan.Share{{Index: lost, Of: n}}, 1
					late := ticketRun(own, 1)
					late.end.Store(Instant(p.Warmup + p.Duration))
					if got := late.dueUntil(t, seen); len(got) > 0 {
						t.Fatalf("%d tickets of one that was given none", len(got))
					}
					late.takeTickets(plan.Holding{Share: piece, Since: until})
					late.replan(late.schedule.Load().Changed(from, rate))
					all = append(all, late.dueUntil(t, time.Hour)...)
				}
			}
			r.replan(r.schedule.Load().Changed(from, rate))
			taken = append(taken, r.dueUntil(t, time.Hour)...)
			if !one {
				all = append(all, taken...)
				continue
			}
			for _, list := range [][]ticket{all, taken} {
				slices.SortFunc(list, func(a, b ticket) int {
					return cmp.Or(cmp.Compare(a.planned, b.planned), cmp.Compare(a.index, b.index))
				})
			}
			if !slices.Equal(all, taken) {
				t.Fatalf("%d tickets of %d runs, %d of one", len(all), n, len(taken))
			}
		}
	})
}

// TestSharesOfRequestNumbers: what runs of a closed loop call their requests is 0 to N-1
// together, with more slots than shares or fewer.
func TestSharesOfRequestNumbers(t *testing.T) {
	for _, slots := range []int{1, 2, 5, 16} {
		for _, n := range []uint64{1, 3, 7} {
			var got []uint64
			for i := range n {
				p := testPlan(100)
				p.Concurrency, p.Shares = slots, []plan.Share{{Index: i, Of: n}}
				r := ticketRun(p, 1)
				for {
					tk, ok := r.loops[0].claim.take(r, -1)
					if !ok {
						break
					}
					got = append(got, tk.index)
				}
			}
			slices.Sort(got)
			if len(got) != 100 || got[0] != 0 || got[99] != 99 || len(slices.Compact(got)) != 100 {
				t.Errorf("%d slots over %d runs: %v", slots, n, got)
			}
		}
	}
}

// TestSharedIDs: the ids and the numbers in the requests of several runs of one plan are
// each request's own, and begin with what the plan calls the run.
func TestSharedIDs(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		file := filepath.Join(t.TempDir(), "bodies.jsonl")
		if err := os.WriteFile(file, []byte(`{"inputs":[1]}`+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		set, err := payloads.Open([]payloads.Spec{{Path: file, Weight: 1}}, payloads.Options{ClientRequestID: true})
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		var mu sync.Mutex
		ids, numbers := map[string]int{}, map[string]int{}
		answer := http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
			var got struct {
				ID string `json:"client_request_id"`
			}
			_ = json.NewDecoder(q.Body).Decode(&got)
			mu.Lock()
			defer mu.Unlock()
			ids[got.ID]++
			numbers[q.Header.Get("X-Number")]++
		})
		server := httptest.NewServer(answer)
		defer server.Close()
		url := server.URL
		if http2 {
			url, _ = h2Server(t, false, 0, answer)
		}
		p := testPlan(100)
		p.RunID, p.Concurrency, p.HTTP2, p.Connections = "run-7", 5, http2, 5
		request := Request{UserAgent: "test", Template: true, Headers: []payloads.Header{{Name: "X-Number", Value: "{{seq}}"}}}
		var runs []*Run
		for i := range uint64(3) {
			target, err := endpoint.Open(t.Context(), url, endpoint.Options{}, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			defer target.Close()
			p.Shares = []plan.Share{{Index: i, Of: 3}}
			run, err := Start(p, request, set, target, nil)
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, run)
		}
		for _, run := range runs {
			<-run.Done()
			if s := run.Snapshot(); s.RunID != "run-7" || s.ID != "run-7" {
				t.Errorf("%q, %q", s.RunID, s.ID)
			}
		}
		mu.Lock()
		for id := range ids {
			if !strings.HasPrefix(id, "run-7-") {
				t.Errorf("id %q", id)
			}
		}
		if len(ids) != 100 || len(numbers) != 100 {
			t.Errorf("HTTP/2 %v: %d ids and %d numbers of 100 requests", http2, len(ids), len(numbers))
		}
		mu.Unlock()
	}
	p := testPlan(1)
	p.RunID = `a"b`
	if err := p.Validate(); err == nil {
		t.Error("a run's id with a quote is one")
	}
}

// TestStartAt: a run whose instant has passed starts late, and its lateness tells; one
// that is far behind does not start.
func TestStartAt(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	p := testPlan(0)
	p.Rate, p.Duration, p.StartAt = mustRate(t, "100"), time.Second, time.Now().Add(-300*time.Millisecond)
	s := attackOf(t, server.URL, p)
	checkBooks(t, s)
	if c := &s.Counts; c.Planned != 100 || c.Sent != 100 || c.LateWithSlots+c.LateNoSlots < 25 {
		t.Errorf("%d planned, %d sent, %d late", c.Planned, c.Sent, c.LateWithSlots+c.LateNoSlots)
	}
	if d := s.Started.Sub(p.StartAt).Abs(); d > time.Millisecond {
		t.Errorf("it started %v apart", d)
	}
	p.StartAt = time.Now().Add(-2 * time.Hour)
	target, err := endpoint.Open(t.Context(), server.URL, endpoint.Options{}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if _, err := Start(p, Request{UserAgent: "test"}, payloads.Single("test", body), target, nil); err == nil || !strings.Contains(err.Error(), "2h0m0s ago") {
		t.Errorf("a start two hours ago: %v", err)
	}
}

// TestTakeRefused: what is no share, or held, or all that there is, is not taken over.
func TestTakeRefused(t *testing.T) {
	p := testPlan(0)
	p.Rate, p.Duration = mustRate(t, "1"), time.Hour
	idle := func() *Run {
		r := ticketRun(p, 1)
		r.end.Store(1)
		r.loops[0].tickets.ended = true // nothing is to be sent
		return r
	}
	if err := idle().Take(plan.Share{Index: 1, Of: 2}, 0, 0, 0); err == nil || errors.Is(err, ErrOver) {
		t.Errorf("a run that sends everything takes over more: %v", err)
	}
	p.Shares = []plan.Share{{Index: 0, Of: 2}}
	r := idle()
	for _, row := range []struct {
		share plan.Share
		want  error
	}{{plan.Share{Index: 2, Of: 4}, ErrHeld}, {plan.Share{}, ErrHeld}, {plan.Share{Index: 1, Of: 2}, ErrOver}} {
		if err := r.Take(row.share, 0, 0, 0); !errors.Is(err, row.want) {
			t.Errorf("%v: %v", row.share, err)
		}
	}
	if err := r.Take(plan.Share{Index: 3, Of: 2}, 0, 0, 0); err == nil {
		t.Error("share 3 of 2 is one")
	}
}

// TestTakeBeforeHeld: what comes before a share that is held from an instant on may be taken,
// too.
func TestTakeBeforeHeld(t *testing.T) {
	p := testPlan(0)
	p.Rate, p.Duration, p.Shares = mustRate(t, "1"), 2*time.Hour, []plan.Share{{Index: 0, Of: 2}}
	r, other := ticketRun(p, 1), plan.Share{Index: 1, Of: 2}
	for _, l := range r.loops {
		l.tickets.ended = true // nothing is to be sent
	}
	from := 90 * time.Minute
	for _, take := range []struct {
		name        string
		share       plan.Share
		from, until time.Duration
		want        error
	}{
		{"from an instant on", other, from, 0, nil},
		{"until then", other, 80 * time.Minute, from, nil},
		{"until later", other, 80 * time.Minute, from + 1, ErrHeld},
		{"a part of it", other.Split(1, 2), 80 * time.Minute, from + 1, ErrHeld},
		{"for good", other, 80 * time.Minute, 0, ErrHeld},
		{"its own", p.Shares[0], 0, from, ErrHeld},
	} {
		if err := r.Take(take.share, take.from, take.until, 0); !errors.Is(err, take.want) {
			t.Errorf("%s: %v", take.name, err)
		}
	}
	if n := r.schedule.Load().PlannedBefore(2 * time.Hour); n != 3600+1200 { // half of two hours, and of 40 minutes
		t.Errorf("%d planned", n)
	}
}
