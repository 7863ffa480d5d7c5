package attack

import (
	"fmt"
	"math"
	"time"

	"brunt/payloads/setting"
)

// load is a part of a run whose load is judged by itself: a stage, or all since the
// last change.
type load struct {
	number   int           // of the stage; 0 where it is none
	from, to time.Duration // since the measured start; to is no later than now
	stage    *Stage
}

// wholeLoad is all since the last change of the load.
func wholeLoad(s *Snapshot, p *Plan) load {
	all := load{from: -p.Warmup, to: s.PlanElapsed}
	if n := len(s.Changes); n > 0 {
		all.from = s.Changes[n-1].At
	}
	return all
}

// loadsOf are the stages of an open loop that have begun; none where there are no
// stages, or where somebody has changed the load.
func loadsOf(s *Snapshot, p *Plan) (list []load) {
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
func lastLoad(s *Snapshot, p *Plan) load {
	if list := loadsOf(s, p); len(list) > 0 {
		return list[len(list)-1]
	}
	return wholeLoad(s, p)
}

// firstBehind is the backlog of the first stage in which the endpoint fell behind.
// Without one, it is that of the first stage of which that cannot be told; while the
// run goes on, only the stage under way can be one, since it may yet show.
func firstBehind(s *Snapshot, p *Plan, stages []load) (b backlog, in load) {
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
	why := fmt.Sprintf("it lasted %s, and a response takes about %s", span(in.to-in.from), span(b.first))
	if b.grows {
		why = fmt.Sprintf("requests in flight rose from %s to %s", grouped(b.from), grouped(b.to))
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
		from = span(l.from)
	}
	return fmt.Sprintf(" in stage %d (%s, from %s to %s)", l.number, l.stage, from, span(l.from+l.stage.Length))
}

// scaled is how many requests the interval had in flight at its end, had the rate
// been that of the load's end: by Little's law the number goes with the rate, so
// that a ramp's own rise is no backlog.
func (l *load) scaled(iv *Interval) uint64 {
	if l.stage == nil || !l.stage.Ramp() {
		return iv.InFlight
	}
	now, end := l.stage.rateAt(iv.At+iv.Width-l.from), l.stage.rateAt(l.to-l.from)
	if now <= 0 {
		return iv.InFlight
	}
	return uint64(float64(iv.InFlight)*end/now + 0.5)
}

// rateAt is the stage's rate so long after its beginning, in requests per second.
func (g *Stage) rateAt(into time.Duration) float64 {
	from, to := PerSecond(g.Rate), PerSecond(g.ToRate)
	return from + (to-from)*min(1, max(0, float64(into)/float64(g.Length)))
}

// String is the stage's load: 100/s, 100/s to 1,000/s, or 8 to 64 at a time.
func (g *Stage) String() string {
	from, to, unit := rateWords(PerSecond(g.Rate)), rateWords(PerSecond(g.ToRate)), ""
	if !g.Open() {
		from, to, unit = grouped(uint64(g.Concurrency)), grouped(uint64(g.ToConcurrency)), " at a time"
	}
	if from == to {
		return from + unit
	}
	return from + " to " + to + unit
}

// rateWords is a rate in words: 1,200/s, 0.5/s.
func rateWords(perSecond float64) string {
	if perSecond == math.Trunc(perSecond) {
		return grouped(uint64(perSecond)) + "/s"
	}
	return fmt.Sprintf("%.4g/s", perSecond)
}
