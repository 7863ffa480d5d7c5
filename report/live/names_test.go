package live

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"brunt/attack/result"
	"brunt/payloads/needs"
	"brunt/report"
	"brunt/report/page"
)

// crowd invents a snapshot with so many names of so many replies each; every
// seventh name has ten times as many.
func crowd(names, replies int) (report.Meta, *result.Snapshot) {
	meta, s := long(3)
	for i := range names {
		n := result.Named{Name: fmt.Sprintf("a prompt of sort %d", i)}
		count := replies
		if i%7 == 0 {
			count *= 10
		}
		for k := range count {
			n.Response.Record(int64(2e6 + i*1000 + k*50_000))
			n.Service.Record(int64(1e6 + i*1000 + k*40_000))
		}
		n.Sent, n.Succeeded = uint64(count), uint64(count)
		n.Response, n.Service = n.Response.Frozen(), n.Service.Frozen()
		s.Names = append(s.Names, n)
		s.Counts.Sent, s.Counts.Succeeded = s.Counts.Sent+n.Sent, s.Counts.Succeeded+n.Succeeded
	}
	return meta, s
}

// measured is how many bytes f allocates, and how many are still in use when it
// is done.
func measured(f func()) (all, kept int64) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	all = int64(after.TotalAlloc - before.TotalAlloc)
	runtime.GC()
	runtime.ReadMemStats(&after)
	return all, int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// A page is sent as many names as it shows, those with most requests, each
// second, however many there are; the report has them all.
func TestManyNames(t *testing.T) {
	const names = 10_000
	meta, s := crowd(names, 3)
	c := newEncodedRun(meta)
	c.update(s, nil)
	again := *s
	if all, _ := measured(func() { c.update(&again, nil) }); all > 12e6 {
		t.Errorf("a publication allocates %.1f MB", float64(all)/1e6)
	}
	var got struct {
		Report struct {
			Names   []report.Named `json:"names"`
			LeftOut int            `json:"names_left_out"`
		} `json:"report"`
	}
	text := c.whole()
	must(json.Unmarshal(text, &got))
	shown := got.Report.Names
	if len(shown) != mostNames || got.Report.LeftOut != names-mostNames || len(text) > 1<<20 {
		t.Fatalf("%d names and %d left out in %d bytes", len(shown), got.Report.LeftOut, len(text))
	}
	for i, n := range shown {
		if want := fmt.Sprintf("a prompt of sort %d", 7*i); n.Name != want || n.Requests.Sent != 30 || n.LatencyMS.Response.Count != 30 {
			t.Fatalf("name %d is %q with %d requests, want %q", i, n.Name, n.Requests.Sent, want)
		}
	}
	r := &run{number: 1, job: &Job{Meta: meta}, snapshotCache: s}
	if rep := r.reportOf(nil, nil); len(rep.Names) != names || rep.Names[1].LatencyMS.Response.Count != 3 || len(rep.Intervals) != 3 {
		t.Errorf("%d names in the report", len(rep.Names))
	}
	f := &final{report.From(meta, s), s.Names}
	f.Report.Names = nil
	want := f.whole()
	if len(want.Names) != names || len(f.Report.Names) != 0 {
		t.Errorf("%d names in the final report", len(want.Names))
	}
	if rep, leftOut := f.shown(); len(rep.Names) != mostNames || leftOut != names-mostNames {
		t.Errorf("%d names shown, %d left out", len(rep.Names), leftOut)
	}
	few, left := mostSent(s.Names[:mostNames])
	if len(few) != mostNames || left != 0 {
		t.Errorf("%d of %d names, %d left out", len(few), mostNames, left)
	}
}

// What is kept of a finished run with thousands of names, of which nobody looks
// at the page any more.
func TestFinishedRunIsSmall(t *testing.T) {
	for names, most := range map[int]int64{200: 1e6, 10_000: 5e6} {
		var r *run
		_, kept := measured(func() {
			meta, s := crowd(names, 3)
			s.State = result.Done
			r = &run{number: 1, job: &Job{Meta: meta}, snapshotCache: s}
			rep := report.From(meta, s)
			rep.Names = nil
			r.final = &final{rep, s.Names}
			r.encode(r.final, nil)
			r.dropEncoded()
		})
		if kept > most {
			t.Errorf("%d names: %.1f MB are kept", names, float64(kept)/1e6)
		}
		runtime.KeepAlive(r)
	}
}

// The page shows as many names as it is sent.
func TestPageShowsAllItIsSent(t *testing.T) {
	files, err := page.Live()
	must(err)
	for path, file := range files {
		if strings.HasSuffix(path, "/tables.js") {
			script := bytes.ReplaceAll(file.Bytes, []byte(" "), nil)
			if want := fmt.Sprintf("maxRows=%d", mostNames); !bytes.Contains(script, []byte(want)) {
				t.Errorf("%s does not say %s", path, want)
			}
			return
		}
	}
	t.Error("no tables.js")
}

// However much they measured, the runs that are kept take no more than so much
// together; the last one is always there.
func TestKeptRunsAreBounded(t *testing.T) {
	needs.Time(t)
	large := &final{&report.Report{}, make([]result.Named, 100_000)}
	runs := int(maxWholeBytes) / large.size()
	if runs < 2 || runs > maxWholeRuns-5 {
		t.Fatalf("a run of %d bytes is none to test with", large.size())
	}
	r := &controller{}
	kept := func() (n int) {
		r.trim()
		for _, k := range r.history {
			if k.final != nil {
				n++
			}
		}
		return n
	}
	for i := range maxWholeRuns {
		r.history = append(r.history, &run{number: i + 1, final: large, summary: &RunSummary{Run: i + 1, Kept: true}})
		if n, want := kept(), min(i+1, runs); n != want {
			t.Fatalf("%d of %d runs are kept, want %d", n, i+1, want)
		}
	}
	huge := &final{&report.Report{}, make([]result.Named, maxWholeBytes/100)}
	r.history = append(r.history, &run{number: 100, final: huge, summary: &RunSummary{}}, &run{number: 101})
	if n := kept(); n != 1 || r.history[len(r.history)-2].final != huge {
		t.Errorf("%d runs are kept besides one that takes all", n-1)
	}
}
