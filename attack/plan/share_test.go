package plan

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"pgregory.net/rapid"

	"brunt/attack/arrivals"
)

// planned is a ticket as it is sent.
type planned struct {
	number, index uint64
	at            time.Duration
}

// ticketsOf are the tickets of a holding with an instant before until.
func ticketsOf(s *Schedule, h Holding, until time.Duration) (list []planned) {
	for k := s.First(h); ; k += h.stride() {
		at, ok := s.At(k)
		if !ok || at >= until || h.Until > 0 && at >= h.Until {
			return list
		}
		t := planned{number: k, index: k, at: at}
		if k >= s.Warm {
			t.index -= s.Warm
		}
		list = append(list, t)
	}
}

// anyPlan is a plan of an open loop with some hundred tickets.
func anyPlan(t *rapid.T) Plan {
	rate := func(from int) vegeta.Rate {
		return vegeta.Rate{Freq: rapid.IntRange(from, 2000).Draw(t, "rate"), Per: 7 * time.Second}
	}
	some := func(name string, most int) bool { return rapid.IntRange(0, most).Draw(t, name) > 0 }
	p := Plan{Rate: rate(1), Duration: time.Duration(rapid.Int64Range(1, 3e9).Draw(t, "length")), Seed: rapid.Uint64().Draw(t, "seed")}
	if !some("even", 2) {
		p.Law = arrivals.Law{Shape: rapid.SampledFrom([]float64{0.3, 1, 4}).Draw(t, "shape")}
	}
	if !some("unstaged", 2) {
		stages := []Stage{{Length: time.Second, Rate: rate(1), ToRate: rate(0)}}
		for range rapid.IntRange(0, 2).Draw(t, "stages") {
			stages = append(stages, Stage{Length: time.Duration(rapid.IntRange(1, 1e9).Draw(t, "stage")), Rate: rate(0), ToRate: rate(0)})
		}
		p.SetStages(stages)
	}
	if some("warm-up", 1) {
		p.Warmup = time.Duration(rapid.Int64Range(1, 2e9).Draw(t, "warm-up's length"))
	}
	if !some("unbounded", 2) {
		p.Requests = rapid.Uint64Range(1, 500).Draw(t, "requests")
	}
	if !some("made", 3) {
		p = Plan{Rate: perSecond(1), Requests: uint64(rapid.IntRange(1, 300).Draw(t, "record")), UntilStopped: true}
		for range p.Requests {
			p.Instants = append(p.Instants, rapid.Int64Range(0, 3e9).Draw(t, "instant"))
		}
		slices.Sort(p.Instants)
	}
	return p
}

// changed does to a schedule what a run may: the same to that of every machine.
func changed(t *rapid.T, p *Plan) func(*Schedule) *Schedule {
	moment := func(name string, most time.Duration) time.Duration {
		return time.Duration(rapid.Int64Range(1, max(1, int64(most))).Draw(t, name))
	}
	switch rapid.IntRange(0, 3).Draw(t, "change") {
	case 1:
		if p.Instants == nil {
			from, rate := moment("from", p.Warmup+p.Duration), perSecond(rapid.IntRange(1, 300).Draw(t, "other rate"))
			return func(s *Schedule) *Schedule { return s.Changed(from, rate) }
		}
	case 2:
		if p.Instants == nil && p.Stages == nil {
			length := moment("other length", 3*time.Second)
			return func(s *Schedule) *Schedule { return s.Lasting(length) }
		}
	case 3:
		if p.Warmup > 0 {
			warmup := moment("settled", p.Warmup)
			return func(s *Schedule) *Schedule { return s.Settled(warmup) }
		}
	}
	return func(s *Schedule) *Schedule { return s }
}

// TestSharesAreOneSchedule: what several machines send is what one sends, ticket by ticket
// and instant by instant, and so are the counts; also where one of them is lost and the
// others share what it had left.
func TestSharesAreOneSchedule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(t)
		change := changed(t, &p)
		one := change(NewSchedule(&p))
		n := uint64(rapid.IntRange(1, 7).Draw(t, "machines"))
		lost, left := uint64(math.MaxUint64), time.Duration(math.MaxInt64)
		if n > 1 && rapid.Bool().Draw(t, "one is lost") {
			lost = rapid.Uint64Range(0, n-1).Draw(t, "lost")
			left = time.Duration(rapid.Int64Range(0, int64(6*time.Second)).Draw(t, "left"))
		}
		var survivors []uint64
		for i := range n {
			if i != lost {
				survivors = append(survivors, i)
			}
		}
		if lost < n {
			survivors = rapid.Permutation(survivors).Draw(t, "survivors")
			survivors = survivors[:rapid.IntRange(1, len(survivors)).Draw(t, "that take over")]
		}
		look := time.Duration(rapid.Int64Range(0, int64(7*time.Second)).Draw(t, "look"))
		var all []planned
		var counted uint64
		// A newcomer takes over what they have taken, from each as of an instant of its own.
		newcomer := NewSchedule(&Plan{})
		joins := lost < n && rapid.Bool().Draw(t, "another one joins")
		if joins {
			own := p
			own.Shares, own.Joined = []Share{{lost, n}}, 1
			newcomer = NewSchedule(&own)
		}
		for i := range n {
			own := p
			own.Shares = []Share{{i, n}}
			s := NewSchedule(&own)
			if at := slices.Index(survivors, i); lost < n && at >= 0 {
				piece := Share{lost, n}.Split(uint64(at), uint64(len(survivors)))
				s = s.Taking(Holding{Share: piece, Since: left})
				if joins {
					until := left + time.Duration(rapid.Int64Range(1, int64(2*time.Second)).Draw(t, "yielded"))
					s = s.Yielding(piece, until)
					newcomer = newcomer.Taking(Holding{Share: piece, Since: until})
				}
			}
			s = change(s)
			until := time.Duration(math.MaxInt64)
			if i == lost {
				until = left
				counted += s.PlannedOf(Share{i, n}, 0, min(look, left))
			} else {
				counted += s.PlannedBefore(look)
			}
			for _, h := range s.Holdings() {
				all = append(all, ticketsOf(s, h, until)...)
			}
		}
		if joins {
			s := change(newcomer)
			counted += s.PlannedBefore(look)
			for _, h := range s.Holdings() {
				all = append(all, ticketsOf(s, h, math.MaxInt64)...)
			}
		}
		slices.SortFunc(all, func(a, b planned) int { return int(a.number) - int(b.number) })
		if want := ticketsOf(one, Holding{}, math.MaxInt64); !slices.Equal(all, want) {
			t.Fatalf("%d tickets of %d machines, %d of one", len(all), n, len(want))
		}
		if want := one.PlannedBefore(look); counted != want {
			t.Fatalf("%d tickets before %v by %d machines, %d by one", counted, look, n, want)
		}
	})
}

// TestParts: parts of a total add up to it, and those of a part to the part.
func TestParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.Uint64Range(1, 12).Draw(t, "n"), rapid.Uint64Range(1, 12).Draw(t, "m")
		total := rapid.Uint64Range(0, 1000).Draw(t, "total")
		sum := uint64(0)
		for i := range n {
			s := Share{i, n}
			part := s.Part(total)
			sum += part
			if part > total/n+1 || part < total/n {
				t.Fatalf("%v has %d of %d", s, part, total)
			}
			split := uint64(0)
			for j := range m {
				o := s.Split(j, m)
				split += o.Part(total)
				if !o.Valid() || !o.Overlaps(s) || j > 0 && o.Overlaps(s.Split(0, m)) || i > 0 && o.Overlaps(Share{0, n}) {
					t.Fatalf("part %d of %d of %v is %v", j, m, s, o)
				}
			}
			if split != part {
				t.Fatalf("the %d parts of %v have %d of its %d", m, s, split, part)
			}
			if k := s.From(total); k < total || k >= total+n || k%n != i {
				t.Fatalf("the first of %v from %d on is %d", s, total, k)
			}
		}
		if sum != total {
			t.Fatalf("%d parts of %d are %d together", n, total, sum)
		}
	})
}

func TestPartsOfAPlan(t *testing.T) {
	p := testPlan(10)
	if p.Part(7) != 7 || p.Bound(0) != 0 || p.Fraction() != 1 || p.wholeOf(9) != 9 {
		t.Error("a plan without shares is not all of it")
	}
	p.Shares = []Share{{2, 4}}
	if p.Part(7) != 2 || p.Part(2) != 0 || p.Bound(2) != 1 || p.Bound(0) != 0 || p.Fraction() != 0.25 {
		t.Errorf("%v: %d of 7, %d of 2", p.Shares, p.Part(7), p.Part(2))
	}
	p.Shares = []Share{{2, 4}, {1, 8}}
	for part := range uint64(40) {
		if whole := p.wholeOf(part); part > 1 && uint64(p.Part(int(whole))) > part {
			t.Errorf("%d of %d are more than %d", p.Part(int(whole)), whole, part)
		}
	}
	p.Shares = p.Shares[:1]
	for part := range uint64(40) {
		if whole := p.wholeOf(part); uint64(p.Part(int(whole))) != part {
			t.Errorf("%d of %d are not %d", p.Part(int(whole)), whole, part)
		}
	}
	stages, _ := ParseStages("10s@x4..x40")
	p.SetStages(stages)
	if own := p.Own(); own.Shares != nil || own.Stages[0].ToConcurrency != 10 || p.Stages[0].ToConcurrency != 40 {
		t.Errorf("%+v", own)
	}
	p.Rate = mustRate(t, "0.000001")
	if own := p.Own(); PerSecond(own.Rate) != 2.5e-7 {
		t.Errorf("a quarter of %v is %v", p.Rate, own.Rate)
	}
}

func TestValidShares(t *testing.T) {
	for why, row := range map[string]struct {
		shares []Share
		want   string
	}{
		"all":            {nil, ""},
		"everything":     {[]Share{{}}, ""},
		"one of many":    {[]Share{{9_999, 10_000}}, ""},
		"two":            {[]Share{{0, 4}, {1, 4}, {3, 8}}, ""},
		"none":           {[]Share{}, "no share: give one, or leave them out"},
		"beyond":         {[]Share{{4, 4}}, "share 4 of 4: its number must be below that of the shares"},
		"of nothing":     {[]Share{{1, 0}}, "share 1 of 0: its number must be below that of the shares"},
		"too many":       {[]Share{{0, 10_001}}, "share 0 of 10001: there are at most 10000 shares"},
		"the same twice": {[]Share{{1, 4}, {1, 4}}, "share 1 of 4: it has tickets of share 1 of 4"},
		"a part twice":   {[]Share{{1, 4}, {5, 8}}, "share 5 of 8: it has tickets of share 1 of 4"},
		"coprime":        {[]Share{{1, 2}, {2, 3}}, "share 2 of 3: it has tickets of share 1 of 2"},
	} {
		p := testPlan(10)
		p.Shares = row.shares
		got := ""
		if err := p.Validate(); err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%s: %q, want %q", why, got, row.want)
		}
	}
}

// TestFilesOfAShare: a machine needs files for its part of the connections only.
func TestFilesOfAShare(t *testing.T) {
	p := testPlan(10)
	p.Concurrency, p.Shares = 4000, []Share{{0, 4}}
	if _, err := p.FitFiles(1000+spareFiles, false); err != nil {
		t.Error(err)
	}
	p.Concurrency = 4001
	want := "concurrency 4001, of which this process opens 1001: this process may open 1024 files, enough for 1000 connections; raise the limit with ulimit -n, or lower concurrency"
	if _, err := p.FitFiles(1000+spareFiles, false); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	p.Concurrency, p.Rate = 0, mustRate(t, "100")
	if _, err := p.FitFiles(2500+spareFiles, false); err != nil || p.Concurrency != DefaultOpenConcurrency || p.ShortOfFiles() {
		t.Errorf("%d in flight by all, %v", p.Concurrency, err)
	}
	p.Concurrency = 0
	warning, err := p.FitFiles(1000+spareFiles, false)
	if err != nil || p.Part(p.Concurrency) != 1000 || !p.ShortOfFiles() || !strings.HasPrefix(warning, "at most 1000 requests in flight") {
		t.Errorf("%d in flight, %v, %q", p.Part(p.Concurrency), err, warning)
	}
}

// TestRunID: an id that several runs have in common is one that stands in bodies, headers
// and file names as it is.
func TestRunID(t *testing.T) {
	for id, want := range map[string]bool{
		"": true, "a": true, "Z09._-": true, strings.Repeat("x", 64): true,
		strings.Repeat("x", 65): false, "a b": false, "a/b": false, "ä": false, "a\n": false, `a"b`: false,
	} {
		if got := plainID(id); got != want {
			t.Errorf("%q: %v", id, got)
		}
	}
}
