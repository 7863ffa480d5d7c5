package capacity

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/format"
	"brunt/report/job"
	"brunt/report/rules"
)

const (
	// probeRequests are sent one at a time before the first step, for as long as
	// one step at the most: they say how long a request takes.
	probeRequests = 20
	// spare is how many more requests a step plans than its percentile needs.
	spare = 1.1
	// stretched is how many times longer than asked for a step of few clients may
	// become for its percentile, unless the search cannot do without.
	stretched = 4
	// fill is how many response times of a load are left out at its beginning: the
	// requests in flight settle within one, by Little's law.
	fill = 2
	// rises is the growth of the throughput, by twice the clients, from which it is
	// still taken to double.
	rises = 1.5
	// widths are those of a step's intervals, of which it has about twenty.
	perStep, narrowest, widest = 20, 50 * time.Millisecond, time.Second
	// look is how often a step under way is looked at, and hopeless how many times
	// as many requests as may be beyond a limit end it, and at least few.
	look, hopeless, few = 500 * time.Millisecond, 2, 20
)

// stepper makes the steps of a search.
type stepper struct {
	flags      *config.Capacity
	rules      []rules.Rule
	job        *job.Job
	plan       plan.Plan // of all steps, but for the load
	interrupts chan os.Signal
	die        func()
	tell       func(line string)

	interrupted bool
	base        float64 // median of the probe's response times, seconds
	latency     float64 // the same of the newest step
	probed      *report.CapacityProbe
	steps       []report.CapacityStep
	details     []detail                   // of the steps
	sizing      *report.Provisioned        // that rests on the endpoint's own figures, or on a full one; nil of none
	held        map[float64]*report.Report // of each level that was held, the newest
	answer      float64                    // the level of the answer; 0 of none
	last        *report.Report
}

// detail is what answers need of a step and reports do not have.
type detail struct {
	failures string  // the most frequent kind
	grew     bool    // the endpoint answered more at its end
	service  float64 // mean service time, milliseconds; 0 where none is known
}

// probe sends a few requests, one at a time.
func (s *stepper) probe() (*report.Report, error) {
	p := s.plan
	p.Concurrency, p.Requests, p.Duration = 1, probeRequests, time.Duration(s.flags.Step)
	rep, err := s.run(p, nil)
	if err == nil {
		s.learn(rep)
		s.base = s.latency
		q := &rep.Requests
		s.probed = &report.CapacityProbe{
			Succeeded: q.Succeeded, Failed: q.Failed + q.CutOff, P50: rep.LatencyMS[figure.Response].P50,
		}
	}
	return rep, err
}

// learn keeps how long requests take.
func (s *stepper) learn(rep *report.Report) {
	s.last = rep
	if p50 := rep.LatencyMS[figure.Response].P50; p50 != nil {
		s.latency = *p50 / 1e3
	}
}

// step makes one step, and judges it.
func (s *stepper) step(next Next) (Outcome, error) {
	p := s.planOf(next)
	rep, err := s.run(p, func(snapshot *result.Snapshot) bool { return !next.Long && s.lost(&p, snapshot) })
	if err != nil || s.interrupted {
		return Outcome{}, err
	}
	o, why := measured(rep, s.rules).Judge()
	if o.Grew {
		why = "the endpoint answered more at the end than at first: it scaled up, or woke; the step is repeated"
	}
	s.learn(rep)
	s.keep(rep, o, why)
	o.Flat = s.flags.Clients() && flat(points(s.steps))
	if o.Verdict == Held {
		s.held[levelOf(rep)] = rep
	}
	s.tell(stepWords(&s.steps[len(s.steps)-1]))
	return o, nil
}

// keep keeps what the step has shown.
func (s *stepper) keep(rep *report.Report, o Outcome, why string) {
	s.steps = append(s.steps, stepOf(rep, o, why))
	d := detail{failures: failureWords(rep), grew: o.Grew}
	if mean := rep.LatencyMS[figure.Service].Mean; mean != nil {
		d.service = *mean
	}
	s.details = append(s.details, d)
	if rep.Endpoint != nil && rep.Endpoint.Provisioned != nil {
		if p := rep.Endpoint.Provisioned; p.ServiceMS != nil && p.Basis != nil && *p.Basis != serviceTime {
			s.sizing = p
		}
	}
}

// levelOf is the load of a step.
func levelOf(rep *report.Report) float64 {
	if rep.Plan.RatePerS != nil {
		return *rep.Plan.RatePerS
	}
	if rep.Plan.Concurrency != nil {
		return float64(*rep.Plan.Concurrency)
	}
	return 0
}

// planOf is the plan of a step: long enough for the percentile of each rule.
func (s *stepper) planOf(next Next) plan.Plan {
	p, length := s.plan, time.Duration(s.flags.Step)
	if next.Long {
		length *= longer
	}
	perS := next.Level // requests
	if s.flags.Clients() {
		p.Concurrency = int(next.Level)
		perS = s.expected(next.Level)
	} else {
		p.Rate, _ = plan.ParseRate(strconv.FormatFloat(next.Level, 'f', -1, 64))
		p.Law = s.flags.Arrivals
	}
	needed := time.Duration(spare * float64(needs(s.rules)) / perS * float64(time.Second))
	if s.flags.Clients() && !next.Full && next.Level > 0 {
		needed = min(needed, stretched*length)
	}
	length = max(length, needed)
	if next.Fine && !s.flags.Clients() {
		length = max(length, min(s.telling(next.Level), stretched*length))
	}
	p.Duration = length.Round(time.Millisecond)
	p.Warmup, p.WarmupUntilSettled = s.settle(time.Duration(s.flags.Step)), false
	p.Interval = min(max(p.Duration/perStep, narrowest), widest)
	return p
}

// telling is how long a rate must be kept for a queue to show that the precision's
// share more is asked than is answered: twice until that many requests are as many
// as the number in flight varies by itself.
func (s *stepper) telling(rate float64) time.Duration {
	varies := behindSigma * math.Sqrt(max(1, rate*s.base))
	return time.Duration(2 * varies / (float64(s.flags.Precision) * rate) * float64(time.Second))
}

// expected is how many requests per second so many clients will complete: each
// one per response time, but hardly more than before where more clients brought
// no more.
func (s *stepper) expected(clients float64) float64 {
	perS := clients / max(s.latency, 1e-6)
	list := points(s.steps)
	if n := len(list); n >= 2 && list[n-1].perS < rises*list[n-2].perS {
		perS = min(perS, list[n-1].perS)
	}
	return perS
}

// settle is how long a load is kept before a step's figures begin.
func (s *stepper) settle(length time.Duration) time.Duration {
	return (length/10 + time.Duration(fill*s.latency*float64(time.Second))).Round(time.Millisecond)
}

// needs is how many successes the percentiles of the rules take.
func needs(list []rules.Rule) uint64 {
	most := uint64(probeRequests)
	for _, r := range list {
		most = max(most, r.Needs())
	}
	return most
}

// lost reports whether a step under way cannot be held any more: most requests
// fail, or more than twice as many as may be are beyond a limit.
func (s *stepper) lost(p *plan.Plan, snapshot *result.Snapshot) bool {
	c := &snapshot.Counts
	settled := c.Succeeded + c.Failed
	if snapshot.State != result.Running || settled < needs(s.rules) {
		return false
	}
	if snapshot.PlanElapsed > p.Duration/4 && c.Failed > settled/2 {
		return true
	}
	planned := float64(s.plannedBy(p))
	if planned == 0 {
		return false
	}
	rep := report.From(s.job.Meta, snapshot)
	for _, r := range s.rules {
		if over, _, share, counted := r.Tail(rep); counted && float64(over) > few+hopeless*share*planned {
			return true
		}
	}
	return false
}

// plannedBy is how many requests a plan of a rate holds; 0 of a closed loop.
func (s *stepper) plannedBy(p *plan.Plan) uint64 {
	if !p.Open() {
		return 0
	}
	return uint64(math.Ceil(plan.PerSecond(p.Rate) * p.Duration.Seconds()))
}

// run makes a run of the plan to its end, or until lost says that it is for
// nothing: what is in flight then is waited for, within the time-out. The first
// interrupt ends it so as well, the second cuts it, the third calls die.
func (s *stepper) run(p plan.Plan, lost func(*result.Snapshot) bool) (*report.Report, error) {
	if err := s.job.Again(p); err != nil {
		return nil, err
	}
	run, seen := s.job.Run, 0
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		select {
		case <-run.Done():
			rep := report.From(s.job.Meta, run.Snapshot())
			rules.JudgeAll(rep, s.rules)
			s.last = rep
			if rep.Error != nil {
				return rep, fmt.Errorf("a step ended early: %s", *rep.Error)
			}
			return rep, nil
		case <-ticker.C:
			if lost != nil && lost(run.Snapshot()) {
				run.Stop(plan.Drain)
				lost = nil
			}
		case <-s.interrupts:
			s.interrupted = true
			switch seen++; seen {
			case 1:
				run.Stop(plan.Drain)
			case 2:
				run.Stop(plan.Cut)
			default:
				s.die()
			}
		}
	}
}

// start is the first level: half of what one request at a time makes, or an
// eighth of what the provisioned concurrency would bear at that latency.
func (s *stepper) start() float64 {
	if s.flags.Clients() {
		return 1
	}
	if low := plan.PerSecond(s.flags.MinRate.Rate); low > 0 {
		return low
	}
	rate := 0.5 / max(s.latency, 1e-4)
	if n := provisioned(s.last); n > 0 {
		rate *= max(1, n/4)
	}
	return min(format.Significant(rate, 2), s.flags.Most())
}

// provisioned is the endpoint's provisioned concurrency, 0 where it is not known.
func provisioned(rep *report.Report) float64 {
	if rep == nil || rep.Endpoint == nil || rep.Endpoint.Provisioned == nil || rep.Endpoint.Provisioned.Used == nil {
		return 0
	}
	return *rep.Endpoint.Provisioned.Used
}
