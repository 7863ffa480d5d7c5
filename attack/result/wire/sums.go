package wire

import (
	"strconv"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/result"
)

// Sums add up what messages tell of distributions. What is added is not looked into
// before somebody asks, and then once: so a coordinator of a thousand workers reads each
// of their histograms once, however often it is looked at. The zero Sums are empty.
type Sums struct {
	latencies             [figure.Len]*sum
	names, stages, models map[string]*pairSum
	room                  room
}

// room is where histograms are added up.
type room struct {
	buckets  histogram.Buckets
	sketcher histogram.Sketcher
}

// most is how many sketches wait at the most.
const most = 1 << 12

// sum is one distribution's.
type sum struct {
	total      histogram.Sketch
	more, less []histogram.Sketch // that total does not have yet
}

type pairSum struct{ response, service sum }

func (s *sum) add(more bool, sketch histogram.Sketch, w *room) {
	if sketch.Count() == 0 {
		return
	}
	if more {
		s.more = append(s.more, sketch)
	} else {
		s.less = append(s.less, sketch)
	}
	if len(s.more)+len(s.less) >= most {
		s.now(w)
	}
}

// now is the sum.
func (s *sum) now(w *room) histogram.Sketch {
	if len(s.more)+len(s.less) == 0 {
		return s.total
	}
	if s.total.Count() == 0 && len(s.more) == 1 && len(s.less) == 0 {
		s.total = s.more[0]
	} else {
		w.buckets.Add(s.total)
		for _, one := range s.more {
			w.buckets.Add(one)
		}
		for _, one := range s.less {
			w.buckets.Remove(one)
		}
		if w.buckets.Count() > 0 {
			s.total = w.buckets.Drain(&w.sketcher)
		} else { // all is gone, or more than there was: then nobody knows what is left
			s.total, w.buckets = histogram.Sketch{}, histogram.Buckets{}
		}
	}
	clear(s.more) // their bytes need not be kept
	clear(s.less)
	s.more, s.less = s.more[:0], s.less[:0]
	return s.total
}

// Add adds what a message tells.
func (s *Sums) Add(m *Message) { s.change(m, true) }

// Remove takes off what a message told that was added.
func (s *Sums) Remove(m *Message) { s.change(m, false) }

func (s *Sums) change(m *Message, add bool) {
	if m.More != nil {
		s.put(m.More, add)
	}
	if m.Less != nil {
		s.put(m.Less, !add)
	}
}

func (s *Sums) put(t *Totals, more bool) {
	for f, sketch := range t.Latencies {
		if sketch == nil {
			continue
		}
		if s.latencies[f] == nil {
			s.latencies[f] = new(sum)
		}
		s.latencies[f].add(more, *sketch, &s.room)
	}
	s.putPairs(&s.names, t.Names, more)
	s.putPairs(&s.stages, t.Stages, more)
	s.putPairs(&s.models, t.Models, more)
}

func (s *Sums) putPairs(sums *map[string]*pairSum, list []Pair, more bool) {
	for i := range list {
		p := &list[i]
		if *sums == nil {
			*sums = map[string]*pairSum{}
		}
		one := (*sums)[p.Name]
		if one == nil {
			one = new(pairSum)
			(*sums)[p.Name] = one
		}
		one.response.add(more, p.Response, &s.room)
		one.service.add(more, p.Service, &s.room)
	}
}

// Totals are all sums, to begin others with.
func (s *Sums) Totals() *Totals {
	t := new(Totals)
	for f, one := range s.latencies {
		if one != nil {
			t.Latencies[f] = new(one.now(&s.room))
		}
	}
	pairs := func(sums map[string]*pairSum) (list []Pair) {
		for name, p := range sums {
			list = append(list, Pair{name, p.response.now(&s.room), p.service.now(&s.room)})
		}
		return list
	}
	t.Names, t.Stages, t.Models = pairs(s.names), pairs(s.stages), pairs(s.models)
	return t
}

// Latencies are the sums by figure: nil where no message had the figure.
func (s *Sums) Latencies() (l result.Latencies) {
	for f, one := range s.latencies {
		if one != nil {
			l[f] = one.now(&s.room).Histogram()
		}
	}
	return l
}

// Name are the sums of a payload name.
func (s *Sums) Name(name string) (response, service histogram.Distribution) {
	return s.pair(s.names[name])
}

// Stage are the sums of a stage.
func (s *Sums) Stage(number int) (response, service histogram.Distribution) {
	return s.pair(s.stages[strconv.Itoa(number)])
}

// Model are the sums of a served model.
func (s *Sums) Model(name string) (response, service histogram.Distribution) {
	return s.pair(s.models[name])
}

func (s *Sums) pair(p *pairSum) (response, service histogram.Distribution) {
	if p == nil {
		return response, service
	}
	response = histogram.DistributionOfSketch(p.response.now(&s.room))
	service = histogram.DistributionOfSketch(p.service.now(&s.room))
	service.Share(&response)
	return response, service
}

// fill gives a snapshot the distributions that it was sent without.
func (s *Sums) fill(o *result.Snapshot) {
	o.Latencies = s.Latencies()
	for i := range o.Names {
		o.Names[i].Response, o.Names[i].Service = s.Name(o.Names[i].Name)
	}
	for i := range o.Stages {
		o.Stages[i].Response, o.Stages[i].Service = s.Stage(i)
	}
	for i := range o.Models {
		o.Models[i].Response, o.Models[i].Service = s.Model(o.Models[i].Name)
	}
}
