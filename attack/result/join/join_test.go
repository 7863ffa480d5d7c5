package join_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"pgregory.net/rapid"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/result/join"
	"brunt/attack/result/wire"
	"brunt/payloads"
	"brunt/payloads/setting"
)

// open is the plan of an open loop.
func open() *plan.Plan {
	return &plan.Plan{Rate: vegeta.Rate{Freq: 100, Per: time.Second}, Concurrency: 100, Duration: 10 * time.Second}
}

// bars are a histogram's buckets, value and count in turn.
func bars(h *hdrhistogram.PackedHistogram) (list []int64) {
	if h == nil {
		return nil
	}
	for value, count := range h.ForEachBucket {
		list = append(list, value, count)
	}
	return list
}

// holds checks what holds of any merged snapshot: its totals are the sums of the parts',
// bucket by bucket, and its intervals add up to its totals and follow on each other.
func holds(t interface {
	Helper()
	Fatalf(string, ...any)
}, s *result.Snapshot, parts []*result.Snapshot) {
	t.Helper()
	var want result.Counts
	sums := result.NewLatencies()
	for _, p := range parts {
		want.Sent += p.Counts.Sent
		want.Succeeded += p.Counts.Succeeded
		want.Failed += p.Counts.Failed
		want.BytesIn += p.Counts.BytesIn
		for f, h := range p.Latencies {
			if h != nil {
				if sums[f] == nil {
					sums[f] = histogram.New()
				}
				sums[f].Merge(h)
			}
		}
	}
	if c := &s.Counts; c.Sent != want.Sent || c.Succeeded != want.Succeeded || c.Failed != want.Failed || c.BytesIn != want.BytesIn {
		t.Fatalf("%+v, want %+v", *c, want)
	}
	for f := range figure.Len {
		if !slices.Equal(bars(s.Latencies[f]), bars(sums[f])) {
			t.Fatalf("%v: the buckets are not the sums of the parts'", f)
		}
	}
	var got result.Interval
	at := time.Duration(0)
	if len(s.Intervals) > 0 {
		at = s.Intervals[0].At
	}
	names := map[int]uint64{}
	for i := range s.Intervals {
		iv := &s.Intervals[i]
		if iv.At != at || iv.Width < 0 {
			t.Fatalf("interval %d is at %v, and the one before ended at %v", i, iv.At, at)
		}
		at += iv.Width
		for _, n := range iv.Names {
			names[n.Index] += n.Sent
		}
		got.Join(iv)
	}
	c := &s.Counts
	if got.Planned != c.Planned || got.Sent != c.Sent || got.Succeeded != c.Succeeded || got.Failed != c.Failed || got.CutOff != c.CutOff || got.BytesIn != c.BytesIn {
		t.Fatalf("the intervals add up to %+v, the totals are %+v", got, *c)
	}
	for name, sketch := range map[figure.Figure]histogram.Sketch{figure.Response: got.Response, figure.Service: got.Service} {
		if !slices.Equal(bars(sketch.Histogram()), bars(s.Latencies[name])) {
			t.Fatalf("%v: the intervals' buckets are not the totals'", name)
		}
	}
	for i, n := range s.Followed.Names {
		for _, total := range s.Names {
			if total.Name == n && total.Sent != names[i] {
				t.Fatalf("name %s: %d in the intervals, %d in all", n, names[i], total.Sent)
			}
		}
	}
	if s.State == result.Done {
		if c.Planned != c.Sent+c.NotSent()+c.UnknownPlanned || c.Sent != c.Succeeded+c.Failed+c.CutOff+c.UnknownSent {
			t.Fatalf("the identities do not hold: %+v", *c)
		}
	}
}

// worker is a worker's run, made by hand.
type worker struct {
	result.Snapshot
	width time.Duration
}

func newWorker(names ...string) *worker {
	w := &worker{width: time.Second}
	w.State = result.Running
	w.Latencies = result.NewLatencies()
	w.Followed.Names = names
	for _, n := range names {
		w.Names = append(w.Names, result.Named{Name: n})
	}
	w.Status = map[int]uint64{}
	return w
}

// interval lets some requests of those sent end within a stretch of so many widths.
func (w *worker) interval(width time.Duration, sent, ended, failed uint64, times []int64) {
	at := time.Duration(0)
	if n := len(w.Intervals); n > 0 {
		at = w.Intervals[n-1].At + w.Intervals[n-1].Width
	}
	c := &w.Counts
	iv := result.Interval{At: at, Width: width, Planned: sent, Sent: sent, Succeeded: ended, Failed: failed, BytesIn: 3 * ended}
	c.Planned, c.Sent, c.Succeeded, c.Failed, c.BytesIn = c.Planned+sent, c.Sent+sent, c.Succeeded+ended, c.Failed+failed, c.BytesIn+iv.BytesIn
	iv.InFlight = c.Sent - c.Succeeded - c.Failed
	h := histogram.New()
	for i := range ended {
		_ = h.RecordValue(times[int(i)%len(times)])
	}
	w.Latencies[figure.Response].Merge(h)
	w.Latencies[figure.Service].Merge(h)
	iv.Response = histogram.SketchOf(h)
	iv.Service = iv.Response
	if len(w.Names) > 0 && ended > 0 {
		at := int(ended) % len(w.Names)
		w.Names = slices.Clone(w.Names)
		w.Names[at].Sent += ended
		w.Names[at].Succeeded += ended
		iv.Names = []result.IntervalNamed{{Index: at, Sent: ended, Succeeded: ended, Response: iv.Response}}
		w.Names[at].Response.Merge(histogram.DistributionOf(h))
	}
	w.Intervals = append(w.Intervals, iv)
	w.Elapsed, w.PlanElapsed = at+width, at+width
}

// now is the worker's snapshot.
func (w *worker) now() *result.Snapshot {
	s := w.Snapshot
	s.Latencies = w.Latencies.Clone()
	s.Intervals = slices.Clone(w.Intervals)
	return &s
}

// halve joins neighbours, where there is an even number of them.
func (w *worker) halve() {
	if len(w.Intervals)%2 > 0 || len(w.Intervals) == 0 {
		return
	}
	var half []result.Interval
	for i := 0; i < len(w.Intervals); i += 2 {
		a := w.Intervals[i]
		a.Join(&w.Intervals[i+1])
		half = append(half, a)
	}
	w.Intervals, w.width = half, 2*w.width
}

// done lets the rest end in a short tail, which may be joined to the interval before.
func (w *worker) done(width time.Duration) {
	c := &w.Counts
	left := c.Sent - c.Succeeded - c.Failed
	w.interval(width, 0, left, 0, []int64{5e6})
	if n := len(w.Intervals); n > 1 && width < 200*time.Millisecond {
		w.Intervals = slices.Clone(w.Intervals)
		w.Intervals[n-2].Join(&w.Intervals[n-1])
		w.Intervals = w.Intervals[:n-1]
	}
	w.State = result.Done
}

// TestAnyRun merges whatever runs there are: workers that stall, halve, end early, join
// late or are lost, whose messages come in any order between them. What holds of one
// run holds of them after every message.
func TestAnyRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 5).Draw(t, "workers")
		seconds := rapid.IntRange(1, 14).Draw(t, "seconds")
		a := join.New(open())
		workers, senders, lost := make([]*worker, count), make([]wire.Sender, count), make([]bool, count)
		told, acknowledged := make([]*result.Snapshot, count), make([]bool, count)
		at := make([]time.Duration, count)
		for i := range workers {
			workers[i] = newWorker([]string{"a", "b", "c"}[:rapid.IntRange(0, 3).Draw(t, "names")]...)
			at[i] = time.Duration(rapid.IntRange(-20, 20).Draw(t, "skew")) * time.Millisecond
			if rapid.IntRange(0, 4).Draw(t, "late") == 0 {
				at[i] += 3 * time.Second
			}
			a.Add(fmt.Sprint("w", i))
		}
		check := func() {
			var parts []*result.Snapshot
			for _, s := range told {
				if s != nil {
					parts = append(parts, s)
				}
			}
			holds(t, a.Snapshot(), parts)
		}
		tell := func(i int) {
			if lost[i] {
				return
			}
			s := workers[i].now()
			b, err := senders[i].Encode(s)
			if err != nil {
				t.Fatalf("%v", err)
			}
			m, err := wire.Decode(b)
			if err != nil {
				t.Fatalf("%v", err)
			}
			if err := a.Take(i, at[i], m); err != nil {
				t.Fatalf("worker %d: %v", i, err)
			}
			if acknowledged[i] = rapid.IntRange(0, 3).Draw(t, "acknowledged") > 0; acknowledged[i] {
				senders[i].Acknowledged()
			}
			told[i] = s
		}
		for range seconds {
			for i, w := range workers {
				if w.State == result.Done {
					continue
				}
				switch rapid.IntRange(0, 11).Draw(t, "what") {
				case 0: // a stall
				default:
					width := w.width
					if rapid.IntRange(0, 9).Draw(t, "wide") == 0 {
						width = w.width * 2
					}
					sent := uint64(rapid.IntRange(0, 9).Draw(t, "sent"))
					ended := min(uint64(rapid.IntRange(0, 9).Draw(t, "ended")), w.Counts.Sent+sent-w.Counts.Succeeded)
					w.interval(width, sent, ended, 0, []int64{1000 * int64(rapid.IntRange(1, 9).Draw(t, "time")), 77})
					if acknowledged[i] && rapid.Bool().Draw(t, "halves") {
						w.halve()
						acknowledged[i] = false // once between two messages at the most
					}
				}
				if rapid.IntRange(0, 3).Draw(t, "tells") > 0 {
					tell(i)
					check()
				}
			}
		}
		for i, w := range workers {
			if rapid.IntRange(0, 3).Draw(t, "lost") == 0 {
				lost[i] = true
				a.Lose(i, result.Lost{PlannedUnknown: 7, Since: w.Elapsed, Until: w.Elapsed + 2*time.Second, Why: "it is gone"})
				continue
			}
			if w.State != result.Done {
				w.done(time.Duration(rapid.IntRange(1, 999).Draw(t, "tail")) * time.Millisecond)
			}
			tell(i)
		}
		check()
		if s := a.Snapshot(); s.State != result.Done {
			t.Fatalf("all have ended, and the run is %s", s.State)
		}
	})
}

// Merged intervals end where all timelines have a border.
func TestBorders(t *testing.T) {
	one, two, three := newWorker(), newWorker(), newWorker()
	for range 6 {
		one.interval(time.Second, 2, 1, 0, []int64{1000})
	}
	for _, width := range []time.Duration{1, 2, 1} { // a stall, and an early end
		two.interval(width*time.Second, 2, 1, 0, []int64{2000})
	}
	two.interval(300*time.Millisecond, 0, 1, 0, []int64{1})
	two.State = result.Done
	for range 5 {
		three.interval(time.Second, 4, 3, 0, []int64{3000})
	}
	s, err := join.Merge([]join.Part{
		{Name: "one", Snapshot: one.now()},
		{Name: "two", Snapshot: two.now(), At: 8 * time.Millisecond},
		{Name: "three", Snapshot: three.now(), At: 1001 * time.Millisecond},
	}, open())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range s.Intervals {
		iv := &s.Intervals[i]
		got = append(got, fmt.Sprintf("%v+%v:%d/%d", iv.At, iv.Width, iv.Sent, iv.InFlight))
	}
	want := []string{"0s+1s:4/2", "1s+2s:14/7", "3s+1s:8/10", "4s+1s:6/9", "5s+1s:6/11"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	holds(t, s, []*result.Snapshot{one.now(), two.now(), three.now()})
}

// Every count adds up, whichever there are, but for the few whose rule is another one.
func TestEveryCountAddsUp(t *testing.T) {
	other := map[string]bool{"Window.Length": true, "Window.Tokens.Estimated": true}
	var a, b, sum result.Counts
	n := uint64(0)
	counts(reflect.ValueOf(&a).Elem(), "", func(_ string, v reflect.Value) { n++; set(v, n) })
	counts(reflect.ValueOf(&b).Elem(), "", func(_ string, v reflect.Value) { n++; set(v, n*1000) })
	sum = a
	sum.Merge(&b)
	want := map[string]uint64{}
	for _, c := range []*result.Counts{&a, &b} {
		counts(reflect.ValueOf(c).Elem(), "", func(name string, v reflect.Value) { want[name] += get(v) })
	}
	counts(reflect.ValueOf(&sum).Elem(), "", func(name string, v reflect.Value) {
		if get(v) != want[name] && !other[name] {
			t.Errorf("%s is %d, not %d", name, get(v), want[name])
		}
	})
	if sum.Window.Length != b.Window.Length {
		t.Error("the window is not the longest")
	}
	w := result.Counts{}
	w.Window.Tokens = result.WindowTokens{Open: 5}
	w.Merge(&result.Counts{Window: result.Window{Tokens: result.WindowTokens{Chunks: 10, Tokens: 30, Open: 2}}})
	if got := w.Window.Tokens.Estimated; got != 21 {
		t.Errorf("%d tokens are estimated of 7 chunks with 3 each", got)
	}
}

// Every count of an interval adds up, and of a name, a failure and a stage.
func TestEveryIntervalCountAddsUp(t *testing.T) {
	part := func(factor uint64) *result.Snapshot {
		s := &result.Snapshot{State: result.Done, Intervals: make([]result.Interval, 1), Names: make([]result.Named, 1), Stages: make([]result.StageFigures, 1), Latencies: result.NewLatencies()}
		n := uint64(0)
		fill := func(_ string, v reflect.Value) { n++; set(v, n*factor) }
		iv := &s.Intervals[0]
		iv.Names, iv.Kinds = make([]result.IntervalNamed, 1), make([]result.KindCount, 1)
		for _, v := range []any{iv, &iv.Names[0], &iv.Kinds[0], &s.Names[0], &s.Stages[0].Named} {
			counts(reflect.ValueOf(v).Elem(), "", fill)
		}
		s.Stages[0].Planned = factor
		iv.At, iv.Width, iv.Names[0].Index, iv.Kinds[0].Index = 0, time.Second, 0, 0
		s.Followed.Names, s.Followed.Kinds = []string{"a"}, []result.FailureKind{{Kind: "reset"}}
		return s
	}
	one, two := part(1), part(1000)
	s, err := join.Merge([]join.Part{{Name: "1", Snapshot: one}, {Name: "2", Snapshot: two}}, open())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range [][3]any{
		{&s.Intervals[0], &one.Intervals[0], &two.Intervals[0]},
		{&s.Intervals[0].Names[0], &one.Intervals[0].Names[0], &two.Intervals[0].Names[0]},
		{&s.Intervals[0].Kinds[0], &one.Intervals[0].Kinds[0], &two.Intervals[0].Kinds[0]},
		{&s.Names[0], &one.Names[0], &two.Names[0]},
		{&s.Stages[0].Named, &one.Stages[0].Named, &two.Stages[0].Named},
	} {
		want := map[string]uint64{}
		for _, part := range v[1:] {
			counts(reflect.ValueOf(part).Elem(), "", func(name string, v reflect.Value) { want[name] += get(v) })
		}
		counts(reflect.ValueOf(v[0]).Elem(), "", func(name string, v reflect.Value) {
			if name != "Width" && get(v) != want[name] {
				t.Errorf("%s is %d, not %d", name, get(v), want[name])
			}
		})
	}
	if s.Stages[0].Planned != 1001 {
		t.Error("planned of stages does not add up")
	}
}

// counts goes through the numbers of a struct, nested ones included.
func counts(v reflect.Value, name string, each func(string, reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !(strings.HasPrefix(f.Type.String(), "histogram.")) {
				counts(v.Field(i), strings.TrimPrefix(name+"."+f.Name, "."), each)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			counts(v.Index(i), fmt.Sprint(name, i), each)
		}
	case reflect.Uint64, reflect.Int64, reflect.Int:
		each(name, v)
	}
}

func set(v reflect.Value, n uint64) {
	if v.CanUint() {
		v.SetUint(n)
	} else {
		v.SetInt(int64(n))
	}
}

func get(v reflect.Value) uint64 {
	if v.CanUint() {
		return v.Uint()
	}
	return uint64(v.Int())
}

// Four real runs at the same time, one of them against an endpoint that fails some, are
// merged to the sum of what each has seen.
func TestRealRuns(t *testing.T) {
	var arrived atomic.Uint64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := arrived.Add(1); n%7 == 0 {
			http.Error(w, "no", http.StatusTooManyRequests)
		}
	}))
	defer server.Close()
	var runs []*attack.Run
	for range 4 {
		target, err := endpoint.Open(t.Context(), server.URL, endpoint.Options{}, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(target.Close)
		run, err := attack.Start(plan.Plan{
			Rate: vegeta.Rate{Freq: 150, Per: time.Second}, Concurrency: 50, Requests: 75, Interval: 100 * time.Millisecond,
			Timeout: 5 * time.Second, KeepAlive: true, AtEnd: plan.Drain, CatchUp: plan.CatchUpSend, Success: plan.DefaultSuccess(),
		}, attack.Request{UserAgent: "test"}, payloads.Single("test", []byte("{}")), target, nil)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
	}
	p := open()
	p.Interval = 100 * time.Millisecond
	a := join.New(p)
	var parts []*result.Snapshot
	for i := range runs {
		a.Add(fmt.Sprint("w", i))
	}
	for i, run := range runs {
		<-run.Done()
		s := run.Snapshot()
		parts = append(parts, s)
		b, err := wire.Encode(s, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		m, err := wire.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Take(i, 0, m); err != nil {
			t.Fatal(err)
		}
	}
	s := a.Snapshot()
	holds(t, s, parts)
	if s.Counts.Sent != 300 || arrived.Load() != 300 || s.State != result.Done || s.Status[429] != s.Counts.Failed || len(s.Failures) != 1 || s.Failures[0].Count != s.Counts.Failed {
		t.Errorf("%d sent, %d arrived, %s, %v, %d kinds of failures", s.Counts.Sent, arrived.Load(), s.State, s.Status, len(s.Failures))
	}
	if len(s.Workers) != 4 || s.Workers[3].Name != "w3" || s.Workers[3].Sent != 75 || s.Client.Cores != 4*parts[0].Client.Cores {
		t.Errorf("%+v", s.Workers)
	}
}

// A lost worker's requests are counted as what they are, and the verdict names it.
func TestLostWorker(t *testing.T) {
	one, two := newWorker("a"), newWorker("a")
	for i := range 10 {
		one.interval(time.Second, 50, 50, 0, []int64{1e6})
		if i < 4 {
			two.interval(time.Second, 50, 40, 0, []int64{1e6})
		}
	}
	two.Counts.Planned += 5 // which wait for a slot
	two.Intervals[3].Planned += 5
	one.State = result.Done
	s, err := join.Merge([]join.Part{
		{Name: "one", Snapshot: one.now()},
		{Name: "two (b)", Snapshot: two.now(), Lost: &result.Lost{PlannedUnknown: 100, Since: 4 * time.Second, Until: 6 * time.Second, Why: "it has not reported for 2 s"}},
		{Name: "three", Lost: &result.Lost{Why: "it never came"}},
	}, open())
	if err != nil {
		t.Fatal(err)
	}
	holds(t, s, []*result.Snapshot{one.now(), two.now()})
	c := &s.Counts
	if s.State != result.Done || c.UnknownSent != 40 || c.UnknownPlanned != 105 || c.Planned != 805 || c.Unknown() != 145 {
		t.Errorf("%s: %+v", s.State, c)
	}
	if a, b, last := s.Intervals[3].Planned, s.Intervals[4].Planned, s.Intervals[9]; a != 105 || b != 100 || last.InFlight != 0 {
		t.Errorf("%d, %d planned, %d in flight", a, b, last.InFlight)
	}
	words := s.Verdict.Headline.String()
	for _, n := range s.Verdict.Notes {
		words += "\n" + n.String()
	}
	for _, want := range []string{
		"; workers two (b) and three were lost on the way",
		"worker two (b) was lost: its last report is of 4.00 s into the run (it has not reported for 2 s)",
		"worker three was lost before it reported anything (it never came)",
		"what became of 40 requests that had been sent, nor whether 105 planned requests reached the endpoint",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("%q is not in\n%s", want, words)
		}
	}
	if s.Verdict.Trust == result.TrustFull {
		t.Error("the figures are trusted in full, though of a fifth nothing is known")
	}
}

// The figures are trusted no further than the least trusted worker's, and that is named;
// what all warn of is said once.
func TestWorstWorker(t *testing.T) {
	var parts []join.Part
	for i := range 3 {
		w := newWorker()
		w.interval(time.Second, 50, 50, 0, []int64{1e6})
		w.State = result.Done
		w.Warnings = []setting.Text{setting.Textf("all see %v", setting.Rate)}
		w.Verdict = result.Verdict{Trust: result.TrustFull, Reasons: []string{"brunt used 1 % of 1 core"}}
		if i == 1 {
			w.Verdict = result.Verdict{Trust: result.TrustNone, LimitedBy: result.LimitClient, Error: time.Second, Reasons: []string{"it was stopped", "brunt used 99 % of 1 core"}}
			w.Warnings = append(w.Warnings, setting.Textf("see %v", setting.Timeout))
			w.Err = errors.New("the file shrank")
		}
		parts = append(parts, join.Part{Name: fmt.Sprint("w", i), Snapshot: w.now()})
	}
	s, err := join.Merge(parts, open())
	if err != nil {
		t.Fatal(err)
	}
	if v := &s.Verdict; v.Trust != result.TrustNone || v.Error != time.Second || v.Reasons[0] != "worker w1: it was stopped" || len(v.Notes) != 1 || v.Notes[0].String() != "worker w1 did not make the load as planned" {
		t.Errorf("%+v", v)
	}
	var warned []string
	for _, w := range s.Warnings {
		warned = append(warned, w.In(func(f setting.Field) string { return "--" + f.String() }))
	}
	if !slices.Equal(warned, []string{"all see --rate", "worker w1: see --time-out"}) || s.Err == nil || s.Err.Error() != "worker w1: the file shrank" {
		t.Errorf("%q, %v", warned, s.Err)
	}
}

// A message that does not follow on those before is refused, and nothing is lost.
func TestRefused(t *testing.T) {
	w := newWorker()
	for range 4 {
		w.interval(time.Second, 5, 5, 0, []int64{1e6})
	}
	a := join.New(open())
	a.Add("w")
	message := func(from int) *wire.Message {
		b, err := wire.Encode(w.now(), from, 0)
		if err != nil {
			t.Fatal(err)
		}
		m, err := wire.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if a.Take(0, 0, message(2)) == nil || a.Take(1, 0, message(0)) == nil {
		t.Error("what cannot be is taken")
	}
	if err := a.Take(0, 0, message(0)); err != nil {
		t.Fatal(err)
	}
	if err := a.Take(0, 0, message(2)); err != nil { // again
		t.Fatal(err)
	}
	w.Intervals = w.Intervals[:2:2]
	w.interval(3*time.Second, 0, 0, 0, []int64{1})
	w.Intervals[1].Width, w.Intervals[2].At = 1500*time.Millisecond, 2500*time.Millisecond
	if a.Take(0, 0, message(1)) == nil {
		t.Error("an interval is taken twice in part")
	}
	if s := a.Snapshot(); s.Counts.Sent != 20 || len(s.Intervals) != 4 {
		t.Errorf("%d sent in %d intervals", s.Counts.Sent, len(s.Intervals))
	}
	a.Lose(0, result.Lost{})
	if a.Take(0, 0, message(0)) == nil {
		t.Error("a lost worker's message is taken")
	}
}

// TestLive: what only some of the workers have reported is not in the timeline of somebody
// who watches, who would take it for a fall; it is there once one that is awaited is lost.
func TestLive(t *testing.T) {
	one, two := newWorker("a"), newWorker("a")
	a := join.New(open())
	take := func(number int, w *worker) {
		t.Helper()
		if err := a.Take(number, 0, wire.Whole(w.now())); err != nil {
			t.Fatal(err)
		}
	}
	sees := func(sent uint64, intervals ...uint64) {
		t.Helper()
		s := a.Live()
		var list []uint64
		for i := range s.Intervals {
			list = append(list, s.Intervals[i].Sent)
		}
		if s.Counts.Sent != sent || !slices.Equal(list, intervals) {
			t.Errorf("%d sent, %v in the intervals; want %d and %v", s.Counts.Sent, list, sent, intervals)
		}
	}
	a.Add("one")
	a.Add("two")
	one.interval(time.Second, 5, 5, 0, []int64{1e6})
	take(0, one)
	sees(5)
	two.interval(time.Second, 3, 3, 0, []int64{1e6})
	take(1, two)
	sees(8, 8)
	two.interval(time.Second, 4, 4, 0, []int64{1e6})
	take(1, two)
	sees(12, 8)
	if s := a.Snapshot(); len(s.Intervals) != 2 {
		t.Errorf("%d intervals in all", len(s.Intervals))
	}
	a.Lose(0, result.Lost{})
	sees(12, 8, 4)
}

// TestUncounted: what a lost worker sent after its last report is in no count where neither
// a rate nor a number of requests says how much that may be, and only then.
func TestUncounted(t *testing.T) {
	for name, p := range map[string]*plan.Plan{"rate": open(), "number": {Concurrency: 2, Requests: 10}, "neither": {Concurrency: 2}} {
		w := newWorker("a")
		w.interval(time.Second, 5, 5, 0, []int64{1e6})
		s, err := join.Merge([]join.Part{{Name: "one", Snapshot: w.now(), Lost: &result.Lost{Why: "it was"}}}, p)
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Contains(fmt.Sprint(s.Warnings), "is in no count"); said != (name == "neither") {
			t.Errorf("%s: %v", name, s.Warnings)
		}
	}
}

// A long run's merged timeline halves as one machine's does, and loses nothing.
func TestLongRun(t *testing.T) {
	one, two := newWorker("a"), newWorker("a", "b")
	for range 3700 {
		one.interval(time.Second, 2, 1, 0, []int64{1000})
		two.interval(time.Second, 1, 1, 0, []int64{2000})
	}
	s, err := join.Merge([]join.Part{{Name: "one", Snapshot: one.now()}, {Name: "two", Snapshot: two.now()}}, open())
	if err != nil {
		t.Fatal(err)
	}
	holds(t, s, []*result.Snapshot{one.now(), two.now()})
	if n := len(s.Intervals); n < 1800 || n > 1901 || s.Intervals[0].Width != 2*time.Second {
		t.Errorf("%d intervals, the first of %v", n, s.Intervals[0].Width)
	}
}

// BenchmarkThousandWorkers is a second of a coordinator's: a message of each of 1,000
// workers, and a snapshot of all.
func BenchmarkThousandWorkers(b *testing.B) {
	const count = 1000
	p := open()
	a := join.New(p)
	w, sender := newWorker("a", "b", "c"), new(wire.Sender)
	times := make([]int64, 300)
	for i := range times {
		times[i] = int64(1e6 * (1 + float64(i*i)/1000))
	}
	for range count {
		a.Add("w")
	}
	size := 0
	b.ReportAllocs()
	for b.Loop() {
		w.interval(time.Second, 300, 300, 0, times)
		message, err := sender.Encode(w.now())
		if err != nil {
			b.Fatal(err)
		}
		sender.Acknowledged()
		size = len(message)
		for i := range count {
			m, err := wire.Decode(message)
			if err != nil {
				b.Fatal(err)
			}
			if err := a.Take(i, 0, m); err != nil {
				b.Fatal(err)
			}
		}
		if a.Snapshot().Counts.Sent == 0 {
			b.Fatal("nothing was sent")
		}
	}
	b.ReportMetric(float64(size), "bytes/message")
}
