package attack

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/attack/spell"
)

// maxModels is how many served models a tally keeps apart; what comes after
// is counted under OtherModels.
const maxModels = result.MaxModels

// modelHeader names, in a reply, which of the models behind an endpoint made it.
const modelHeader = "served-model-name"

// served are one served model's figures within a tally.
type served struct {
	name              []byte
	fast              *fastServed // of the first models, nil of others
	response, service *hdrhistogram.PackedHistogram
}

// fastModels is how many models of a tally are recorded in buckets, which take
// a tenth of the time and half a megabyte each.
const fastModels = 2

type fastServed struct{ response, service histogram.Buckets }

func newServed(name []byte) *served {
	return &served{name: bytes.Clone(name), response: histogram.New(), service: histogram.New()}
}

// empty moves what was recorded to the total.
func (m *served) empty(total *result.Served, w *histogram.Sketcher) {
	if m.fast != nil {
		total.Response.Join(m.fast.response.Drain(w), w)
		total.Service.Join(m.fast.service.Drain(w), w)
		return
	}
	total.Response.Add(m.response, w)
	total.Service.Add(m.service, w)
	m.response.Reset()
	m.service.Reset()
}

// replied reports whether there was a reply since the last collection.
func (m *served) replied() bool {
	return m.response.TotalCount() > 0 || m.fast != nil && m.fast.response.Count() > 0
}

// servedModel is the name of the model that made the reply, empty where it has
// none. The bytes are valid until the next reply is read.
func (r *reply) servedModel() []byte {
	if r.shared {
		return r.model
	}
	return r.Field(modelHeader)
}

// countModel counts a success under the model that made it. t.mu is held.
func (t *tally) countModel(name []byte, ex *exchange) {
	m := t.modelOf(name)
	response, _ := histogram.Recordable(ex.end.Sub(ex.planned))
	service, _ := histogram.Recordable(ex.end.Sub(ex.sent))
	if m.fast != nil {
		m.fast.response.Record(response)
		m.fast.service.Record(service)
		return
	}
	_ = m.response.RecordValue(response)
	_ = m.service.RecordValue(service)
}

// modelOf finds a model's figures. Endpoints have few models, so that their
// names are compared one after the other.
func (t *tally) modelOf(name []byte) *served {
	for _, m := range t.models {
		if bytes.Equal(m.name, name) {
			return m
		}
	}
	if len(t.models) >= maxModels {
		name = []byte(result.OtherModels)
		if len(t.models) > maxModels {
			return t.models[maxModels]
		}
	}
	m := newServed(name)
	if len(t.models) < fastModels {
		m.fast = &fastServed{}
	}
	t.models = append(t.models, m)
	return m
}

// addServed moves a tally's figures of the models to the run's. What one of
// them counts under OtherModels stays there.
func addServed(all map[string]*result.Served, models []*served, w *histogram.Sketcher) {
	for _, m := range models {
		if !m.replied() {
			continue
		}
		name := spell.OneLine(string(m.name), 120)
		total := all[name]
		if total == nil {
			total = &result.Served{Name: name}
			all[name] = total
		}
		m.empty(total, w)
	}
}

// servedOf lists the models, that with most replies first.
func servedOf(all map[string]*result.Served) (list []result.Served) {
	for name, m := range all {
		list = append(list, result.Served{Name: name, Count: uint64(m.Response.Count()), Response: m.Response.Frozen(), Service: m.Service.Frozen()})
	}
	slices.SortFunc(list, func(a, b result.Served) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	if len(list) <= maxModels {
		return list
	}
	// The tallies may have kept different ones apart.
	rest := result.Served{Name: result.OtherModels}
	for i, s := range list {
		if i >= maxModels || s.Name == result.OtherModels {
			rest.Count += s.Count
			rest.Response.Merge(s.Response)
			rest.Service.Merge(s.Service)
		}
	}
	list = slices.DeleteFunc(list[:maxModels], func(s result.Served) bool { return s.Name == result.OtherModels })
	return append(list, rest)
}
