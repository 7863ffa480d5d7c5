package clocks

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// pair is two machines: true time goes by, and each clock says what it makes of it.
type pair struct {
	now           time.Time     // true time
	local, offset time.Duration // by how much this clock was set wrong, and the other one
	parting       float64       // by how much more the other one counts in a second
	start         time.Time
}

func newPair(offset time.Duration) *pair {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return &pair{now: start, offset: offset, start: start}
}

// here is what this machine's clock says, and there what the other one does.
func (p *pair) here() time.Time  { return p.now.Add(p.local) }
func (p *pair) there() time.Time { return p.here().Add(p.ahead()) }

// ahead is the true offset.
func (p *pair) ahead() time.Duration {
	return p.offset - p.local + time.Duration(p.parting*float64(p.now.Sub(p.start)))
}

func (p *pair) wait(d time.Duration) { p.now = p.now.Add(d) }

// trip is a round trip with these delays.
func (p *pair) trip(out, held, back time.Duration) (s Sample) {
	s.Sent = p.here()
	p.wait(out)
	s.Received = p.there()
	p.wait(held)
	s.Answered = p.there()
	p.wait(back)
	s.Back = p.here()
	return s
}

// within fails where the true offset is not within what the estimator says.
func within(t interface {
	Helper()
	Fatalf(string, ...any)
}, e *Estimator, p *pair, limit time.Duration) {
	t.Helper()
	offset, uncertainty, ok := e.Offset(p.here())
	if off := (offset - p.ahead()).Abs(); !ok || off > uncertainty || uncertainty > limit {
		t.Fatalf("offset %v ± %v (%v), and it is %v: off by %v, at most %v allowed", offset, uncertainty, ok, p.ahead(), off, limit)
	}
}

func TestNoSample(t *testing.T) {
	var e Estimator
	if _, _, ok := e.Offset(time.Now()); ok || e.Steps() != 0 {
		t.Error("an offset without a sample")
	}
}

// The arithmetic, by hand: 20 ms out, 4 ms held, 10 ms back, the other clock ahead by a
// second: (1020 + 990)/2 = 1005 ms, give or take (34-4)/2 = 15 ms, 34 ms of drift and a grain.
func TestOneSample(t *testing.T) {
	var e Estimator
	at := time.Unix(1000, 0)
	e.Add(Sample{Sent: at, Received: at.Add(1020 * time.Millisecond), Answered: at.Add(1024 * time.Millisecond), Back: at.Add(34 * time.Millisecond)})
	for _, c := range []struct {
		after, uncertainty time.Duration
	}{
		{34 * time.Millisecond, 15*time.Millisecond + 6800*time.Nanosecond + time.Microsecond},
		{0, 15*time.Millisecond + 6800*time.Nanosecond + time.Microsecond},
		{10 * time.Second, 17*time.Millisecond + time.Microsecond},
		{-10 * time.Second, 17*time.Millisecond + 6800*time.Nanosecond + time.Microsecond},
	} {
		offset, uncertainty, ok := e.Offset(at.Add(c.after))
		if !ok || offset != 1005*time.Millisecond || uncertainty != c.uncertainty {
			t.Errorf("after %v: %v ± %v, want ± %v", c.after, offset, uncertainty, c.uncertainty)
		}
	}
}

// Heavy tails both ways, and other ones each way: the quick ones tell.
func TestInjectedOffsets(t *testing.T) {
	for _, offset := range []time.Duration{3 * time.Second, -3 * time.Second, 0, time.Millisecond, -57 * 365 * 24 * time.Hour} {
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, 1))
			tail := func(least time.Duration, alpha float64) time.Duration { // Pareto's, up to a minute
				return min(time.Duration(float64(least)*math.Pow(1-r.Float64(), -1/alpha)), time.Minute)
			}
			var e Estimator
			p := newPair(offset)
			p.parting = (r.Float64() - 0.5) * 100e-6
			for range 32 {
				if !e.Add(p.trip(tail(500*time.Microsecond, 0.8), tail(50*time.Microsecond, 1), tail(300*time.Microsecond, 1.2))) {
					t.Fatal("a sample was refused")
				}
				p.wait(20 * time.Millisecond)
			}
			if within(t, &e, p, 5*time.Millisecond); e.Steps() != 0 {
				t.Errorf("%v, seed %d: %d steps", offset, seed, e.Steps())
			}
		}
	}
}

// Whatever the delays, however unequal, and however long each machine stands still: the
// truth is within the uncertainty, at every instant up to the last sample and after it.
func TestTruthIsWithin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delay := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(math.Pow(10, rapid.Float64Range(0, 10).Draw(t, "digits"))) // 1 ns to 10 s
		})
		p := newPair(time.Duration(rapid.Int64Range(-4e9, 4e9).Draw(t, "offset")))
		p.parting = rapid.Float64Range(-0.99*drift, 0.99*drift).Draw(t, "parting")
		p.local = time.Duration(rapid.Int64Range(-4e9, 4e9).Draw(t, "local"))
		var e Estimator
		for range rapid.IntRange(1, 150).Draw(t, "samples") {
			out, back := delay.Draw(t, "out"), delay.Draw(t, "back")
			if rapid.Bool().Draw(t, "symmetric") {
				back = out
			}
			if !e.Add(p.trip(out, delay.Draw(t, "held"), back)) {
				t.Fatal("a sample was refused")
			}
			within(t, &e, p, time.Minute)
			p.wait(delay.Draw(t, "pause"))
			within(t, &e, p, time.Minute)
		}
		if e.Steps() != 0 {
			t.Fatalf("%d steps", e.Steps())
		}
	})
}

// A clock that is set shows in the second sample after that at the latest; until then
// both are within the uncertainty.
func TestSteps(t *testing.T) {
	for _, step := range []time.Duration{3 * time.Second, -3 * time.Second, 10 * time.Millisecond, -40 * 365 * 24 * time.Hour} {
		for _, which := range []string{"this", "other"} {
			var e Estimator
			p := newPair(time.Second)
			slower := time.Duration(0)
			next := func() {
				e.Add(p.trip(200*time.Microsecond+slower, 10*time.Microsecond, 100*time.Microsecond+slower))
				p.wait(10 * time.Millisecond)
			}
			for range remembered + 5 {
				next()
			}
			if which == "this" {
				p.local += step
			} else {
				p.offset += step
			}
			slower = 500 * time.Microsecond // what is forgotten was more certain
			next()
			within(t, &e, p, step.Abs())
			next()
			within(t, &e, p, 2*time.Millisecond)
			if e.Steps() != 1 {
				t.Errorf("%s clock by %v: %d steps", which, step, e.Steps())
			}
		}
	}
}

// One sample that is wrong alone, as by a clock that was set and set back, is forgotten
// with the next one, and a slow one decides nothing.
func TestOutlier(t *testing.T) {
	var e Estimator
	p := newPair(0)
	quick := func() { e.Add(p.trip(time.Millisecond, 0, time.Millisecond)) }
	for range 3 {
		quick()
	}
	p.offset = 7 * time.Second
	quick()
	within(t, &e, p, 4*time.Second)
	p.offset = 0
	within(t, &e, p, 4*time.Second)
	e.Add(p.trip(8*time.Second, 0, 8*time.Second))
	if within(t, &e, p, 4*time.Second); e.doubt == nil {
		t.Error("a slow sample ended the doubt")
	}
	quick()
	if within(t, &e, p, 6*time.Millisecond); e.doubt != nil || e.Steps() != 0 {
		t.Errorf("in doubt: %v, %d steps", e.doubt != nil, e.Steps())
	}
	// Three that contradict each other: the last two agree.
	p.offset = 7 * time.Second
	quick()
	p.offset = 9 * time.Second
	quick()
	within(t, &e, p, 5*time.Second)
	quick()
	if within(t, &e, p, 2*time.Millisecond); e.Steps() != 1 {
		t.Errorf("%d steps", e.Steps())
	}
}

// A doubt that is so old that both sides of it could be right ends with a better sample.
func TestOldDoubt(t *testing.T) {
	var e Estimator
	p := newPair(0)
	for _, offset := range []time.Duration{0, 10 * time.Millisecond} {
		p.offset = offset
		e.Add(p.trip(time.Millisecond, 0, time.Millisecond))
	}
	p.wait(10 * time.Minute)
	p.offset = 4 * time.Millisecond
	e.Add(p.trip(time.Millisecond, 0, time.Millisecond))
	if within(t, &e, p, 2*time.Millisecond); e.doubt != nil {
		t.Error("still in doubt")
	}
}

// What a step by less than a round trip leaves behind ages, and is outweighed.
func TestSmallStep(t *testing.T) {
	var e Estimator
	r := rand.New(rand.NewPCG(1, 2))
	p := newPair(0)
	next := func() {
		e.Add(p.trip(5*time.Millisecond+time.Duration(r.IntN(1e6)), 0, 5*time.Millisecond+time.Duration(r.IntN(1e6))))
		p.wait(time.Second)
	}
	for range 100 {
		next()
	}
	p.offset = 7 * time.Millisecond
	for range 10 {
		next()
	}
	within(t, &e, p, 7*time.Millisecond)
}

// Readings that no two clocks give are refused and change nothing.
func TestImpossibleReadings(t *testing.T) {
	at := time.Unix(1000, 0)
	good := Sample{Sent: at, Received: at.Add(time.Millisecond), Answered: at.Add(2 * time.Millisecond), Back: at.Add(3 * time.Millisecond)}
	var e Estimator
	e.Add(good)
	for name, s := range map[string]Sample{
		"back before sent":         {Sent: at, Received: at, Answered: at, Back: at.Add(-1)},
		"answered before received": {Sent: at, Received: at.Add(time.Second), Answered: at, Back: at.Add(2 * time.Second)},
		"held longer than it took": {Sent: at, Received: at, Answered: at.Add(3 * time.Second), Back: at.Add(time.Second)},
		"no reading":               {Sent: at, Back: at.Add(time.Second), Received: time.Time{}, Answered: time.Time{}},
		"nothing":                  {Sent: time.Time{}, Received: at, Answered: at, Back: at},
		"beyond":                   {Sent: at, Received: time.Unix(math.MaxInt64/2, 0), Answered: time.Unix(math.MaxInt64/2, 0), Back: at},
	} {
		if e.Add(s) {
			t.Errorf("%s: taken", name)
		}
	}
	if offset, _, _ := e.Offset(at); offset != 0 {
		t.Errorf("offset %v", offset)
	}
}
