package page

import (
	"strings"
	"testing"

	"brunt/report/reporttest"
)

// A run that workers made has a row for each of them, which says which was lost, when and
// why; one that a single process made has no such table.
func TestWorkersAreOnThePage(t *testing.T) {
	t.Parallel()
	chromium := newBrowser(t)
	r := story{seconds: 20, rate: 50, calm: true}.report()
	alone := open(t, chromium, r)
	var there bool
	alone.js(&there, `document.getElementById("workers") !== null`)
	if there {
		t.Error("the page of one process's run has a table of workers")
	}
	alone.quiet()
	r.Client.Workers = reporttest.Workers(4)
	v := open(t, chromium, r)
	var rows []string
	v.js(&rows, `[...document.querySelectorAll("#workers tbody tr")].map((tr) => [...tr.children].map((td) => td.textContent).join(" | "))`)
	want := []string{
		"1 (host-1) | done | 1 250 | 62.5/s | 0.21 ms | 7.5 % of 2 | −0.40 ms ± 0.40 ms | −3.00 s | fully",
		"2 (host-2) | lost at 3.20 s: it has not renewed its lease for 6 s | 400 | 20.0/s | 0.21 ms | 7.5 % of 2 | +0.80 ms ± 0.40 ms | −3.00 s | fully",
		"3 (host-3) | done | 1 250 | 84.7/s | 0.21 ms | 7.5 % of 2 | joined at 5.25 s for 2 (host-2) | −3.00 s | fully",
		"4 (host-4) | done | 1 250 | 62.5/s | 2.50 ms | 7.5 % of 2 | +3.20 ms ± 0.40 ms | −3.00 s | in part",
	}
	got := strings.NewReplacer("\u2009", " ", "\u202f", " ", "\u00a0", " ").Replace(strings.Join(rows, "\n"))
	if got != strings.Join(want, "\n") {
		t.Errorf("the table says\n%s\nnot\n%s", got, strings.Join(want, "\n"))
	}
	v.quiet()
}
