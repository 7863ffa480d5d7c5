package wire

import (
	"strconv"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/result"
)

// Totals are the distributions of times that a run counts from its start on, or what was
// added to them between two moments.
type Totals struct {
	Latencies             [figure.Len]*histogram.Sketch // nil where there is none
	Names, Stages, Models []Pair                        // those that are not empty
}

// Pair are the two distributions of a payload name, of a stage (whose name is its number,
// from 0 on) or of a served model.
type Pair struct {
	Name              string
	Response, Service histogram.Sketch
}

func (p *Pair) empty() bool { return p.Response.Count()+p.Service.Count() == 0 }

// totalsOf writes down a snapshot's distributions.
func totalsOf(s *result.Snapshot, w *histogram.Sketcher) *Totals {
	t := new(Totals)
	for f, h := range s.Latencies {
		if h != nil {
			t.Latencies[f] = new(w.Sketch(h))
		}
	}
	add := func(list *[]Pair, name string, response, service histogram.Distribution) {
		if p := (Pair{name, response.Sketch(), service.Sketch()}); !p.empty() {
			*list = append(*list, p)
		}
	}
	for i := range s.Names {
		add(&t.Names, s.Names[i].Name, s.Names[i].Response, s.Names[i].Service)
	}
	for i := range s.Stages {
		add(&t.Stages, strconv.Itoa(i), s.Stages[i].Response, s.Stages[i].Service)
	}
	for i := range s.Models {
		add(&t.Models, s.Models[i].Name, s.Models[i].Response, s.Models[i].Service)
	}
	return t
}

// withoutTotals is a snapshot without what totalsOf writes down.
func withoutTotals(s *result.Snapshot) *result.Snapshot {
	o := new(*s)
	o.Latencies = result.Latencies{}
	o.Names, o.Stages, o.Models = append([]result.Named(nil), s.Names...), append([]result.StageFigures(nil), s.Stages...), append([]result.Served(nil), s.Models...)
	for i := range o.Names {
		o.Names[i].Response, o.Names[i].Service = histogram.Distribution{}, histogram.Distribution{}
	}
	for i := range o.Stages {
		o.Stages[i].Response, o.Stages[i].Service = histogram.Distribution{}, histogram.Distribution{}
	}
	for i := range o.Models {
		o.Models[i].Response, o.Models[i].Service = histogram.Distribution{}, histogram.Distribution{}
	}
	return o
}

// since is what was added to the totals after an earlier moment, and what went: nil where
// nothing did, as nearly always.
func (t *Totals) since(before *Totals, w *histogram.Sketcher) (more, less *Totals) {
	more, less = new(Totals), new(Totals)
	some := false
	for f, now := range t.Latencies {
		old := before.Latencies[f]
		switch {
		case now == nil && old != nil:
			less.Latencies[f], some = old, true
		case now == nil:
		case old == nil:
			more.Latencies[f] = now
		default:
			grown, gone := w.Growth(*now, *old)
			if more.Latencies[f] = &grown; gone.Count() > 0 {
				less.Latencies[f], some = &gone, true
			}
		}
	}
	more.Names, less.Names = pairsSince(t.Names, before.Names, w)
	more.Stages, less.Stages = pairsSince(t.Stages, before.Stages, w)
	more.Models, less.Models = pairsSince(t.Models, before.Models, w)
	if !some && len(less.Names)+len(less.Stages)+len(less.Models) == 0 {
		less = nil
	}
	return more, less
}

// pairsSince is since for pairs, which are of one name each.
func pairsSince(now, before []Pair, w *histogram.Sketcher) (more, less []Pair) {
	old := make(map[string]*Pair, len(before))
	for i := range before {
		old[before[i].Name] = &before[i]
	}
	for i := range now {
		p, was := &now[i], old[now[i].Name]
		if was == nil {
			more = append(more, *p)
			continue
		}
		delete(old, p.Name)
		grown, gone := Pair{Name: p.Name}, Pair{Name: p.Name}
		grown.Response, gone.Response = w.Growth(p.Response, was.Response)
		grown.Service, gone.Service = w.Growth(p.Service, was.Service)
		if !grown.empty() {
			more = append(more, grown)
		}
		if !gone.empty() {
			less = append(less, gone)
		}
	}
	for i := range before {
		if old[before[i].Name] != nil {
			less = append(less, before[i])
		}
	}
	return more, less
}
