package capacity

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// The table of the judgement: a kind of endpoint, a load, and what is true of it.
// Every row is judged from what a step of 10 s gives, several times over.
func TestJudgeScenarios(t *testing.T) {
	four := func(q queue) func(*rand.Rand) *queue {
		return func(r *rand.Rand) *queue {
			q := q
			if q.servers == 0 {
				q.servers = 4
			}
			if q.service == nil {
				q.service = constant(0.02)
			}
			q.gap, q.length = constant(1), 10
			if q.share == 0 {
				q.limit, q.share = 0.2, 0.01
			}
			return &q
		}
	}
	random := func(servers int, limit, share float64) func(*rand.Rand) *queue {
		return func(r *rand.Rand) *queue {
			return &queue{servers: servers, service: exponential(r, 0.02), gap: exponential(r, 1), limit: limit, share: share, length: 10}
		}
	}
	stalls := func(limit, share float64) func(*rand.Rand) *queue {
		return func(r *rand.Rand) *queue {
			q := stalling(r)
			q.limit, q.share = limit, share
			return q
		}
	}
	for _, row := range []struct {
		kind  string
		make  func(*rand.Rand) *queue
		rate  float64
		truth Verdict
		words string // of why
	}{
		{"4 servers of 20 ms, a tenth of their rate", four(queue{}), 20, Held, ""},
		{"4 servers of 20 ms, nine tenths", four(queue{}), 180, Held, ""},
		{"4 servers of 20 ms, all of it but 1 %", four(queue{}), 198, Held, ""},
		{"4 servers of 20 ms, 3 % too much: no time is beyond the limit yet", four(queue{limit: 0.5, share: 0.01}), 206, Broken, "piled up"},
		{"4 servers of 20 ms, 5 % too much", four(queue{}), 210, Broken, ""},
		{"4 servers of 20 ms, twice too much", four(queue{}), 400, Broken, ""},
		{"one server of 2 s, slow and far from full", four(queue{servers: 1, service: constant(2), limit: 3, share: 0.01}), 0.4, Held, ""},
		{"one server of 2 s, 10 % too much", four(queue{servers: 1, service: constant(2), limit: 60, share: 0.01}), 0.55, Broken, "piled up"},
		{"every request is slower than the rule", four(queue{limit: 0.01, share: 0.01}), 20, Broken, "too slow"},
		{"refuses past a queue of 20, too much", four(queue{bound: 20, limit: 5, share: 0.01}), 300, Broken, "failed"},
		{"refuses past a queue of 20, below its limit", four(queue{bound: 20, limit: 5, share: 0.01}), 190, Held, ""},
		{"a rule on failures alone, below the limit", four(queue{bound: 20, failed: 0.01, limit: 0, share: 0.01}), 190, Held, ""},
		{"a rule on failures alone, above it", four(queue{bound: 20, failed: 0.01, limit: 0, share: 0.01}), 230, Broken, "failed"},
		{"brunt was too slow to make the load", four(queue{cores: 100}), 150, Client, "brunt was too slow"},
		{"M/M/8, half of its limit", random(8, 0.2, 0.01), 187, Held, ""},
		{"M/M/8, a quarter too much", random(8, 0.2, 0.01), 468, Broken, ""},
		{"2 % of stalls, by p95", stalls(0.2, 0.05), 400, Held, ""},
		{"2 % of stalls, by p99", stalls(0.2, 0.01), 100, Broken, "too slow"},
		{"too few requests for the percentile", four(queue{limit: 0.2, share: 0.001}), 20, Unjudged, ""},
	} {
		for seed := range uint64(5) {
			q := row.make(rand.New(rand.NewPCG(seed, 3)))
			length := max(10, 1.1/max(q.share, 0.01)/row.rate)
			if row.rate < 1 {
				length = 400
			}
			o, why := q.measure(row.rate, length/5, length).Judge()
			if o.Verdict != row.truth || !strings.Contains(why, row.words) {
				t.Errorf("%s: %s (%s), not %s", row.kind, o.Verdict, why, row.truth)
			}
			if o.Verdict == Held && o.Weight >= 0 || o.Verdict == Broken && o.Weight <= 0 {
				t.Errorf("%s: %s with a weight of %v", row.kind, o.Verdict, o.Weight)
			}
		}
	}
}

// An endpoint that scales up, or wakes, within a step is seen to; one whose queue
// comes and goes is not.
func TestGrew(t *testing.T) {
	q := &queue{servers: 4, service: constant(0.02), gap: constant(1), limit: 0.2, share: 0.01, length: 30, grow: 15}
	if o, _ := q.measure(260, 3, 30).Judge(); o.Verdict != Broken || !o.Grew {
		t.Errorf("doubled after 15 s: %+v", o)
	}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 4))
		q := &queue{servers: 8, service: exponential(r, 0.02), gap: exponential(r, 1), limit: 0.15, share: 0.01, length: 10}
		if o, _ := q.measure(390, 2, 10).Judge(); o.Grew {
			t.Errorf("seed %d: a queue that comes and goes is taken for an endpoint that grows", seed)
		}
	}
}

// Brunt's own delays excuse times, and nothing that the endpoint refuses.
func TestJudgeBlame(t *testing.T) {
	m := Measured{Open: true, Planned: 1000, Sent: 1000, Succeeded: 1000, Client: "brunt was late",
		Rules: []Ruled{{Rule: "p99<1s", Reason: "p99 is 2 s", Weight: 4}}}
	if o, why := m.Judge(); o.Verdict != Client || why != "brunt was late" {
		t.Errorf("%+v, %s", o, why)
	}
	m.Rules[0].Met, m.Rules[0].Weight = true, -4
	if o, _ := m.Judge(); o.Verdict != Held { // its delays only make times longer
		t.Errorf("%+v", o)
	}
	m.Unmade = "brunt left out half of the requests"
	if o, _ := m.Judge(); o.Verdict != Client {
		t.Errorf("%+v", o)
	}
	m = Measured{Open: true, Planned: 10, Sent: 10}
	if o, why := m.Judge(); o.Verdict != Broken || why != "no request was answered" {
		t.Errorf("%+v, %s", o, why)
	}
}

func TestTail(t *testing.T) {
	for _, tt := range []struct {
		over, n     uint64
		share       float64
		least, most float64
	}{
		{0, 100, 0.01, -1, -0.5},     // little is known from 100
		{0, 1000, 0.01, -8, -surely}, // from 1,000 it is
		{10, 1000, 0.01, -0.2, 0.2},  // right at the limit
		{30, 1000, 0.01, surely, 20},
		{1, 1, 0.01, 0.1, 1},
	} {
		if w := tail(tt.over, tt.n, tt.share); w < tt.least || w > tt.most {
			t.Errorf("%d of %d beyond, %v allowed: %v", tt.over, tt.n, tt.share, w)
		}
	}
}

// The statistic of a series without a trend is about standard normal.
func TestKendall(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	above, sum := 0, 0.0
	const runs = 2000
	for range runs {
		points := make([]Point, 20)
		for i := range points {
			points[i].Latency = math.Exp(r.NormFloat64())
		}
		z := kendall(points)
		sum += z * z / runs
		if z > rising {
			above++
		}
	}
	if above > 40 || math.Abs(sum-1) > 0.1 {
		t.Errorf("variance %v, %d of %d above %v", sum, above, runs, rising)
	}
	line := make([]Point, 10)
	for i := range line {
		line[i].Latency = float64(i)
	}
	line[3].Latency = math.NaN()
	if z := kendall(line); math.Abs(z-35/math.Sqrt(9*8*23/18.)) > 1e-9 {
		t.Errorf("a straight line: %v", z)
	}
}

// Requests that stay in flight at the end are too much, although no time rose yet.
func TestJudgeBehind(t *testing.T) {
	m := Measured{Open: true, Planned: 10_000, Sent: 10_000, Succeeded: 10_000, Seconds: 10, Offered: 1000, Completed: 960}
	for range intervals {
		m.Points = append(m.Points, Point{Width: 0.5, Latency: 20, InFlight: 20, Done: 480})
	}
	if o, why := m.Judge(); o.Verdict != Broken || o.Reached != 960 || o.Excess != mostExcess || !strings.Contains(why, "960.0/s were completed") {
		t.Errorf("%+v, %s", o, why)
	}
	m.Completed = 990 // as many as come and go
	if o, _ := m.Judge(); o.Verdict != Held {
		t.Errorf("%+v", o)
	}
}
