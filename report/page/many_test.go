package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A run of thousands of names, of which some are long, or written from the right, and
// with many kinds of failures: what is on the page is bounded, and a newer report of it
// adds nothing.
func TestManyNamesAndKinds(t *testing.T) {
	t.Parallel()
	r := story{seconds: 20, rate: 100}.report()
	first := r.Names[0]
	for i := range 5000 {
		name := first
		name.Name, name.Requests.Sent = fmt.Sprintf("prompt %04d", i), uint64(i)
		switch i % 1000 {
		case 1:
			name.Name = strings.Repeat("n", 10_000) + fmt.Sprint(i)
		case 2:
			name.Name = "שלום עולם " + fmt.Sprint(i)
		case 3:
			name.Name = "👩‍🚀🚀 " + fmt.Sprint(i)
		}
		r.Names = append(r.Names, name)
	}
	kind := r.Errors[0]
	for i := range 50 {
		kind.Kind, kind.Count = fmt.Sprintf("status_%d", 500+i), uint64(i+1)
		r.Errors = append(r.Errors, kind)
	}
	v := open(t, newBrowser(t), r)
	var seen struct {
		Rows, Kinds int
		Wider       bool
		Took        []float64
		Found       []string
	}
	v.js(&seen, `(() => {
		const Took = [];
		for (let i = 0; i < 5; i++) {
			const newer = { ...brunt.report, elapsed_s: brunt.report.elapsed_s + i, names: brunt.report.names.map((name, k) => (k % 3 === i % 3 ? { ...name, requests: { ...name.requests, sent: name.requests.sent + 1 } } : name)) };
			const began = performance.now();
			brunt.show(newer, brunt.extra);
			document.body.offsetHeight;
			Took.push(performance.now() - began);
		}
		const Rows = document.querySelectorAll("#names tbody tr").length, Kinds = document.querySelectorAll("#failure-kinds tbody tr").length;
		const filter = document.getElementById("names-filter");
		filter.value = "עולם";
		filter.dispatchEvent(new Event("input"));
		const Found = [...document.querySelectorAll("#names tbody tr td:first-child")].map((td) => td.textContent);
		return { Rows, Kinds, Wider: document.documentElement.scrollWidth > innerWidth, Took, Found };
	})()`)
	slices.Sort(seen.Took)
	t.Logf("an update takes %.0f ms (median of five)", seen.Took[2])
	if seen.Rows != 500 || seen.Kinds != 50+len(r.Errors)-50 || seen.Wider {
		t.Errorf("%d rows of names, %d of kinds, wider than the window: %t", seen.Rows, seen.Kinds, seen.Wider)
	}
	if len(seen.Found) != 5 {
		t.Errorf("the filter found %q", seen.Found)
	}
	v.quiet()
}
