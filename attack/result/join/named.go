package join

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/payloads/setting"
)

// few is the number of distributions from which they are added up in buckets: fewer are
// joined one after the other.
const few = 8

// sum adds distributions up.
func (w *scratch) sum(list []histogram.Distribution) (total histogram.Distribution) {
	if len(list) < few {
		for _, d := range list {
			total.Join(d.Sketch(), &w.sketcher)
		}
		return total
	}
	for _, d := range list {
		w.buckets.Add(d.Sketch())
	}
	return histogram.DistributionOfSketch(w.buckets.Drain(&w.sketcher))
}

// group is what the parts have under one name.
type group struct {
	sum               result.Named
	response, service []histogram.Distribution
}

func (g *group) add(n *result.Named) {
	g.sum.AddCounts(n)
	g.response, g.service = append(g.response, n.Response), append(g.service, n.Service)
}

func (g *group) named(w *scratch) result.Named {
	n := g.sum
	n.Response, n.Service = w.sum(g.response), w.sum(g.service)
	n.Service.Share(&n.Response)
	return n
}

// names are the parts' figures by name, in the order in which they first appear.
func (a *Accumulator) names() (list []result.Named) {
	var groups []*group
	at := map[string]*group{}
	for _, p := range a.parts {
		if p.last == nil {
			continue
		}
		for i := range p.last.Snapshot.Names {
			n := &p.last.Snapshot.Names[i]
			if at[n.Name] == nil {
				at[n.Name] = &group{sum: result.Named{Name: n.Name}}
				groups = append(groups, at[n.Name])
			}
			at[n.Name].add(n)
		}
	}
	for _, g := range groups {
		list = append(list, g.named(&a.scratch))
	}
	return list
}

// stages are the parts' figures of each stage.
func (a *Accumulator) stages() (list []result.StageFigures) {
	var groups []*group
	for _, p := range a.parts {
		if p.last == nil {
			continue
		}
		for i := range p.last.Snapshot.Stages {
			g := &p.last.Snapshot.Stages[i]
			if i == len(list) {
				list = append(list, result.StageFigures{Stage: g.Stage, From: g.From})
				groups = append(groups, new(group))
			}
			list[i].Planned += g.Planned
			list[i].Unknown += g.Unknown
			if p.lost != nil && g.Planned > g.Sent+g.Unknown {
				list[i].Unknown += g.Planned - g.Sent - g.Unknown
			}
			groups[i].add(&g.Named)
		}
	}
	for i := range list {
		list[i].Named = groups[i].named(&a.scratch)
	}
	return list
}

// models are the successes of each served model, most first; those beyond MaxModels are
// counted together.
func (a *Accumulator) models() (list []result.Served) {
	type served struct {
		name string
		group
	}
	var groups []*served
	at := map[string]*served{}
	for _, p := range a.parts {
		if p.last == nil {
			continue
		}
		for i := range p.last.Snapshot.Models {
			m := &p.last.Snapshot.Models[i]
			if at[m.Name] == nil {
				at[m.Name] = &served{name: m.Name}
				groups = append(groups, at[m.Name])
			}
			at[m.Name].add(&result.Named{Succeeded: m.Count, Response: m.Response, Service: m.Service})
		}
	}
	slices.SortStableFunc(groups, func(a, b *served) int {
		return cmp.Or(cmp.Compare(b.sum.Succeeded, a.sum.Succeeded), cmp.Compare(a.name, b.name))
	})
	rest := &served{name: result.OtherModels}
	for i, g := range groups {
		if len(groups) > result.MaxModels && (i >= result.MaxModels || g.name == result.OtherModels) {
			rest.sum.Succeeded += g.sum.Succeeded
			rest.response, rest.service = append(rest.response, g.response...), append(rest.service, g.service...)
			continue
		}
		list = append(list, g.of(g.name, &a.scratch))
	}
	if rest.sum.Succeeded > 0 {
		list = append(list, rest.of(rest.name, &a.scratch))
	}
	return list
}

func (g *group) of(name string, w *scratch) result.Served {
	n := g.named(w)
	return result.Served{Name: name, Count: n.Succeeded, Response: n.Response, Service: n.Service}
}

// failures are those of all parts by kind, status and cause, with the example of the
// first one; most first.
func (a *Accumulator) failures() (list []result.Failure) {
	at := map[result.FailureKind]*result.Failure{}
	var order []*result.Failure
	for _, p := range a.parts {
		if p.last == nil {
			continue
		}
		for i := range p.last.Snapshot.Failures {
			f := p.last.Snapshot.Failures[i]
			f.First, f.Last, f.Names = f.First+p.shift, f.Last+p.shift, slices.Clone(f.Names)
			kind := result.FailureKind{Kind: f.Kind, Status: f.Status, Cause: f.Cause}
			if at[kind] == nil {
				at[kind] = &f
				order = append(order, &f)
				continue
			}
			addFailure(at[kind], &f)
		}
	}
	for _, f := range order {
		list = append(list, *f)
	}
	slices.SortStableFunc(list, func(a, b result.Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Cause, b.Cause))
	})
	return list
}

func addFailure(have, f *result.Failure) {
	count, last := have.Count+f.Count, max(have.Last, f.Last)
	names, unlisted := have.Names, have.Unlisted+f.Unlisted
	more := f.Names
	if f.First < have.First {
		*have = *f
	}
	have.Count, have.Last, have.Names, have.Unlisted = count, last, names, unlisted
	for _, n := range more {
		have.Hit(n.Name, n.Count)
	}
}

// warnings are those of all parts: the same one once, with the workers that have it where
// others have not.
func (a *Accumulator) warnings() []setting.Text {
	list := a.told(func(o *result.Snapshot) []setting.Text { return o.Warnings })
	if !a.plan.Open() && slices.ContainsFunc(a.parts, func(p *part) bool { return p.lost != nil }) {
		list = append(list, setting.Plain("a worker was lost: what it sent after its last report is in no count, for without a rate nothing says how much that was"))
	}
	return list
}

// told are the texts of all parts.
func (a *Accumulator) told(of func(*result.Snapshot) []setting.Text) (list []setting.Text) {
	type told struct {
		text setting.Text
		by   []string
	}
	var order []*told
	at, reported := map[string]*told{}, 0
	for _, p := range a.parts {
		if p.last == nil {
			continue
		}
		reported++
		for _, text := range of(p.last.Snapshot) {
			if text.Empty() {
				continue
			}
			words := text.String()
			if at[words] == nil {
				at[words] = &told{text: text}
				order = append(order, at[words])
			}
			if by := at[words].by; len(by) == 0 || by[len(by)-1] != p.name {
				at[words].by = append(by, p.name)
			}
		}
	}
	for _, t := range order {
		switch n := len(t.by); {
		case n == reported:
			list = append(list, t.text)
		case n == 1:
			list = append(list, setting.Textf("worker %s: %v", t.by[0], t.text))
		case n <= few:
			list = append(list, setting.Textf("workers %s: %v", strings.Join(t.by, ", "), t.text))
		default:
			list = append(list, setting.Textf("%s: %v", fmt.Sprintf("%d of %d workers", n, reported), t.text))
		}
	}
	return list
}
