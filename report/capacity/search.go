package capacity

import "math"

// Verdict is what one step has shown of its load.
type Verdict string

// What a step can show.
const (
	Held     Verdict = "held"     // every rule was kept, and latency was steady
	Broken   Verdict = "broken"   // a rule was broken, or requests piled up
	Client   Verdict = "client"   // brunt or its machine was the limit: nothing is known
	Unjudged Verdict = "unjudged" // too few requests for the figure of a rule
)

// Outcome is what a search learns of one step.
type Outcome struct {
	Verdict Verdict
	// Weight is the step's evidence that its load is too much, as the logarithm of
	// a likelihood ratio: below 0 where the load was held, above 0 where it was
	// not, near 0 where a repetition might say otherwise. Steps add up.
	Weight float64
	// Excess is how many times as many requests as are allowed were beyond the limit
	// of the rule that fared worst, and Spread the size of a burst of such requests,
	// in the same unit: how much the one varies from step to step.
	Excess, Spread float64
	// Reached is the rate that the endpoint completed while more was asked of it,
	// 0 where it was not at its limit.
	Reached float64
	// Grew tells of an endpoint that could do more at the step's end than at its
	// beginning: what was learnt of loads that were too much no longer holds.
	Grew bool
	// Flat tells that more clients brought no more throughput, so that still more
	// will not.
	Flat bool
}

// Next is a step that a search asks for.
type Next struct {
	Level float64 // the rate per second, or the number of clients
	Long  bool    // long enough to see an endpoint scale up
	Full  bool    // long enough for each rule's percentile, however long that takes
	Fine  bool    // long enough to see that the precision's share too much is asked
}

// Bounds are a search's limits.
type Bounds struct {
	Start     float64 // first level
	Min, Max  float64 // Max is 0 for none
	Whole     bool    // levels are whole numbers
	Precision float64 // width of the answer's interval by the answer
}

// Status says what sort of answer a search has.
type Status string

// The sorts of answers.
const (
	Found       Status = "found"       // the limit lies between Low and High
	AtLeast     Status = "at_least"    // the highest level allowed was held
	NoneHolds   Status = "none_holds"  // not even the lowest level was held
	ClientLimit Status = "client"      // brunt was the limit before the endpoint was
	Unsettled   Status = "unsettled"   // the steps contradict each other: the interval is wider than asked for
	Stopped     Status = "interrupted" // the bounds are those known so far
	Unknown     Status = "unknown"     // no step could be judged
)

// Answer is what a search has found. Low ≤ Level < High; a level of 0 is not
// known, and so is a High of 0.
type Answer struct {
	Status     Status
	Level      float64 // that was held, and is nearest to the limit by all steps together
	Low, High  float64 // between which the limit lies, as far as the steps tell
	Confidence float64 // of that, at least; 0 where the steps do not tell
	Wall       float64 // at which brunt was the limit; 0 for none
}

const (
	// surely is the evidence, ln(0.95/0.05), from which a load is taken to be held
	// or not: Wald's sequential test with an error of 5 % either way [Wald,
	// "Sequential Tests of Statistical Hypotheses", 1945].
	surely = 2.94
	// most is what one step may weigh against its load, and mostFor for it: so
	// little that others can take it back. An endpoint near its limit is slow in
	// bursts, and between them it may seem to hold more than it does, so that a step
	// that holds says less: of M/M/c queues 5 % beyond their limit a third of the
	// steps do, and of those 5 % below it one in twenty does not.
	most, mostFor = 4, 3
	// visits is how often the two levels beside the answer are tried at least.
	visits = 2
	// mostVisits is how often one level is tried at the most, and clientVisits
	// how often brunt must be the limit there to end the search.
	mostVisits, clientVisits = 5, 3
	// growth is the factor from one level to the next while nothing is too much:
	// no level is further above the endpoint's limit. shrink is that of the way
	// down from a first level that is too much, in at most shrinks steps.
	growth, shrink, shrinks = 2, 4, 1
	// nearTop is where the rate of a full endpoint is tried: by the figures of a
	// step that asked too much.
	nearTop = 0.98
	// longer is how many times as long as others a long step is, and beyond how much
	// more it asks than is held: enough for the endpoint to show that it grows.
	longer, beyond = 3, 1.25
	// mostGrown is how often an endpoint may scale up during a search.
	mostGrown = 6
	// patience is how many times the time of a search whose steps are never wrong one
	// may take, and closing how many before steps for a narrower interval end.
	patience, closing = 2.1, 1.8
	// mostSteps ends a search whose steps never agree.
	mostSteps = 60
)

// search is a search under way.
type search struct {
	bounds  Bounds
	levels  []level // ascending
	reached float64 // by the last step that asked too much
	guessed float64 // the reached rate that has been tried
	long    bool    // a long step has been made since the endpoint last grew
	grown   int
	steps   int
	seen    []seen
	spent   float64 // steps' time, in that of one
	budget  float64 // spent by a search that is never wrong; 0 until a held level and a broken one are known
}

// Search looks for the highest level that is held. Levels double from the first
// one on until one is too much; then the interval is halved, by ratio, until it is
// as narrow as the precision. A step is a noisy yes or no: its evidence is added
// to that of its level, and the answer is the place of the change from held to
// broken that contradicts the least of it. That is the maximum-likelihood estimate
// of a step function, and the interval holds every place that contradicts no more
// than surely beyond that, and those that the figures of the steps leave open: see
// interval. Both levels beside the answer are tried again, and then, while there is
// time, loads between the bounds.
//
// done ends the search early; what is known then is returned. A step's error ends
// it, too, and is returned with that.
func Search(b Bounds, step func(Next) (Outcome, error), done func() bool) (Answer, error) {
	s := &search{bounds: b}
	for s.steps < mostSteps && !done() {
		next, more := s.next()
		if !more {
			return s.answer(false), nil
		}
		outcome, err := step(next)
		if err != nil {
			return s.answer(true), err
		}
		if done() { // the step was cut short: it says nothing
			break
		}
		s.learn(next, outcome)
	}
	return s.answer(done()), nil
}

// learn adds what a step has shown.
func (s *search) learn(next Next, o Outcome) {
	s.steps++
	l := s.at(next.Level)
	s.long = s.long || next.Long
	if s.spent++; next.Long {
		s.spent += longer - 1
	}
	if o.Flat && o.Verdict == Held && next.Level >= s.top() { // still more clients would not break the rules
		s.bounds.Max = next.Level
	}
	if o.Grew && s.grown < mostGrown {
		s.grown++
		s.forget()
		return
	}
	l.visits++
	switch o.Verdict {
	case Client:
		l.client++
	case Held, Broken:
		if !next.Long {
			if o.Verdict == Broken && o.Excess == 0 {
				o.Excess = mostExcess
			}
			s.seen = append(s.seen, seen{math.Log(next.Level), min(o.Excess, mostExcess), o.Spread})
		}
		l.weight += min(max(o.Weight, -mostFor), most)
	}
	if o.Verdict == Broken && o.Reached > 0 && o.Reached < next.Level {
		s.reached = o.Reached
	}
}

// next is the step to make; false where the answer is known, or cannot be.
func (s *search) next() (Next, bool) {
	if len(s.levels) == 0 {
		return s.step(s.bounds.Start)
	}
	best, _, _ := s.split()
	held, broken := s.known(best)
	if s.wall() != nil && broken == nil {
		return Next{}, false
	}
	for _, l := range s.levels { // brunt was the limit: perhaps it is not again
		if l.client > 0 && l.client < clientVisits && l.weight == 0 && l.visits < mostVisits {
			return Next{Level: l.at, Fine: true}, true
		}
	}
	if s.timeless(held, broken) {
		return s.lastly(held, broken)
	}
	switch {
	case broken == nil:
		return s.up()
	case held == nil:
		return s.down(broken)
	case !s.narrow(held.at, broken.at):
		next, _ := s.step(s.between(held.at, broken.at))
		next.Fine = true
		if s.visited(next.Level) < clientVisits {
			return next, true
		} // else there is no more to know between the two
	}
	return s.again(held, broken)
}

// visited is how often a level has been tried without telling anything.
func (s *search) visited(value float64) int {
	for i := range s.levels {
		if l := &s.levels[i]; l.at == value {
			return l.visits
		}
	}
	return 0
}

// up is the next level while none is too much.
func (s *search) up() (Next, bool) {
	top := &s.levels[len(s.levels)-1]
	limit := s.bounds.Max
	if limit > 0 && top.at >= limit {
		if top.weight < 0 {
			return Next{Level: top.at}, top.unsure()
		}
		return Next{Level: top.at, Full: true}, top.visits < visits
	}
	return s.step(s.rounded(top.at * growth))
}

// down is the next level while none is held: first those that had too few
// requests to be judged.
func (s *search) down(broken *level) (Next, bool) {
	lowest := s.levels[0].at
	for i := len(s.levels) - 1; i >= 0; i-- {
		if l := &s.levels[i]; l.at < broken.at && l.weight == 0 && l.visits < visits {
			return Next{Level: l.at, Full: true}, true
		}
	}
	if lowest <= s.bounds.Min || lowest <= s.bounds.Start/math.Pow(shrink, shrinks) {
		return Next{Level: broken.at, Full: true}, broken.unsure()
	}
	return Next{Level: max(s.rounded(lowest/shrink), s.bounds.Min), Full: true}, true
}

// between is a level within the interval: near the rate that a full endpoint
// reached, where that is known, else the middle by ratio.
func (s *search) between(low, high float64) float64 {
	if t := s.reached * nearTop; t > 0 && s.guessed != s.reached {
		edge := 1 + s.bounds.Precision/2
		s.guessed = s.reached
		if t > low*edge && t*edge < high {
			return s.within(t, low, high)
		}
	} else if t > 0 && math.Abs(low-t) < 0.01*t { // it was held: is the next one too much?
		if above := low * (1 + 0.98*s.bounds.Precision); above*(1+s.bounds.Precision/2) < high {
			return s.within(above, low, high)
		}
	}
	return s.within(math.Sqrt(low*high), low, high)
}

// within rounds a level without leaving the interval.
func (s *search) within(value, low, high float64) float64 {
	rounded := s.rounded(value)
	if s.bounds.Whole {
		return min(max(rounded, low+1), high-1)
	}
	if rounded <= low || rounded >= high {
		return value
	}
	return rounded
}

// again is another try of a level beside the answer, until both have been tried
// twice and do not contradict themselves. Once a load that fills the endpoint is
// kept up for longer, for the endpoint may scale up under it.
func (s *search) again(held, broken *level) (Next, bool) {
	switch {
	case broken.unsure():
		return Next{Level: broken.at, Fine: true}, true
	case held.unsure():
		return Next{Level: held.at, Fine: true}, true
	case s.growing():
		return s.lastly(held, broken)
	}
	return s.closer(held, broken)
}

func (s *search) step(value float64) (Next, bool) {
	if m := s.bounds.Max; m > 0 {
		value = min(value, m)
	}
	return Next{Level: max(value, s.bounds.Min)}, true
}

// narrow reports whether the interval is as narrow as asked for.
func (s *search) narrow(low, high float64) bool {
	return high <= low*(1+s.bounds.Precision) || s.bounds.Whole && high <= low+1
}

// rounded is a level that people can read: of three digits, or a whole number.
func (s *search) rounded(value float64) float64 {
	if s.bounds.Whole {
		return max(1, math.Round(value))
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(value)))
	return math.Round(value*scale) / scale
}

// answer is what is known; early where the search was ended before that was
// enough.
func (s *search) answer(early bool) Answer {
	best, low, high := s.split()
	held, broken := s.known(best)
	a := Answer{Status: Found}
	if held != nil {
		a.Level = held.at
	}
	if lowest, _ := s.known(low); lowest != nil {
		a.Low = lowest.at
	}
	if _, highest := s.known(high); highest != nil {
		a.High = highest.at
	}
	if held != nil && broken != nil && !s.bounds.Whole {
		s.widen(&a, math.Log(math.Sqrt(held.at*broken.at)))
	}
	wall := s.wall()
	switch {
	case early:
		a.Status = Stopped
	case wall != nil && broken == nil:
		a.Status, a.Wall = ClientLimit, wall.at
	case held == nil && broken == nil:
		a.Status = Unknown
	case held == nil:
		a.Status = NoneHolds
	case broken == nil:
		a.Status = AtLeast
	case a.Low == 0 || a.High == 0 || !s.narrow(a.Low, a.High):
		a.Status = Unsettled
		if wall != nil {
			a.Wall = wall.at
		}
	}
	return a
}
