package results

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"pgregory.net/rapid"

	"brunt/attack"
	"brunt/attack/figure"
	"brunt/attack/result"
	"brunt/report"
)

// records draws what a run might have seen.
func records(t *rapid.T) []attack.Record {
	one := rapid.Custom(func(t *rapid.T) attack.Record {
		r := attack.Record{
			Index:   rapid.Uint64().Draw(t, "index"),
			Planned: micros(t, "planned", 0, time.Minute),
			BytesIn: rapid.Uint64Range(0, 1<<20).Draw(t, "in"), BytesOut: rapid.Uint64Range(0, 1<<20).Draw(t, "out"),
		}
		r.Begun = r.Planned + micros(t, "late", 0, time.Second)
		r.Sent = r.Begun
		r.End = r.Sent + micros(t, "service", 1, time.Minute)
		switch rapid.IntRange(0, 4).Draw(t, "outcome") {
		case 0:
			r.Status = rapid.SampledFrom([]int{400, 429, 500}).Draw(t, "status")
		case 1:
			r.Kind = rapid.SampledFrom([]string{"reset", "refused", result.KindCut}).Draw(t, "kind")
		default:
			r.Status, r.Succeeded = 200, true
		}
		return r
	})
	return rapid.SliceOfN(one, 1, 200).Draw(t, "records")
}

// micros draws a time in microseconds, as finely as reports tell them.
func micros(t *rapid.T, name string, least int64, most time.Duration) time.Duration {
	return time.Duration(rapid.Int64Range(least, int64(most/time.Microsecond)).Draw(t, name)) * time.Microsecond
}

// TestResultsRoundTrip writes random records in every format, and has vegeta's
// own metrics and ours agree with what went in.
func TestResultsRoundTrip(t *testing.T) {
	dir := t.TempDir()
	start := time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		in := records(t)
		var status = map[string]int{}
		var succeeded, cut uint64
		var sum time.Duration
		for _, r := range in {
			sum += r.End - r.Planned
			if r.Succeeded {
				succeeded++
			}
			if r.Kind == result.KindCut {
				cut++
			}
			status[vegetaCode(r.Status)]++
		}
		for _, name := range []string{"r.gob", "r.csv", "r.ndjson", "r.csv.zst", "h.csv"} {
			path := filepath.Join(dir, name)
			out, err := Create(path, forms[name], nil, "POST", report.Meta{Name: "n", URL: "http://h/"})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(out.Take(start, in), closing(out, nil)); err != nil {
				t.Fatal(err)
			}
			rep, err := ReadFiles([]string{path}, nil)
			if err != nil {
				t.Fatal(err)
			}
			q := &rep.Requests
			if q.Sent != uint64(len(in)) || q.Succeeded != succeeded || q.CutOff != cut || rep.LatencyMS[figure.Response].Count != succeeded {
				t.Fatalf("%s: %+v of %d, %d succeeded", name, q, len(in), succeeded)
			}
			checkSeconds(t, rep.Intervals, in)
			if strings.HasSuffix(name, ".zst") || name == "h.csv" { // which vegeta does not read
				continue
			}
			m := vegetaMetrics(t, path)
			if m.Requests != uint64(len(in)) || m.Latencies.Total != sum {
				t.Fatalf("%s: vegeta has %d requests in %v, not %d in %v", name, m.Requests, m.Latencies.Total, len(in), sum)
			}
			for code, n := range status {
				if m.StatusCodes[code] != n {
					t.Fatalf("%s: vegeta has %v, not %v", name, m.StatusCodes, status)
				}
			}
		}
	})
}

// checkSeconds counts anew what lies within each interval.
func checkSeconds(t *rapid.T, intervals []report.Interval, in []attack.Record) {
	type seconds struct {
		from, until                          time.Duration
		planned, sent, inFlight, failed, out uint64
	}
	first := in[0].Planned
	for _, r := range in {
		first = min(first, r.Planned)
	}
	until := time.Duration(0)
	for i, v := range intervals {
		from := time.Duration(math.Round(v.TS * 1e9))
		if from != until {
			t.Fatalf("interval %d begins at %v, the one before ends at %v", i, from, until)
		}
		until = from + time.Duration(math.Round(v.WidthS*1e9))
		within := func(at time.Duration) bool { return at-first >= from && at-first < until }
		want := seconds{from: from, until: until}
		for _, r := range in {
			if within(r.Planned) {
				want.planned++
			}
			if within(r.Begun) {
				want.sent++
			}
			if r.Begun-first < until && r.End-first >= until {
				want.inFlight++
			}
			if !within(r.End) {
				continue
			}
			want.out += r.BytesOut
			if r.Kind != result.KindCut && !r.Succeeded {
				want.failed++
			}
		}
		if got := (seconds{from, until, v.Planned, v.Sent, v.InFlight, v.Failed, v.BytesOut}); got != want {
			t.Fatalf("interval %d: %+v, want %+v", i, got, want)
		}
	}
}

func vegetaCode(status int) string {
	if status == 0 {
		return "0"
	}
	return string([]byte{'0' + byte(status/100), '0' + byte(status/10%10), '0' + byte(status%10)})
}

func vegetaMetrics(t rapid.TB, path string) *vegeta.Metrics {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	decode := vegeta.DecoderFor(bytes.NewReader(text))
	if decode == nil {
		t.Fatalf("%s: vegeta does not know it", path)
	}
	m := &vegeta.Metrics{}
	for {
		var r vegeta.Result
		if err := decode(&r); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		m.Add(&r)
	}
	m.Close()
	return m
}

// FuzzReadAny feeds the reader of results and reports with anything.
func FuzzReadAny(f *testing.F) {
	f.Add([]byte(`{"attack":"","seq":0,"code":200,"timestamp":"2026-01-02T03:04:05Z","latency":5,"bytes_out":0,"bytes_in":0,"error":"","body":null,"method":"","url":"","headers":null}` + "\n"))
	f.Add([]byte("1767323045000000000,200,5,0,0,,,,0,POST,http://h/,\n"))
	f.Add([]byte(`{"schema":1}`))
	f.Add(zstdMagic)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := readAny(bytes.NewReader(b), "x")
		if err == nil && r.Rebuilt {
			if err := r.Check(); err != nil {
				t.Error(err)
			}
		}
	})
}

func BenchmarkResults(b *testing.B) {
	batch := make([]attack.Record, 1000)
	for i := range batch {
		batch[i] = attack.Record{Index: uint64(i), Begun: 30_000, Sent: 30_000, End: time.Millisecond, Status: 200, Succeeded: true}
	}
	for _, name := range []string{"r.gob", "r.csv", "r.ndjson"} {
		b.Run(name, func(b *testing.B) {
			out, err := Create(filepath.Join(b.TempDir(), name), "", nil, "POST", report.Meta{URL: "http://h/"})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := out.Take(time.Time{}, batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// closing is the error of closing the results.
func closing(r *Writer, rep *report.Report) error {
	_, err := r.Close(rep)
	return err
}
