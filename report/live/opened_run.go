package live

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"

	"brunt/payloads/show"
	"brunt/report"
	"brunt/report/compare"
	"brunt/report/saved"
)

// openedRun is a run that a request is about: one of this process, or one that was
// saved.
type openedRun struct {
	run   *run   // nil for a saved one
	final *final // nil while it is under way
	saved *report.Report
}

// report is the whole report, or the run so far.
func (o *openedRun) report() *report.Report {
	if o.run == nil {
		return o.saved
	}
	return o.run.reportOf(o.final, o.run.judgedBy())
}

// whole is the run as /api/runs/ID gives it.
func (o *openedRun) whole() []byte {
	if o.run == nil {
		rep, leftOut := mostUsed(o.saved)
		return wholeRun(rep, leftOut)
	}
	return o.run.whole(o.final, o.run.judgedBy())
}

// fileName is what files of the run are called, without an ending.
func (o *openedRun) fileName(rep *report.Report) string {
	number := 0
	if o.run != nil {
		number = o.run.number
	}
	return fileName(number, rep)
}

// mostUsed is a report with as many names as a page shows, and how many it has besides.
func mostUsed(rep *report.Report) (*report.Report, int) {
	over := len(rep.Names) - mostNames
	if over <= 0 {
		return rep, 0
	}
	sent := make([]uint64, len(rep.Names))
	for i := range rep.Names {
		sent[i] = rep.Names[i].Requests.Sent
	}
	least := leastOf(sent)
	short := *rep
	short.Names = make([]report.Named, 0, mostNames)
	for i := range rep.Names {
		if least.keeps(rep.Names[i].Requests.Sent) {
			short.Names = append(short.Names, rep.Names[i])
		}
	}
	return &short, over
}

// open finds the run that a request names: by its id, by its number in this process or
// by the name that it was saved under; the current or else last one by nothing. Where
// there is none it has responded.
func (v *View) open(w http.ResponseWriter, word string) *openedRun {
	o, err := v.find(word)
	if err != nil {
		writeJSON(w, http.StatusNotFound, apiError{Error: err.Error()})
		return nil
	}
	return o
}

var errNoRun = errors.New("no run yet")

func (v *View) find(word string) (*openedRun, error) {
	if word == "" {
		if r, final := v.controller.find(0); r != nil {
			return &openedRun{run: r, final: final}, nil
		}
		return nil, errNoRun
	}
	if r, final := v.controller.findByWord(word); r != nil {
		return &openedRun{run: r, final: final}, nil
	}
	rep, err := v.openSaved(word)
	if rep != nil || err != nil {
		return &openedRun{saved: rep}, err
	}
	if n, err := strconv.Atoi(word); err == nil && n > 0 {
		return nil, fmt.Errorf(
			"run %d is not here: the last %d runs of this process are kept, as far as %d MB have room for them",
			n, maxWholeRuns, int(maxWholeBytes/1e6),
		)
	}
	return nil, fmt.Errorf("run %.40q: there is none of that id or number, and none was saved by that name", word)
}

// openSaved reads the saved run of that id or name; nil where there is none. The word
// is never a path: it is looked for among those that are there.
func (v *View) openSaved(word string) (*report.Report, error) {
	runs, _, err := v.savedRuns.List(saved.MaxListed)
	if err != nil {
		return nil, nil
	}
	at := slices.IndexFunc(runs, func(r saved.Run) bool { return r.Name == word || r.ID != nil && *r.ID == word })
	if at < 0 {
		return nil, nil
	}
	f, err := os.Open(runs[at].File)
	if err != nil {
		return nil, errors.New("the saved run cannot be read any more")
	}
	defer f.Close()
	return report.Read(f, runs[at].Name)
}

// findByWord is a run of this process by its number or its id.
func (c *controller) findByWord(word string) (*run, *final) {
	if n, err := strconv.Atoi(word); err == nil && n > 0 {
		return c.find(n)
	}
	c.mu.Lock()
	runs := slices.Clone(c.history)
	c.mu.Unlock()
	for _, r := range runs {
		if r.job != nil && r.id() == word {
			return c.find(r.number)
		}
	}
	return nil, nil
}

// id tells the run from all others, whatever process made it; empty where it has none.
func (r *run) id() string { return r.snapshot().ID }

// compareTolerance is that of brunt compare where none is given.
const compareTolerance = 0.05

// compareRuns says how one run differs from another, in the words of brunt compare.
func (v *View) compareRuns(w http.ResponseWriter, req *http.Request) {
	words := req.URL.Query()
	var sides [2][]*report.Report
	for i, key := range []string{"base", "new"} {
		if words.Get(key) == "" {
			writeJSON(w, http.StatusUnprocessableEntity, apiError{Error: "name two runs, as ?base=1&new=2", Field: new(key)})
			return
		}
		o := v.open(w, words.Get(key))
		if o == nil {
			return
		}
		sides[i] = []*report.Report{o.report()}
	}
	v.making.Lock()
	found := compare.Reports(sides[0], sides[1], compare.Options{Tolerance: compareTolerance})
	v.making.Unlock()
	if found.Verdict == compare.NotComparable {
		writeJSON(w, http.StatusUnprocessableEntity, apiError{Error: found.Headline})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = show.EncodeJSON(w, map[string]any{"schema": report.SchemaVersion, "comparison": found})
}

// makeAlone makes a text that takes many times its memory while it is made: those who ask
// at once wait for each other instead of taking it all together. A client that reads
// slowly keeps nobody waiting.
func (v *View) makeAlone(fill func(io.Writer) error) []byte {
	v.making.Lock()
	defer v.making.Unlock()
	var b bytes.Buffer
	_ = fill(&b) // into memory
	return b.Bytes()
}
