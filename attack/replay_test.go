package attack

import (
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/endpoint"
	"brunt/payloads"
)

// replayPlan is a replay of the instants.
func replayPlan(list []int64) Plan {
	p := testPlan(uint64(len(list)))
	p.Instants, p.Concurrency = list, 16
	p.Rate = vegeta.Rate{Freq: len(list) - 1, Per: time.Duration(list[len(list)-1])}
	return p
}

// TestReplaySchedule: ticket i has instant i, and what lies before an instant
// is what a count of the list says, whatever the bounds.
func TestReplaySchedule(t *testing.T) {
	list := make([]int64, 500)
	for i := range list {
		list[i] = rand.Int64N(int64(time.Second)) / 1e6 * 1e6 // many at the same instant
	}
	list[0] = 0
	slices.Sort(list)
	for name, bound := range map[string]func(*Plan){
		"whole": func(*Plan) {}, "requests": func(p *Plan) { p.Requests = 77 }, "duration": func(p *Plan) { p.Duration = 300 * time.Millisecond },
	} {
		p := replayPlan(list)
		bound(&p)
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		s := newSchedule(&p)
		planned := uint64(0)
		for i, want := range list {
			at, ok := s.at(uint64(i))
			if inside := uint64(i) < p.Requests && (p.Duration == 0 || want < int64(p.Duration)); ok != inside || ok && int64(at) != want {
				t.Fatalf("%s: ticket %d at %d (%v), not %d (%v)", name, i, at, ok, want, inside)
			}
			if ok {
				planned++
			}
		}
		if _, ok := s.at(500); ok || s.measured != planned {
			t.Errorf("%s: %d planned, not %d", name, s.measured, planned)
		}
		for _, at := range []int64{math.MinInt64, 0, 1, list[250], list[250] + 1, list[499], list[499] + 1, math.MaxInt64} {
			want := uint64(0)
			for _, x := range list {
				if x < at && want < s.measured {
					want++
				}
			}
			if got := s.plannedBefore(time.Duration(at)); got != want {
				t.Errorf("%s: %d before %d, not %d", name, got, at, want)
			}
		}
	}
	p := replayPlan(list)
	p.Warmup = time.Second
	if p.Validate() == nil {
		t.Error("a replay has no warm-up")
	}
}

// TestReplay: requests come in bursts as they were recorded, each once, from
// their own instants, and the load cannot be changed.
func TestReplay(t *testing.T) {
	var mu sync.Mutex
	var came []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		came = append(came, string(b))
	}))
	defer server.Close()
	// Rows stand in another order than that in which they came.
	table := `{"timestamp_ms":1600,"request":"3"}
{"timestamp_ms":1000,"request":"0"}
{"timestamp_ms":1300,"request":"2"}
{"timestamp_ms":1150,"request":"1"}
`
	set, err := payloads.Open([]payloads.Spec{{Path: "-", Weight: 1}}, payloads.Options{Format: payloads.AutoFormat, Order: payloads.Recorded, Stdin: strings.NewReader(table)})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	list := set.Instants()
	if want := []int64{0, 150e6, 300e6, 600e6}; !slices.Equal(list, want) {
		t.Fatal(list)
	}
	planned := map[uint64]time.Duration{}
	target, err := endpoint.Open(t.Context(), server.URL, endpoint.Options{}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	run, err := Start(replayPlan(list), Request{}, set, target, func(_ time.Time, batch []Record) error {
		for _, r := range batch {
			planned[r.Index] = r.Planned
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if run.Change(mustRate(t, "7"), 0) == nil {
		t.Error("a replay was changed")
	}
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	if s.Counts.Planned != 4 || s.Counts.Succeeded != 4 || !slices.Equal(came, []string{"0", "1", "2", "3"}) {
		t.Errorf("%+v, %v came", s.Counts, came)
	}
	for i, want := range list {
		if got := planned[uint64(i)]; got != time.Duration(want) {
			t.Errorf("request %d was planned for %v, not %v", i, got, time.Duration(want))
		}
	}
	if len(planned) != 4 || s.PlanElapsed < 600*time.Millisecond {
		t.Errorf("%d records, planned for %v", len(planned), s.PlanElapsed)
	}
}
