package attack

import (
	"fmt"
	"time"

	"brunt/attack/plan"
	"brunt/attack/spell"
	"brunt/payloads/setting"
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

// firstBehind is the backlog of the first stage in which the endpoint fell behind.
// Without one, it is that of the first stage of which that cannot be told; while the
// run goes on, only the stage under way can be one, since it may yet show.
func firstBehind(s *Snapshot, p *plan.Plan, stages []load) (b backlog, in load) {
	var early *backlog
	for i := range stages {
		if b := backlogOf(s, p, stages[i]); b.grows && b.slower && !b.early {
			return b, stages[i]
		} else if early == nil && b.early && (s.State == Done || i == len(stages)-1) {
			early, in = &b, stages[i]
		}
	}
	if early == nil {
		return backlog{}, load{}
	}
	return *early, in
}

// shortStage says of which stage it cannot be told whether the endpoint kept up.
func shortStage(s *Snapshot, b *backlog, in *load) finding {
	why := fmt.Sprintf("it lasted %s, and a response takes about %s", spell.Span(in.to-in.from), spell.Span(b.first))
	if b.grows {
		why = fmt.Sprintf("requests in flight rose from %s to %s", spell.Grouped(b.from), spell.Grouped(b.to))
	}
	headline := fmt.Sprintf(
		"the endpoint answered, but stage %d (%s) was too short to show whether it keeps up: %s",
		in.number,
		in.stage,
		why,
	)
	return finding{headline: setting.Plain(headline), limit: LimitNone, notes: minorFailures(s)}
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
