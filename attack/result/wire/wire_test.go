package wire_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/s2"

	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/attack/result/wire"
	"brunt/payloads/setting"
)

// filler gives every field below a value of its own, none of them zero.
type filler struct {
	t *testing.T
	n int64
}

func (f *filler) next() int64 { f.n++; return f.n }

func (f *filler) fill(path string, v reflect.Value) {
	switch v.Addr().Interface().(type) {
	case **hdrhistogram.PackedHistogram:
		h := histogram.New()
		_ = h.RecordValues(f.next()*1000, f.next())
		v.Set(reflect.ValueOf(h))
	case *histogram.Sketch:
		h := histogram.New()
		_ = h.RecordValues(f.next()*1000, f.next())
		v.Set(reflect.ValueOf(histogram.SketchOf(h)))
	case *histogram.Distribution:
		v.Addr().Interface().(*histogram.Distribution).Record(f.next() * 1000)
	case *result.Delays:
		v.Addr().Interface().(*result.Delays).Record(time.Duration(f.next()) * time.Millisecond)
	case *setting.Text:
		v.Set(reflect.ValueOf(setting.Textf("%d: raise %v, or %v", f.next(), setting.Rate, setting.Textf("lower %v", setting.Timeout))))
	case *time.Time:
		v.Set(reflect.ValueOf(time.Unix(f.next(), f.next()).UTC()))
	case *error:
		v.Set(reflect.ValueOf(fmt.Errorf("%d: %w", f.next(), setting.Errorf("see %v", setting.Payloads))))
	default:
		f.fillKind(path, v)
	}
}

func (f *filler) fillKind(path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); !field.IsExported() {
				f.t.Errorf("%s.%s cannot be encoded: it is not exported", path, field.Name)
			} else {
				f.fill(path+"."+field.Name, v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			f.fill(path, v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(path, v.Index(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(path, v.Elem())
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(path, key)
			f.fill(path, value)
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		v.SetString(fmt.Sprint("word ", f.next()))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(f.next())
	case reflect.Uint64:
		v.SetUint(uint64(f.next()))
	case reflect.Float64:
		v.SetFloat(float64(f.next()) + 0.5)
	default:
		f.t.Errorf("%s: no way to fill a %s", path, v.Type())
	}
}

// filled is a snapshot of which every field has a value of its own.
func filled(t *testing.T) *result.Snapshot {
	s := new(result.Snapshot)
	(&filler{t: t}).fill("Snapshot", reflect.ValueOf(s).Elem())
	for i := range s.Intervals {
		iv := &s.Intervals[i]
		iv.At, iv.Width = time.Duration(i)*time.Second, time.Second
		for k := range iv.Names {
			iv.Names[k].Index, iv.Kinds[k].Index = k, k
		}
	}
	s.Intervals[1].Names[0].Index = result.OtherNames
	return s
}

// alike compares what holds the same in other memory.
var alike = cmp.Options{
	cmp.Comparer(func(a, b *hdrhistogram.PackedHistogram) bool {
		return (a == nil) == (b == nil) && (a == nil || histogram.SketchOf(a).Equal(histogram.SketchOf(b)))
	}),
	cmp.Comparer(histogram.Sketch.Equal),
	cmp.Comparer(func(a, b histogram.Distribution) bool { return a.Sketch().Equal(b.Sketch()) }),
	cmp.Comparer(func(a, b result.Delays) bool { return a == b }),
	cmp.Comparer(func(a, b setting.Text) bool { return a.String() == b.String() && a.In(called) == b.In(called) }),
	cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
	cmp.Comparer(func(a, b error) bool {
		return (a == nil) == (b == nil) && (a == nil || a.Error() == b.Error() && setting.Describe(a, called) == setting.Describe(b, called))
	}),
}

func called(f setting.Field) string { return "--" + f.String() }

// Every field of a snapshot, whichever there are, comes back as it was.
func TestEveryFieldComesBack(t *testing.T) {
	for name, s := range map[string]*result.Snapshot{"filled": filled(t), "empty": {}} {
		var r wire.Receiver
		if r.Snapshot() != nil {
			t.Error("there is a snapshot before the first message")
		}
		if err := r.Take(decoded(t, s, 0, 0)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, r.Snapshot(), alike); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func decoded(t *testing.T, s *result.Snapshot, from, halvings int) *wire.Message {
	t.Helper()
	b, err := wire.Encode(s, from, halvings)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wire.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// timeline makes what a run's timeline does.
type timeline struct {
	list  []result.Interval
	width time.Duration
}

func (l *timeline) append(i int) {
	at := time.Duration(0)
	if n := len(l.list); n > 0 {
		at = l.list[n-1].At + l.list[n-1].Width
	}
	h := histogram.New()
	_ = h.RecordValues(int64(1000+i), int64(1+i%3))
	sketch := histogram.SketchOf(h)
	l.list = append(l.list, result.Interval{At: at, Width: l.width, Sent: uint64(i + 1), Succeeded: uint64(i), Response: sketch, Service: sketch})
}

func (l *timeline) halve() {
	var half []result.Interval
	for i := 0; i < len(l.list); i += 2 {
		a := l.list[i]
		a.Join(&l.list[i+1])
		half = append(half, a)
	}
	l.list, l.width = half, 2*l.width
}

// A timeline that grows, halves and has its last interval joined comes over as it is,
// whichever messages are acknowledged, and those of whole seconds stay small.
func TestTimelineComesOver(t *testing.T) {
	for _, acknowledged := range []int{1, 2, 3, 5} {
		var s wire.Sender
		var r wire.Receiver
		l := timeline{width: time.Second}
		sent := 0
		check := func(lost bool) {
			t.Helper()
			want := &result.Snapshot{Intervals: slices.Clone(l.list)}
			b, err := s.Encode(want)
			if err != nil {
				t.Fatal(err)
			}
			m, err := wire.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			sent += len(m.Snapshot.Intervals)
			if lost {
				return
			}
			if err := r.Take(m); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Intervals, r.Snapshot().Intervals, alike); diff != "" {
				t.Fatalf("with %d intervals: %s", len(l.list), diff)
			}
		}
		for i := range 70 {
			l.append(i)
			if n := len(l.list); n > 20 && n%2 == 0 {
				l.halve()
			}
			check(i%7 == 6)
			if i%acknowledged == 0 && i%7 != 6 {
				s.Acknowledged()
			}
		}
		last := &l.list[len(l.list)-1]
		last.Join(&result.Interval{At: last.At + last.Width, Width: 0, Succeeded: 3})
		check(false)
		if acknowledged == 1 && sent > 110 {
			t.Errorf("%d intervals were sent of 70", sent)
		}
	}
}

// A message that cannot follow on those that came is refused, and nothing is lost by it.
func TestMissingMessage(t *testing.T) {
	l := timeline{width: time.Second}
	for i := range 6 {
		l.append(i)
	}
	s := &result.Snapshot{Intervals: l.list}
	var r wire.Receiver
	if r.Take(decoded(t, s, 3, 0)) == nil {
		t.Error("three intervals are missing, and nobody says so")
	}
	if err := r.Take(decoded(t, s, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if r.Take(decoded(t, s, 4, 0)) == nil {
		t.Error("an older message is taken")
	}
	wider := *s
	wider.Intervals = slices.Clone(s.Intervals)
	wider.Intervals[3].At++
	wider.Intervals[3].Width--
	if r.Take(decoded(t, &wider, 3, 1)) == nil {
		t.Error("a timeline with a gap is taken")
	}
	if got := r.Snapshot(); len(got.Intervals) != 6 {
		t.Errorf("%d intervals are left", len(got.Intervals))
	}
}

// What cannot be a snapshot is refused.
func TestDecodeRefuses(t *testing.T) {
	whole := filled(t)
	good, err := wire.Encode(whole, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	change := func(with func(*result.Snapshot)) []byte {
		s := *whole
		s.Intervals = slices.Clone(s.Intervals)
		for i := range s.Intervals {
			s.Intervals[i].Names, s.Intervals[i].Kinds = slices.Clone(s.Intervals[i].Names), slices.Clone(s.Intervals[i].Kinds)
		}
		with(&s)
		b, err := wire.Encode(&s, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	opened, _ := s2.Decode(nil, good)
	for name, b := range map[string][]byte{
		"nothing":           {},
		"half of it":        good[:len(good)/2],
		"too large":         {0xff, 0xff, 0xff, 0xff, 0x0f, 0},
		"cut within":        s2.Encode(nil, opened[:len(opened)-9]),
		"a name unlisted":   change(func(s *result.Snapshot) { s.Intervals[0].Names[1].Index = 2 }),
		"names unordered":   change(func(s *result.Snapshot) { s.Intervals[0].Names[1].Index = 0 }),
		"a kind unlisted":   change(func(s *result.Snapshot) { s.Intervals[0].Kinds[1].Index = 2 }),
		"kinds unordered":   change(func(s *result.Snapshot) { s.Intervals[0].Kinds[0].Index = 1 }),
		"a gap":             change(func(s *result.Snapshot) { s.Intervals[1].At++ }),
		"before the start":  change(func(s *result.Snapshot) { s.Intervals[0].At-- }),
		"backwards in time": change(func(s *result.Snapshot) { s.Intervals[0].Width = -1 }),
	} {
		if _, err := wire.Decode(b); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := wire.Encode(whole, 3, 0); err == nil {
		t.Error("intervals that there are not are encoded")
	}
}

// FuzzDecode reads whatever bytes there are, in either wrapping, and what is taken can be
// added up and sent on.
func FuzzDecode(f *testing.F) {
	s := filled(&testing.T{})
	good, err := wire.Encode(s, 1, 2)
	if err != nil {
		f.Fatal(err)
	}
	opened, err := s2.Decode(nil, good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, false)
	f.Add(opened, true)
	empty, _ := wire.Encode(&result.Snapshot{}, 0, 0)
	f.Add(empty, false)
	f.Fuzz(func(t *testing.T, b []byte, wrap bool) {
		if size, err := s2.DecodedLen(b); !wrap && err == nil && size > 1<<20 {
			return // which is allowed, and slow
		}
		if wrap {
			b = s2.Encode(nil, b)
		}
		m, err := wire.Decode(b)
		if err != nil {
			return
		}
		m.From, m.Base, m.Less = 0, 0, nil
		var r wire.Receiver
		if err := r.Take(m); err != nil {
			t.Fatal(err)
		}
		again := decoded(t, r.Snapshot(), 0, 0)
		if !maps.Equal(again.Snapshot.Status, m.Snapshot.Status) {
			t.Fatal("not the same after another round")
		}
	})
}

// An error of a run comes over with its settings, and no longer is what it was.
func TestErrorsComeOver(t *testing.T) {
	s := &result.Snapshot{Err: errors.New("the file shrank")}
	if got := decoded(t, s, 0, 0).Snapshot.Err; got == nil || got.Error() != "the file shrank" {
		t.Errorf("%v", got)
	}
}
