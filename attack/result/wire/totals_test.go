package wire_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/attack/result/wire"
)

// record counts a time in each distribution of a snapshot's that a draw picks.
func record(t *rapid.T, s *result.Snapshot) {
	ns := int64(rapid.IntRange(1, 4000).Draw(t, "ns"))
	f := rapid.SampledFrom([]figure.Figure{figure.Response, figure.Lateness, figure.TTFT}).Draw(t, "figure")
	if s.Latencies[f] == nil {
		s.Latencies[f] = histogram.New()
	}
	_ = s.Latencies[f].RecordValue(ns)
	name := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name")
	at := slices.IndexFunc(s.Names, func(n result.Named) bool { return n.Name == name })
	if at < 0 {
		// The run's order is that of the payloads, so that a new one may be the first.
		s.Names, at = slices.Insert(s.Names, 0, result.Named{Name: name}), 0
	}
	s.Names[at].Response.Record(ns)
	s.Names[at].Succeeded++
	if rapid.Bool().Draw(t, "service") {
		s.Names[at].Service.Record(ns + 5)
	}
	s.Stages[int(ns)%len(s.Stages)].Response.Record(ns)
	s.Models[0].Service.Record(ns)
}

// frozen is the snapshot as it is now.
func frozen(s *result.Snapshot) *result.Snapshot {
	o := new(*s)
	o.Latencies = s.Latencies.Clone()
	o.Names, o.Stages, o.Models = slices.Clone(s.Names), slices.Clone(s.Stages), slices.Clone(s.Models)
	for i := range o.Names {
		o.Names[i] = o.Names[i].Frozen()
	}
	for i := range o.Stages {
		o.Stages[i].Named = o.Stages[i].Frozen()
	}
	for i := range o.Models {
		o.Models[i].Response, o.Models[i].Service = o.Models[i].Response.Frozen(), o.Models[i].Service.Frozen()
	}
	return o
}

// Distributions that grow come over as they are, whichever messages arrive and whichever
// of those are known to have; and so do those that shrink, as where a model is counted
// among the others from some moment on.
func TestTotalsComeOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &result.Snapshot{Stages: make([]result.StageFigures, 2), Models: []result.Served{{Name: "m"}}}
		var sender wire.Sender
		var r wire.Receiver
		for range rapid.IntRange(1, 12).Draw(t, "messages") {
			for range rapid.IntRange(0, 90).Draw(t, "times") {
				record(t, s)
			}
			if rapid.IntRange(0, 5).Draw(t, "moves") == 0 {
				s.Models = []result.Served{{Name: "other", Response: s.Models[0].Service}, {Name: "m"}}
				slices.Reverse(s.Models)
			}
			want := frozen(s)
			b, err := sender.Encode(want)
			if err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 4).Draw(t, "is lost") == 0 {
				continue
			}
			m, err := wire.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Take(m); err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 3).Draw(t, "is acknowledged") > 0 {
				sender.Acknowledged()
			}
			if diff := cmp.Diff(want, r.Snapshot(), alike); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// What adds to a message that did not come is refused, and nothing is lost by it.
func TestMissingTotals(t *testing.T) {
	var sender wire.Sender
	var r wire.Receiver
	s := &result.Snapshot{Latencies: result.NewLatencies()}
	next := func() *wire.Message {
		_ = s.Latencies[figure.Response].RecordValue(7)
		b, err := sender.Encode(frozen(s))
		if err != nil {
			t.Fatal(err)
		}
		sender.Acknowledged()
		m, err := wire.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	first, second, third := next(), next(), next()
	if r.Take(second) == nil {
		t.Error("the first message is missing, and nobody says so")
	}
	if err := r.Take(first); err != nil {
		t.Fatal(err)
	}
	if r.Take(third) == nil {
		t.Error("the second message is missing, and nobody says so")
	}
	if n := r.Snapshot().Latencies[figure.Response].TotalCount(); n != 1 {
		t.Errorf("%d values are left", n)
	}
	if n := third.More.Latencies[figure.Response].Count(); n != 1 {
		t.Errorf("%d values are told of one", n)
	}
}
