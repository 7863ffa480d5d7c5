package scripttest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"brunt/attack/figure"
	"brunt/report"
)

const (
	// alikeTries is how often runs are made whose times are to be alike: a machine that is
	// busy makes either of them slow.
	alikeTries = 5
	// alikeWithin is how far percentiles may be apart, as a share, besides alikeNoise and
	// how late either run was.
	alikeWithin = 0.1
	alikeNoise  = 2.0 // milliseconds
)

// pair are the reports of two runs of the same words of brunt's: of one process, and of
// two workers.
type pair struct{ one, two *report.Report }

func pairOf(ts *testscript.TestScript, words []string) pair {
	return pair{reportOf(ts, words), reportOf(ts, append(slices.Clone(words), "--workers", "local:2"))}
}

// allSent reports whether both have sent all that they had planned, as they do where the
// machine gives them its cores.
func (p *pair) allSent() bool { return p.one.Requests.NotSent+p.two.Requests.NotSent == 0 }

// samecounts WORDS…: a run of these words counts the same with two workers as without:
// requests, names, stages, conversations and tokens.
func sameCounts(ts *testscript.TestScript, _ bool, args []string) {
	for range alikeTries {
		p := pairOf(ts, args)
		if !p.allSent() {
			continue
		}
		if one, two := countsOf(p.one), countsOf(p.two); one != two {
			ts.Fatalf("one process\n%s\ntwo\n%s", one, two)
		}
		return
	}
	ts.Fatalf("not all was sent, %d times", alikeTries)
}

func countsOf(rep *report.Report) string {
	r := rep.Requests
	list := []string{fmt.Sprint("requests ", r.Planned, r.Sent, r.NotSent, r.Succeeded, r.Failed, r.Unknown, rep.Status)}
	for i := range rep.Names {
		list = append(list, fmt.Sprint(rep.Names[i].Name, rep.Names[i].Requests.Sent, rep.Names[i].Requests.Succeeded))
	}
	for i := range rep.Stages {
		list = append(list, fmt.Sprint("stage ", rep.Stages[i].Requests.Planned))
	}
	for i := range rep.SLO {
		list = append(list, fmt.Sprint(rep.SLO[i].Rule, rep.SLO[i].Met))
	}
	slices.Sort(list)
	if s := rep.Sessions; s != nil {
		list = append(list, fmt.Sprintf("%+v", *s))
	}
	if s := rep.Stream; s != nil {
		list = append(list, fmt.Sprint("streams ", s.Streams, s.OutputTokens))
	}
	return strings.Join(list, "\n")
}

// alike WORDS…: besides, the percentiles of each figure are alike, in one of several
// tries each.
func alike(ts *testscript.TestScript, _ bool, args []string) {
	apart := map[string]float64{} // in milliseconds: by how much more than may be, at best
	for range alikeTries {
		p := pairOf(ts, args)
		if !p.allSent() {
			continue
		}
		if one, two := countsOf(p.one), countsOf(p.two); one != two {
			ts.Fatalf("one process\n%s\ntwo\n%s", one, two)
		}
		if p.compare(apart); len(apart) == 0 {
			ts.Fatalf("neither run has percentiles")
		}
		if slices.Max(slices.Collect(maps.Values(apart))) <= 0 {
			return
		}
	}
	ts.Fatalf("further apart than may be, in ms: %v", apart)
}

// compare notes how far the percentiles are apart.
func (p *pair) compare(apart map[string]float64) {
	for f := range figure.Len {
		a, b := p.one.Summary(f), p.two.Summary(f)
		if f == figure.Lateness || f == figure.SlotWait || f == figure.Connect {
			continue // they are the machine's
		}
		for name, of := range map[string]func(*report.Summary) *float64{
			"p50": func(s *report.Summary) *float64 { return s.P50 },
			"p90": func(s *report.Summary) *float64 { return s.P90 },
			"p95": func(s *report.Summary) *float64 { return s.P95 },
		} {
			x, y := of(&a), of(&b)
			if x == nil || y == nil {
				continue
			}
			over := math.Abs(*x-*y) - alikeWithin**x - alikeNoise - late(p.one) - late(p.two)
			key := fmt.Sprint(f, " ", name)
			if before, known := apart[key]; !known || over < before {
				apart[key] = over
			}
		}
	}
}

// late is how late the run's requests were sent, but for one in a hundred, in
// milliseconds.
func late(rep *report.Report) float64 {
	if p := rep.LatenessMS.P99; p != nil {
		return *p
	}
	return 0
}

// reportOf is the report of a run.
func reportOf(ts *testscript.TestScript, words []string) *report.Report {
	ts.Check(ts.Exec("brunt", append(slices.Clone(words), "-o", "none", "--json", "alike.json")...))
	rep, err := report.Read(strings.NewReader(ts.ReadFile("alike.json")), "alike.json")
	ts.Check(err)
	ts.Check(rep.Check())
	return rep
}
