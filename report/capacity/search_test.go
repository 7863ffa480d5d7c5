package capacity

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	testneeds "brunt/payloads/needs" // of which the package has another
)

// found is a simulated search's answer, and its time by that of a perfect one.
type found struct {
	Answer
	times float64
	steps int
}

// perfect is the time of a bisection that is never wrong: the same levels up, and
// halving by ratio from there.
func (q *queue) perfect(b Bounds, truth float64) (total float64) {
	step := func(level float64) { total += 1.2 * max(q.length, 1.1/q.share/level) }
	low, high := 0.0, b.Start
	for ; high <= truth; high *= growth {
		step(high)
		low = high
	}
	step(high)
	for high > low*(1+b.Precision) {
		mid := math.Sqrt(low * high)
		step(mid)
		if mid <= truth {
			low = mid
		} else {
			high = mid
		}
	}
	return total
}

func run(t *testing.T, q *queue, b Bounds, truth float64) found {
	t.Helper()
	answer, err := Search(b, q.step, func() bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	f := found{Answer: answer, steps: len(q.steps)}
	if truth > 0 {
		f.times = q.clock / q.perfect(b, truth)
	}
	return f
}

func never() bool { return false }

func within(level, truth float64) bool { return math.Abs(level-truth) <= 0.05*truth }

// stalling is an endpoint of 16 servers that stalls for 300 ms in 2 % of the
// requests: it bears no more than 16 / 26 ms.
func stalling(r *rand.Rand) *queue {
	stalls := func() float64 {
		if r.Float64() < 0.02 {
			return 0.32
		}
		return 0.02
	}
	return &queue{servers: 16, service: stalls, gap: constant(1), limit: 0.2, share: 0.05, length: 10}
}

// even is an endpoint of 8 servers whose service time is always the same, with
// random arrivals.
func even(r *rand.Rand) *queue {
	return &queue{servers: 8, service: constant(0.02), gap: exponential(r, 1), limit: 0.1, share: 0.01, length: 10}
}

// Queues whose limit is known, most in closed form: it is found within 5 % in 19 of
// 20 searches, in at most twice the time of a perfect bisection, and lies within the
// interval as often as that says. With BRUNT_LONG=1 there are 300 searches of each.
func TestSearchFindsKnownLimits(t *testing.T) {
	testneeds.Time(t)
	const mu = 50
	scenes := []struct {
		name  string
		truth float64
		make  func(r *rand.Rand) *queue
	}{
		{"4 servers of 20 ms, evenly spaced", 200, func(r *rand.Rand) *queue {
			return &queue{servers: 4, service: constant(0.02), gap: constant(1), limit: 0.2, share: 0.01, length: 10}
		}},
		{"M/M/8, p99 by Erlang C", limitOf(mu, 8, 0.2, 0.01), func(r *rand.Rand) *queue {
			return &queue{servers: 8, service: exponential(r, 1./mu), gap: exponential(r, 1), limit: 0.2, share: 0.01, length: 10}
		}},
		{"M/M/8, mean by Erlang C", 375, func(r *rand.Rand) *queue {
			mean := 1./mu + erlangC(8, 375./mu)/(8*mu-375)
			return &queue{servers: 8, service: exponential(r, 1./mu), gap: exponential(r, 1), mean: mean, share: 0.01, length: 10}
		}},
		{"M/D/8, p99, by 40,000 s of it", 372.7, even},
		{"M/M/16, p90 by Erlang C", limitOf(mu, 16, 0.08, 0.1), func(r *rand.Rand) *queue {
			return &queue{servers: 16, service: exponential(r, 1./mu), gap: exponential(r, 1), limit: 0.08, share: 0.1, length: 10}
		}},
		{"16 servers, log-normal", 16 / (0.02 * math.Exp(0.25*0.25/2)), func(r *rand.Rand) *queue {
			return &queue{servers: 16, service: lognormal(r, 0.02, 0.25), gap: constant(1), limit: 0.3, share: 0.01, length: 10}
		}},
		{"refused past a queue of 20", 200, func(r *rand.Rand) *queue {
			return &queue{servers: 4, bound: 20, service: constant(0.02), gap: constant(1), limit: 1, share: 0.01, failed: 0.001, length: 10}
		}},
		{"a cap of 100/s by 429s", 100, func(r *rand.Rand) *queue {
			return &queue{servers: 16, capped: 100, service: constant(0.02), gap: constant(1), limit: 0.2, share: 0.01, failed: 0.01, length: 10}
		}},
		{"a rule on failures alone", 200, func(r *rand.Rand) *queue {
			return &queue{servers: 4, bound: 20, service: constant(0.02), gap: constant(1), share: 0.01, failed: 0.001, length: 10}
		}},
		{"2 % of stalls of 300 ms, p95, by 16,000 s of it", 591.5, stalling},
	}
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			runs := uint64(20)
			if os.Getenv("BRUNT_LONG") != "" {
				runs = 300
			}
			right, worst, slow, sum, covered, wide := 0, 0.0, 0.0, 0.0, 0, 0.0
			for seed := range runs {
				r := rand.New(rand.NewPCG(1000+seed, 1)) // the weights were tried on others
				f := run(t, sc.make(r), Bounds{Start: 12.5 * (1 + r.Float64()), Precision: 0.05}, sc.truth)
				if within(f.Level, sc.truth) {
					right++
				} else {
					t.Logf("seed %d: %+v", seed, f)
				}
				if f.Low <= sc.truth && (sc.truth <= f.High || f.High == 0) {
					covered++
				}
				worst, slow, sum = max(worst, math.Abs(f.Level/sc.truth-1)), max(slow, f.times), sum+f.times/float64(runs)
				wide += (f.High/f.Low - 1) / float64(runs)
			}
			t.Logf("limit %.1f/s: %d of %d within 5 %%, at most %.1f %% off; %d intervals hold it, on average %.1f %% wide; %.2f times a perfect bisection, at most %.2f",
				sc.truth, right, runs, 100*worst, covered, 100*wide, sum, slow)
			if float64(right) < 0.95*float64(runs) || sum > 2 {
				t.Errorf("%d of %d right in %.2f times a perfect bisection's time", right, runs, sum)
			}
			if float64(covered) < Confidence*float64(runs) {
				t.Errorf("%d of %d intervals hold the limit", covered, runs)
			}
		})
	}
}

// A thousand searches of a noisy yes or no: how far off they are depends on how
// noisy it is, and none is lost.
func TestSearchOfNoisyAnswers(t *testing.T) {
	for _, noise := range []float64{0, 0.01, 0.02} {
		right, most := 0, 0
		const runs = 1000
		for seed := range uint64(runs) {
			r := rand.New(rand.NewPCG(seed, 2))
			limit, steps := math.Exp(r.Float64()*9), 0
			a, err := Search(Bounds{Start: 1, Precision: 0.05}, func(next Next) (Outcome, error) {
				steps++
				distance := math.Log(next.Level/limit) + noise*r.NormFloat64()
				if r.Float64() < 0.02 { // a neighbour, a collection: it says no whatever is asked
					distance = 1
				}
				weight := distance / 0.01
				if distance > 0 {
					return Outcome{Verdict: Broken, Weight: weight}, nil
				}
				return Outcome{Verdict: Held, Weight: weight}, nil
			}, never)
			if err != nil {
				t.Fatal(err)
			}
			if limit < 1.5 || within(a.Level, limit) {
				right++
			}
			most = max(most, steps)
		}
		t.Logf("noise %v: %d of %d within 5 %%, at most %d steps", noise, right, runs, most)
		if right < 0.95*runs || most > 45 {
			t.Errorf("noise %v: %d of %d within 5 %%, up to %d steps", noise, right, runs, most)
		}
	}
}

// What is no plain limit: the search says so, and gives no number that the steps
// have not shown.
func TestSearchEndings(t *testing.T) {
	fixed := func(q queue) *queue {
		q.service, q.gap, q.length = constant(0.02), constant(1), 10
		if q.share == 0 {
			q.share, q.limit = 0.01, 0.2
		}
		return &q
	}
	for _, tt := range []struct {
		name         string
		queue        *queue
		bounds       Bounds
		status       Status
		least, most  float64 // the level
		asked, steps float64 // at most
	}{
		{"never holds", fixed(queue{servers: 4, limit: 0.01, share: 0.01}), Bounds{Start: 25}, NoneHolds, 0, 0, 25, 8},
		{"the client is the limit", fixed(queue{servers: 100, cores: 500}), Bounds{Start: 25}, ClientLimit, 400, 400, 800, 8},
		{"held at the highest rate allowed", fixed(queue{servers: 100}), Bounds{Start: 25, Max: 300}, AtLeast, 300, 300, 300, 8},
		{"a first rate that is too much", fixed(queue{servers: 4}), Bounds{Start: 600, Min: 10}, Found, 190, 200, 600, 20},
		{"the lowest rate allowed is too much", fixed(queue{servers: 1}), Bounds{Start: 100, Min: 100}, NoneHolds, 0, 0, 100, 4},
		{"it doubles after 20 s", fixed(queue{servers: 4, grow: 20}), Bounds{Start: 25}, Found, 380, 400, 800, 30},
		{"one failure in a million", fixed(queue{servers: 4, share: 0.01, limit: 0.2, failed: 0.001}), Bounds{Start: 25}, Found, 190, 200, 400, 20},
	} {
		tt.bounds.Precision = 0.05
		f := run(t, tt.queue, tt.bounds, 0)
		top := 0.0
		for _, next := range tt.queue.steps {
			top = max(top, next.Level)
		}
		if f.Status != tt.status || f.Level < tt.least || f.Level > tt.most || top > tt.asked || float64(f.steps) > tt.steps {
			t.Errorf("%s: %+v, up to %v/s in %d steps", tt.name, f.Answer, top, f.steps)
		}
	}
}

// Whole numbers of clients: the limit is found exactly.
func TestSearchOfClients(t *testing.T) {
	for truth := 1.0; truth < 70; truth++ {
		a, err := Search(Bounds{Start: 1, Min: 1, Whole: true, Precision: 0.01}, func(next Next) (Outcome, error) {
			if next.Level > truth {
				return Outcome{Verdict: Broken, Weight: most}, nil
			}
			return Outcome{Verdict: Held, Weight: -most}, nil
		}, never)
		if err != nil || a.Status != Found || a.Level != truth || a.High != truth+1 {
			t.Errorf("%v clients: %+v, %v", truth, a, err)
		}
	}
}

// Ended early, a search gives the bounds that it has.
func TestSearchStopped(t *testing.T) {
	steps := 0
	a, err := Search(Bounds{Start: 10, Precision: 0.05}, func(next Next) (Outcome, error) {
		if steps++; next.Level > 100 {
			return Outcome{Verdict: Broken, Weight: most}, nil
		}
		return Outcome{Verdict: Held, Weight: -most}, nil
	}, func() bool { return steps == 6 })
	if err != nil || a.Status != Stopped || a.Level != 80 || a.High != 160 {
		t.Errorf("%+v, %v", a, err)
	}
}

// An endpoint whose answers are chance does not keep a search for long: about twice
// the time of one that is never wrong.
func TestSearchPatience(t *testing.T) {
	for seed := range uint64(50) {
		r, spent := rand.New(rand.NewPCG(seed, 8)), 0
		_, err := Search(Bounds{Start: 25, Precision: 0.05}, func(next Next) (Outcome, error) {
			if spent++; next.Long {
				spent += longer - 1
			}
			if next.Level > 240 || next.Level > 160 && r.Float64() < 0.5 {
				return Outcome{Verdict: Broken, Weight: 1, Excess: 3, Spread: 5}, nil
			}
			return Outcome{Verdict: Held, Weight: -1, Excess: 0.5, Spread: 5}, nil
		}, never)
		if err != nil || spent > 24 { // five up, four halvings, and a retry of a level
			t.Errorf("seed %d: %d steps' time, %v", seed, spent, err)
		}
	}
}
