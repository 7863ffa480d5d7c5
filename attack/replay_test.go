package attack

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
)

// replayPlan is a replay of the instants.
func replayPlan(list []int64) plan.Plan {
	p := testPlan(uint64(len(list)))
	p.Instants, p.Concurrency = list, 16
	p.Rate = vegeta.Rate{Freq: len(list) - 1, Per: time.Duration(list[len(list)-1])}
	return p
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
