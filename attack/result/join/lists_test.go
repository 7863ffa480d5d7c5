package join_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/attack/result/join"
	"brunt/payloads/setting"
)

// Failures of one kind are one entry with the first example, names and models add up in
// the order in which they appear, and the slowest are those of all.
func TestLists(t *testing.T) {
	d := func(ns ...int64) (d histogram.Distribution) {
		for _, n := range ns {
			d.Record(n)
		}
		return d
	}
	one, two := newWorker(), newWorker()
	for _, w := range []*worker{one, two} {
		w.State = result.Done
	}
	one.Failures = []result.Failure{
		{Kind: "reset", Message: setting.Plain("late"), Count: 3, First: 5 * time.Second, Last: 6 * time.Second, Names: []result.NameHit{{Name: "a", Count: 3}}},
	}
	two.Failures = []result.Failure{
		{Kind: "status_503", Status: 503, Count: 9, First: time.Second, Last: time.Second},
		{Kind: "reset", Message: setting.Plain("early"), Count: 4, First: 2 * time.Second, Last: 3 * time.Second, Names: []result.NameHit{{Name: "b", Count: 1}, {Name: "a", Count: 3}}},
	}
	one.Names = []result.Named{{Name: "z", Sent: 1, Response: d(1000)}}
	two.Names = []result.Named{{Name: "y", Sent: 2, Response: d(1, 2)}, {Name: "z", Sent: 3, Response: d(1000, 2000, 3000)}}
	one.Models = []result.Served{{Name: "m1", Count: 1, Response: d(5)}}
	two.Models = []result.Served{{Name: "m2", Count: 3, Response: d(5, 6, 7)}, {Name: "m1", Count: 1, Response: d(6)}}
	one.Addresses, two.Addresses = []string{"1", "2"}, []string{"2", "3"}
	for i := range 15 {
		one.Slowest = append(one.Slowest, result.Slow{Response: time.Duration(100-2*i) * time.Second})
		two.Slowest = append(two.Slowest, result.Slow{Response: time.Duration(99-2*i) * time.Second})
	}
	one.Counts.Failed, two.Counts.Failed = 3, 13
	one.Silence = result.Silence{From: time.Second, Length: 3 * time.Second}
	two.Silence = result.Silence{From: 2 * time.Second, Length: 4 * time.Second}
	s, err := join.Merge([]join.Part{{Name: "one", Snapshot: one.now()}, {Name: "two", Snapshot: two.now()}}, open())
	if err != nil {
		t.Fatal(err)
	}
	reset := &s.Failures[1]
	if len(s.Failures) != 2 || s.Failures[0].Status != 503 || reset.Count != 7 || reset.First != 2*time.Second || reset.Last != 6*time.Second ||
		reset.Message.String() != "early" || !slices.Equal(reset.Names, []result.NameHit{{Name: "a", Count: 6}, {Name: "b", Count: 1}}) {
		t.Errorf("%+v", s.Failures)
	}
	if len(s.Names) != 2 || s.Names[0].Name != "z" || s.Names[0].Sent != 4 || s.Names[0].Response.Count() != 4 || s.Names[1].Response.Count() != 2 {
		t.Errorf("%+v", s.Names)
	}
	if len(s.Models) != 2 || s.Models[0].Name != "m2" || s.Models[1].Count != 2 || s.Models[1].Response.Count() != 2 {
		t.Errorf("%+v", s.Models)
	}
	if got := strings.Join(s.Addresses, " "); got != "1 2 3" {
		t.Errorf("addresses %s", got)
	}
	if n := len(s.Slowest); n != result.MaxSlowest || s.Slowest[0].Response != 100*time.Second || s.Slowest[n-1].Response != 81*time.Second {
		t.Errorf("%d slowest, down to %v", n, s.Slowest[n-1].Response)
	}
	if want := (result.Silence{From: 2 * time.Second, Length: 2 * time.Second}); s.Silence != want {
		t.Errorf("silence %+v, want %+v", s.Silence, want)
	}
}
