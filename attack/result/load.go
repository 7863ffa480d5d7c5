package result

import (
	"fmt"
	"time"

	"brunt/attack/plan"
	"brunt/attack/spell"
)

// load is a part of a run whose load is judged by itself: a stage, or all since the
// last change.
type load struct {
	number   int           // of the stage; 0 where it is none
	from, to time.Duration // since the measured start; to is no later than now
	stage    *plan.Stage
}

// wholeLoad is all since the last change of the load.
func wholeLoad(s *Snapshot, p *plan.Plan) load {
	all := load{from: -p.Warmup, to: s.PlanElapsed}
	if n := len(s.Changes); n > 0 {
		all.from = s.Changes[n-1].At
	}
	return all
}

// loadsOf are the stages of an open loop that have begun; none where there are no
// stages, or where somebody has changed the load.
func loadsOf(s *Snapshot, p *plan.Plan) (list []load) {
	if !p.Open() || len(s.Changes) > 0 {
		return nil
	}
	from := time.Duration(0)
	for i := range p.Stages {
		if from >= s.PlanElapsed {
			break
		}
		to := from + p.Stages[i].Length
		list = append(list, load{i + 1, from, min(to, s.PlanElapsed), &p.Stages[i]})
		from = to
	}
	return list
}

// lastLoad is the part of the load that is under way, or was at the end.
func lastLoad(s *Snapshot, p *plan.Plan) load {
	if list := loadsOf(s, p); len(list) > 0 {
		return list[len(list)-1]
	}
	return wholeLoad(s, p)
}

// words say which stage it is.
func (l *load) words() string {
	if l.number == 0 {
		return ""
	}
	from := "0 s"
	if l.from > 0 {
		from = spell.Span(l.from)
	}
	return fmt.Sprintf(" in stage %d (%s, from %s to %s)", l.number, l.stage, from, spell.Span(l.from+l.stage.Length))
}

// scaled is how many requests the interval had in flight at its end, had the rate
// been that of the load's end: by Little's law the number goes with the rate, so
// that a ramp's own rise is no backlog.
func (l *load) scaled(iv *Interval) uint64 {
	if l.stage == nil || !l.stage.Ramp() {
		return iv.InFlight
	}
	now, end := l.stage.RateAt(iv.At+iv.Width-l.from), l.stage.RateAt(l.to-l.from)
	if now <= 0 {
		return iv.InFlight
	}
	return uint64(float64(iv.InFlight)*end/now + 0.5)
}
