package attack

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/endpoint"
	"brunt/attack/result"
	"brunt/payloads"
)

// bars are a histogram's buckets, value and count in turn.
func bars(h *hdrhistogram.PackedHistogram) (list []int64) {
	for value, count := range h.ForEachBucket {
		list = append(list, value, count)
	}
	return list
}

// allocated is how many bytes f allocates, and keeps.
func allocated(f func()) (all, kept int64) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	all = int64(after.TotalAlloc - before.TotalAlloc)
	runtime.GC()
	runtime.ReadMemStats(&after)
	return all, int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// manyNames is a timeline of a run with n names, each of which had some replies.
func manyNames(n, replies int) *timeline {
	r := &Run{endpoint: &endpoint.Endpoint{}, payloads: payloads.Single("test", nil), nameOf: []int{-1}}
	for i := range n {
		r.names = append(r.names, "a prompt of sort "+strconv.Itoa(i))
	}
	of := newTally(n)
	t := &timeline{run: r, total: result.NewLatencies(), aggregate: newAggregate(r)}
	random := rand.New(rand.NewPCG(3, 4))
	for range replies {
		for id := range n {
			took := Instant(1e6 * (1 + random.ExpFloat64()))
			of.countName(id, &exchange{end: took, outcome: succeeded}, 0)
		}
		of.countModel([]byte("model-"+strconv.Itoa(random.IntN(4))), &exchange{end: 1e6})
		t.aggregate.take(of)
		t.aggregate.addSwapped(r)
	}
	return t
}

// TestNamesAreSmall: two histograms for each name were made dense for each
// snapshot, 5 GB of 10,000 names.
func TestNamesAreSmall(t *testing.T) {
	const names = 10_000
	var line *timeline
	if _, kept := allocated(func() { line = manyNames(names, 20) }); kept > 40e6 {
		t.Errorf("%d names of 20 replies take %d MB", names, kept/1e6)
	}
	var first, second *result.Snapshot
	if all, _ := allocated(func() { first = line.commonSnapshot() }); all > 6e6 {
		t.Errorf("a snapshot of %d names allocates %.1f MB", names, float64(all)/1e6)
	}
	if n := len(first.Names); n != names || first.Names[n-1].Response.Count() != 20 || first.Names[n-1].Service.Count() != 20 || len(first.Models) != 4 {
		t.Errorf("%d names, %d models", n, len(first.Models))
	}
	line.common = first
	if all, _ := allocated(func() { second = new(*line.common) }); all > 1e4 || &second.Names[0] != &first.Names[0] {
		t.Errorf("another one until the next collection allocates %d bytes", all)
	}
}

// BenchmarkSnapshot takes a snapshot after a collection: of 10,000 names, each
// of which had a reply since the last one.
func BenchmarkSnapshot(b *testing.B) {
	for _, replies := range []int{3, 100, 1000} {
		b.Run(strconv.Itoa(replies), func(b *testing.B) {
			b.ReportAllocs()
			line := manyNames(10_000, replies)
			for b.Loop() {
				line.commonSnapshot()
			}
		})
	}
}
