package join

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"brunt/attack/result"
	"brunt/payloads/setting"
)

// few is the number of workers that are named one by one.
const few = 8

// names are the parts' figures by name, in the order in which they first appear.
func (a *Accumulator) names() (list []result.Named) {
	at := map[string]int{}
	for _, p := range a.parts {
		if p.last == nil {
			continue
		}
		for i := range p.last.Snapshot.Names {
			n := &p.last.Snapshot.Names[i]
			k, known := at[n.Name]
			if !known {
				k = len(list)
				at[n.Name] = k
				list = append(list, result.Named{Name: n.Name})
			}
			list[k].AddCounts(n)
		}
	}
	for i := range list {
		list[i].Response, list[i].Service = a.sums.Name(list[i].Name)
	}
	return list
}

// stages are the parts' figures of each stage.
func (a *Accumulator) stages() (list []result.StageFigures) {
	for _, p := range a.parts {
		if p.last == nil {
			continue
		}
		for i := range p.last.Snapshot.Stages {
			g := &p.last.Snapshot.Stages[i]
			if i == len(list) {
				list = append(list, result.StageFigures{Stage: g.Stage, From: g.From})
			}
			list[i].Planned += g.Planned
			list[i].Unknown += g.Unknown
			if p.lost != nil && g.Planned > g.Sent+g.Unknown {
				list[i].Unknown += g.Planned - g.Sent - g.Unknown
			}
			list[i].AddCounts(&g.Named)
		}
	}
	for i := range list {
		list[i].Response, list[i].Service = a.sums.Stage(i)
	}
	return list
}

// models are the successes of each served model, most first; those beyond MaxModels are
// counted together.
func (a *Accumulator) models() (list []result.Served) {
	counts := map[string]uint64{}
	for _, p := range a.parts {
		if p.last == nil {
			continue
		}
		for i := range p.last.Snapshot.Models {
			m := &p.last.Snapshot.Models[i]
			counts[m.Name] += m.Count
		}
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	rest := result.Served{Name: result.OtherModels}
	for i, name := range names {
		m := result.Served{Name: name, Count: counts[name]}
		m.Response, m.Service = a.sums.Model(name)
		if len(names) > result.MaxModels && (i >= result.MaxModels || name == result.OtherModels) {
			rest.Count += m.Count
			rest.Response.Join(m.Response.Sketch(), &a.scratch.sketcher)
			rest.Service.Join(m.Service.Sketch(), &a.scratch.sketcher)
			continue
		}
		list = append(list, m)
	}
	if rest.Count > 0 {
		list = append(list, rest)
	}
	return list
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
	if !a.plan.Open() && a.plan.Requests == 0 && slices.ContainsFunc(a.parts, func(p *part) bool { return p.lost != nil }) {
		list = append(list, setting.Plain("a worker was lost: what it sent after its last report is in no count, for without a rate or a number of requests nothing says how much that was"))
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
