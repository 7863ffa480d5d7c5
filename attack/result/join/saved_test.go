package join_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/attack/result/join"
	"brunt/attack/result/wire"
	"brunt/payloads/setting"
)

// alike compares what holds the same in other memory.
var alike = cmp.Options{
	cmp.Comparer(func(a, b *hdrhistogram.PackedHistogram) bool { return slices.Equal(bars(a), bars(b)) }),
	cmp.Comparer(histogram.Sketch.Equal),
	cmp.Comparer(func(a, b histogram.Distribution) bool { return a.Sketch().Equal(b.Sketch()) }),
	cmp.Comparer(func(a, b result.Delays) bool { return a == b }),
	cmp.Comparer(func(a, b setting.Text) bool { return a.String() == b.String() }),
}

// An Accumulator that was saved and restored, whenever that is, goes on as the one does
// that was not: a run that is gone on with shows what it had shown otherwise.
func TestSaved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 4).Draw(t, "workers")
		one, other := join.New(open()), join.New(open())
		workers, senders := make([]*worker, count), make([]wire.Sender, count)
		lost := map[int]result.Lost{}
		for i := range workers {
			workers[i] = newWorker([]string{"a", "b", "c"}[:rapid.IntRange(0, 3).Draw(t, "names")]...)
			one.Add(fmt.Sprint("w", i))
			other.Add(fmt.Sprint("w", i))
		}
		restore := func() {
			b, err := other.Save().MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if other, err = join.Restore(open(), b); err != nil {
				t.Fatal(err)
			}
			for i, l := range lost {
				other.Lose(i, l)
			}
		}
		for range rapid.IntRange(1, 20).Draw(t, "messages") {
			i := rapid.IntRange(0, count-1).Draw(t, "worker")
			w := workers[i]
			if _, gone := lost[i]; gone || w.State == result.Done {
				continue
			}
			for range rapid.IntRange(0, 2).Draw(t, "intervals") {
				w.interval(w.width, 5, uint64(rapid.IntRange(0, 5).Draw(t, "ended")), 0, []int64{1000 * int64(rapid.IntRange(1, 9).Draw(t, "time"))})
			}
			if rapid.IntRange(0, 9).Draw(t, "ends") == 0 {
				w.done(time.Duration(rapid.IntRange(1, 999).Draw(t, "tail")) * time.Millisecond)
			}
			b, err := senders[i].Encode(w.now())
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range []*join.Accumulator{one, other} {
				m, err := wire.Decode(b)
				if err == nil {
					err = a.Take(i, 7*time.Millisecond, m)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if rapid.IntRange(0, 2).Draw(t, "acknowledged") > 0 {
				senders[i].Acknowledged()
			}
			if rapid.IntRange(0, 9).Draw(t, "lost") == 0 {
				lost[i] = result.Lost{PlannedUnknown: 3, Since: w.Elapsed, Until: w.Elapsed + time.Second}
				one.Lose(i, lost[i])
				other.Lose(i, lost[i])
			}
			one.Clock(i, time.Second, time.Millisecond)
			other.Clock(i, time.Second, time.Millisecond)
			if rapid.IntRange(0, 3).Draw(t, "restored") == 0 {
				restore()
			}
			if diff := cmp.Diff(one.Snapshot(), other.Snapshot(), alike); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// What is no state is refused.
func TestRestoreRefuses(t *testing.T) {
	a := join.New(open())
	a.Add("w")
	good, err := a.Save().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{nil, good[:len(good)/2], {5, 16, 'h', 'e', 'l', 'l', 'o'}} {
		if _, err := join.Restore(open(), b); err == nil {
			t.Errorf("%d bytes of %d are taken", len(b), len(good))
		}
	}
}
