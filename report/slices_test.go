package report

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"brunt/attack/histogram"
	"brunt/attack/result"
)

// stretch is a run of n seconds, of so many replies each, under names.
func stretch(n, replies, names int) ([]Interval, *result.Followed) {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(replies)))
	var follow result.Follow
	out := make([]Interval, n)
	for i := range out {
		h, late := histogram.New(), histogram.New()
		var counts result.IntervalCounts
		in := &out[i]
		in.TS, in.WidthS, in.WindowS, in.AskedPerS = float64(i), 1, new(1.0), new(float64(replies))
		in.InFlight = uint64(rng.IntN(50))
		for k := range replies {
			ns := int64(20e6 * math.Exp(0.4*rng.NormFloat64()))
			in.Planned, in.Sent, in.BytesOut = in.Planned+1, in.Sent+1, in.BytesOut+7
			_ = late.RecordValue(ns / 1000)
			of := counts.Name(follow.Name(fmt.Sprint("n", (i*7+k)%max(names, 1))))
			of.Sent, of.BytesOut = of.Sent+1, of.BytesOut+7
			if rng.IntN(20) == 0 {
				in.Failed++
				of.Failed++
				counts.Failed(follow.Kind(result.FailureKind{Kind: "status_503", Status: 503}))
				continue
			}
			in.Succeeded, of.Succeeded = in.Succeeded+1, of.Succeeded+1
			of.Record(ns)
			_ = h.RecordValue(ns)
		}
		in.Response, in.Service, in.Lateness = histogram.SketchOf(h), histogram.SketchOf(h), histogram.SketchOf(late)
		in.Max = maxOf(h)
		in.Names, in.Kinds = counts.Lists()
	}
	return out, &follow.Followed
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// However long a run is, and however many names it has, its slices are few and small,
// and together they are all of it.
func TestSlicesAreBounded(t *testing.T) {
	for _, run := range []struct{ seconds, replies, names, most, bits int }{
		{10, 200, 3, 20e3, 11}, {119, 20, 0, 100e3, 11}, {121, 20, 2, 100e3, 11}, {600, 300, 5, 190e3, 9}, {3600, 30, 500, 240e3, 6},
	} {
		intervals, f := stretch(run.seconds, run.replies, run.names)
		r := &Report{Intervals: intervals}
		r.CutIntoSlices(f)
		s := r.Slices
		if n := len(s.List); n > maxSlices || n < min(run.seconds, fewestSlices) {
			t.Errorf("%d s: %d slices", run.seconds, n)
		}
		if size := len(jsonOf(t, s)); size > run.most {
			t.Errorf("%+v: %d bytes, %+v", run, size, s.Bits)
		}
		if s.Bits.Response < run.bits {
			t.Errorf("%+v: response times of %d bits", run, s.Bits.Response)
		}
		var sum, want Slice
		var named SliceName
		kinds, times, at := uint64(0), uint64(0), 0.0
		for i := range s.List {
			x := &s.List[i]
			if math.Abs(x.TS-at) > 1e-9 {
				t.Errorf("slice %d begins at %g and not at %g", i, x.TS, at)
			}
			at += x.WidthS
			sum.Planned, sum.Sent, sum.Succeeded, sum.Failed = sum.Planned+x.Planned, sum.Sent+x.Sent, sum.Succeeded+x.Succeeded, sum.Failed+x.Failed
			times += x.Response.Total()
			for _, n := range x.Names {
				named.Sent, named.Failed, named.BytesOut = named.Sent+n.Sent, named.Failed+n.Failed, named.BytesOut+n.BytesOut
				if n.Index >= 0 && n.Response.Total() != n.Succeeded {
					t.Fatalf("slice %d: %d times of %d successes", i, n.Response.Total(), n.Succeeded)
				}
			}
			for _, k := range x.Kinds {
				kinds += k.Count
			}
		}
		for i := range intervals {
			in := &intervals[i]
			want.Planned, want.Sent, want.Succeeded, want.Failed = want.Planned+in.Planned, want.Sent+in.Sent, want.Succeeded+in.Succeeded, want.Failed+in.Failed
		}
		if sum.Planned != want.Planned || sum.Sent != want.Sent || sum.Succeeded != want.Succeeded || sum.Failed != want.Failed ||
			times != want.Succeeded || kinds != want.Failed || named.Sent != want.Sent || named.Failed != want.Failed || named.BytesOut != 7*want.Sent {
			t.Errorf("%+v: slices have %+v, %+v, %d failures and %d times", run, sum, named, kinds, times)
		}
		if run.names > result.MaxFollowed && (len(s.Names) != result.MaxFollowed || s.NamesLeftOut != nil) {
			t.Errorf("%d names, %v left out", len(s.Names), s.NamesLeftOut)
		}
		var back Slices
		if err := json.Unmarshal([]byte(jsonOf(t, s)), &back); err != nil {
			t.Fatal(err)
		}
		if jsonOf(t, back) != jsonOf(t, s) {
			t.Errorf("%+v: what is read back is not what was written", run)
		}
	}
}

// A run under way has the slices that it would have were it all made at once, and
// those before the index that is given are as they were.
func TestSlicesFollow(t *testing.T) {
	intervals, f := stretch(450, 40, 3)
	var s slicer
	var before []Slice
	for n := 1; n <= len(intervals); n += 1 + n%7 {
		list, kept := intervals[:n], len(before)*max(s.per, 1)
		from := s.follow(list, min(kept, n), f)
		for i := range from {
			if jsonOf(t, before[i]) != jsonOf(t, s.List[i]) {
				t.Fatalf("%d intervals: slice %d has changed, of those from %d on", n, i, from)
			}
		}
		var anew slicer
		anew.level = s.level
		anew.follow(list, 0, f)
		if diff := cmp.Diff(jsonOf(t, anew.Slices), jsonOf(t, s.Slices)); diff != "" {
			t.Fatalf("%d intervals: %s", n, diff)
		}
		before = append([]Slice{}, s.List[:n/s.per]...) // those that are full
	}
}

// A selection's percentiles are those of its requests, to the histogram's digits.
func TestSliceBucketsAreTheHistogramsOwn(t *testing.T) {
	intervals, f := stretch(30, 300, 2)
	r := &Report{Intervals: intervals}
	r.CutIntoSlices(f)
	if r.Slices.Bits.Response != bucketBits {
		t.Fatalf("%+v", r.Slices.Bits)
	}
	sum, want := map[uint64]uint64{}, NewHistogram()
	for i := 7; i < 19; i++ {
		intervals[i].Response.AddTo(want.PackedHistogram)
		for _, b := range r.Slices.List[i].Response.Open() {
			sum[b.Index] += b.Count
		}
	}
	for value, count := range want.ForEachBucket {
		if n := sum[BucketOf(value, bucketBits)]; n != uint64(count) {
			t.Errorf("%v: %d and not %d", time.Duration(value), n, count)
		}
	}
}

func FuzzSliceBuckets(f *testing.F) {
	f.Add([]byte(`"AQID"`))
	f.Add([]byte(`null`))
	f.Add([]byte(`"="`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var b SliceBuckets
		if b.UnmarshalJSON(text) != nil {
			return
		}
		again, err := b.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var c SliceBuckets
		if err := c.UnmarshalJSON(again); err != nil {
			t.Fatal(err)
		}
		if c.Total() != b.Total() || !cmp.Equal(b.Open(), c.Open()) {
			t.Errorf("%s became %s", text, again)
		}
	})
}
