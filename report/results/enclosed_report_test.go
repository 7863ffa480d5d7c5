package results

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/attack/figure"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/export"
	"brunt/report/reporttest"
	"brunt/report/rules"
)

// failsValid finds the test case of JUnit that a run that is not trusted fails.
var failsValid = regexp.MustCompile(`<testcase name="the run is valid"[^>]*>\s*<failure`)

// forms are the names and formats that a results file may have.
var forms = map[string]string{"r.gob": "", "r.csv": "", "r.ndjson": "", "r.gob.zst": "", "h.csv": FormatColumns, "h.csv.zst": FormatColumns}

// kept are n records of a run, a tenth of them failed, that began at start.
func kept(n int) (records []attack.Record, start time.Time) {
	for i := range n {
		planned := time.Duration(i) * 10 * time.Millisecond
		r := attack.Record{Index: uint64(i), Planned: planned, Begun: planned + 40e3, Sent: planned + 50e3, First: planned + 3e6, End: planned + time.Duration(4e6+i*1001), BytesIn: 200, BytesOut: 100, Status: 200, Succeeded: true}
		if i%10 == 9 {
			r.Status, r.Succeeded = 429, false
		}
		records = append(records, r)
	}
	return records, reporttest.Epoch
}

// reportOf is a report that fits the records, of which nobody would be told that
// it can be trusted.
func reportOf(t *testing.T, records []attack.Record, start time.Time) *report.Report {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bare.csv")
	write(t, path, FormatColumns, records, start, nil)
	r, err := ReadFiles([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Rebuilt, r.Name, r.Plan.RatePerS, r.Plan.WarmupS = false, "untrusted", new(100.0), 2
	r.Requests.Warmup, r.Requests.NotSent, r.Requests.NotSentReason.Skipped = 200, 7, 7
	r.Requests.Connections, r.Histograms[figure.Connect] = 0, report.Histogram{}
	r.Requests.Planned += 7
	r.Intervals[0].Planned += 7
	r.Slices.List[0].Planned += 7
	r.Verdict = report.Verdict{Headline: new("the endpoint refused 10 %"), Notes: []string{}, LimitedBy: new("endpoint"), Valid: new(false), Trust: new("none"), Reasons: []string{"brunt was late"}}
	r.Results = &report.ResultsKept{Kept: uint64(len(records))}
	r.Client.CPUS, r.PlanElapsedS, r.ElapsedS = 1.5, 3, 3
	r.Warnings = []string{}
	r.Summarise()
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	return r
}

func write(t *testing.T, path, format string, records []attack.Record, start time.Time, rep *report.Report) {
	t.Helper()
	out, err := Create(path, format, nil, "POST", report.Meta{Name: "n", URL: "http://h/"})
	if err != nil {
		t.Fatal(err)
	}
	half := len(records) / 2
	if err := errors.Join(out.Take(start, records[:half]), out.Take(start, nil), out.Take(start, records[half:]), closing(out, rep)); err != nil {
		t.Fatal(err)
	}
}

// A results file says of its run what the run's own report does, in every
// format: what was planned, what came of it, and how far that can be trusted.
func TestResultsHoldTheReport(t *testing.T) {
	records, start := kept(300)
	rep := reportOf(t, records, start)
	for name, format := range forms {
		path := filepath.Join(t.TempDir(), name)
		write(t, path, format, records, start, rep)
		again, err := ReadFiles([]string{path}, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(reporttest.JSONOf(t, rep), reporttest.JSONOf(t, again)); diff != "" {
			t.Errorf("%s (-run +its results):\n%s", name, diff)
		}
		if again.Intervals[1].Response.Count() == 0 {
			t.Errorf("%s: intervals have no histograms for the page", name)
		}
		if code, why := rules.Exit(again, true); code != 4 {
			t.Errorf("%s: exit %d, %s", name, code, why)
		}
		var junit bytes.Buffer
		reporttest.Must(export.JUnit(&junit, again, true))
		if !failsValid.Match(junit.Bytes()) {
			t.Errorf("%s: junit has it pass\n%s", name, &junit)
		}
	}
}

// Vegeta reads as many records as there were requests, with their codes, and the
// report is in none of its figures.
func TestVegetaReadsResultsWithTheReport(t *testing.T) {
	records, start := kept(300)
	rep := reportOf(t, records, start)
	for _, name := range []string{"r.gob", "r.csv", "r.ndjson"} {
		path := filepath.Join(t.TempDir(), name)
		write(t, path, "", records, start, rep)
		m := vegetaMetrics(t, path)
		if m.Requests != 300 || m.StatusCodes["200"] != 270 || m.StatusCodes["429"] != 30 || m.BytesIn.Total != 60_000 {
			t.Errorf("%s: %d requests, %v", name, m.Requests, m.StatusCodes)
		}
		// Through vegeta's own conversion the report goes along.
		f, err := os.Open(path)
		reporttest.Must(err)
		var converted bytes.Buffer
		decode, encode := vegeta.DecoderFor(f), vegeta.NewCSVEncoder(&converted)
		for {
			var r vegeta.Result
			if err := decode(&r); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			reporttest.Must(encode(&r))
		}
		f.Close()
		again, err := readAny(&converted, "converted")
		if err != nil || reporttest.JSONOf(t, again) != reporttest.JSONOf(t, rep) {
			t.Errorf("%s, converted: %v", name, err)
		}
	}
}

// A file that lost or gained records does not say what it is of: nobody has
// judged that.
func TestResultsThatAreNotWhole(t *testing.T) {
	records, start := kept(300)
	rep := reportOf(t, records, start)
	text := func(format string) string {
		path := filepath.Join(t.TempDir(), "r.csv")
		write(t, path, format, records, start, rep)
		b, err := os.ReadFile(path)
		reporttest.Must(err)
		return string(b)
	}
	gob := func() string {
		path := filepath.Join(t.TempDir(), "r.gob")
		write(t, path, "", records, start, rep)
		b, err := os.ReadFile(path)
		reporttest.Must(err)
		return string(b)
	}()
	plain, columns := text(""), text(FormatColumns)
	drop := func(s string, line int) string {
		lines := strings.SplitAfter(s, "\n")
		return strings.Join(slices.Delete(lines, line, line+1), "")
	}
	for name, c := range map[string]struct {
		text string
		sent uint64
		says string
	}{
		"csv without its end":       {plain[:strings.LastIndex(strings.TrimSuffix(plain, "\n"), "\n")+1], 299, "do not hold their run's report"},
		"csv cut within a record":   {plain[:len(plain)/3], 0, "do not hold their run's report"},
		"columns cut":               {columns[:len(columns)/3], 0, "do not hold their run's report"},
		"gob cut within a record":   {gob[:len(gob)/3], 0, "do not hold their run's report"},
		"one record fewer":          {drop(plain, 5), 299, "299 of the 300"},
		"columns, one record fewer": {drop(columns, 5), 299, "299 of the 300"},
		"changed":                   {strings.Replace(columns, ",200,succeeded,", ",500,failed,", 1), 300, "were changed"},
	} {
		r, err := readAny(strings.NewReader(c.text), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := r.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if r.Verdict.Judged() || !r.Rebuilt || c.sent > 0 && r.Requests.Sent != c.sent || !strings.Contains(strings.Join(r.Verdict.Reasons, ""), c.says) {
			t.Errorf("%s: %d sent, %+v", name, r.Requests.Sent, r.Verdict)
		}
		if c.sent == 0 && (len(r.Warnings) == 0 || !strings.Contains(r.Warnings[0], "cut off")) {
			t.Errorf("%s: it is not said to be cut off: %q", name, r.Warnings)
		}
	}
	// Two runs' files, one after the other, are both runs.
	twice, err := readAny(strings.NewReader(plain+plain), "twice")
	if err != nil || twice.Requests.Sent != 600 || twice.Requests.Warmup != 400 || !twice.Verdict.Untrusted() {
		t.Errorf("%v, %+v", err, twice)
	}
}

// CSV with a header has each figure in a column of its own, and read back it has
// all of them, in whatever order the columns come.
func TestColumns(t *testing.T) {
	records, start := kept(20)
	records[3].Status, records[3].Succeeded, records[3].Kind, records[3].First, records[3].Sent = 0, false, "refused", 0, 0
	records[4].Status, records[4].Succeeded, records[4].Kind = 0, false, result.KindCut
	path := filepath.Join(t.TempDir(), "h.csv")
	write(t, path, FormatColumns, records, start, nil)
	b, err := os.ReadFile(path)
	reporttest.Must(err)
	lines, none := strings.Split(string(b), "\n"), strings.Repeat(",", len(answerFields))
	for i, want := range []string{
		"seq,planned,response_ms,service_ms,lateness_ms,first_byte_ms,status,outcome,error,bytes_out,bytes_in,payload,name,request_id,report," +
			"first_chunk_ms,ttft_ms,first_visible_ms,end_to_end_ms,tpot_ms,chunks,choices,output_tokens,tokens_by,prompt_tokens,reasoning_tokens,cached_tokens,finish_reason,served_model",
		"0,2026-03-01T12:00:00.123456789Z,4,3.95,0.04,2.95,200,succeeded,,100,200,,,," + none,
		"1,2026-03-01T12:00:00.133456789Z,4.001001,3.951001,0.04,2.95,200,succeeded,,100,200,,,," + none,
	} {
		if lines[i] != want {
			t.Errorf("line %d is %s\nwant %s", i+1, lines[i], want)
		}
	}
	if want := "3,2026-03-01T12:00:00.153456789Z,4.003003,,0.04,,,failed,refused,100,200,,,," + none; lines[4] != want {
		t.Errorf("a refused one is %s", lines[4])
	}
	if !strings.Contains(lines[5], ",,cut_off,,") || !strings.Contains(lines[10], ",429,failed,status_429,") {
		t.Errorf("%s\n%s", lines[5], lines[10])
	}
	r, err := ReadFiles([]string{path}, nil)
	reporttest.Must(err)
	if q := &r.Requests; q.Sent != 20 || q.Succeeded != 16 || q.CutOff != 1 || r.LatencyMS[figure.FirstByte].Count != 16 || *r.LatencyMS[figure.FirstByte].Max < 2.95 || *r.LatencyMS[figure.FirstByte].Max > 2.953 ||
		*r.LatenessMS.Max < 0.04 || r.LatencyMS[figure.Service].Count != 16 || r.Throughput.BytesIn != 4000 {
		t.Errorf("%+v %+v", q, r.LatencyMS[figure.FirstByte])
	}
	again, err := readAny(strings.NewReader("mine,outcome,status,planned,name,payload,response_ms\nx,succeeded,200,2026-03-01T13:00:00+01:00,chat,b.jsonl:1,12.5\n,failed,500,2026-03-01T12:00:01Z,chat,b.jsonl:2,8\n"), "by hand")
	reporttest.Must(err)
	if again.Requests.Succeeded != 1 || len(again.Names) != 1 || again.Names[0].Name != "chat" || again.Names[0].Requests.Failed != 1 || *again.Errors[0].Payload != "b.jsonl:2" || *again.LatencyMS[figure.Response].Max < 12.5 {
		t.Errorf("%+v", again)
	}
	for text, says := range map[string]string{
		"seq,planned,response_ms,status\n":                                             "no column outcome",
		"planned,response_ms,outcome,status\nyesterday,1,succeeded,200\n":              `line 2: planned is "yesterday"`,
		"planned,response_ms,outcome,status\n2026-03-01T12:00:00Z,NaN,succeeded,200\n": `line 2: response_ms is "NaN"`,
		"planned,response_ms,outcome,status\n2026-03-01T12:00:00Z,1,succeeded,\n":      `line 2: status is ""`,
		"planned,response_ms,outcome,status\n2026-03-01T12:00:00Z,1,well,200\n":        `line 2: outcome is "well"`,
		"planned,response_ms,outcome,status\n2026-03-01T12:00:00Z,1,failed,teapot\n":   `line 2: status is "teapot"`,
	} {
		if _, err := readAny(strings.NewReader(text), "bad.csv"); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Create("r.gob", FormatColumns, nil, "POST", report.Meta{}); err == nil {
		t.Error("columns in gob")
	}
}

// Whatever stands in such a file, reading it ends with a report that agrees with
// itself, or with one line.
func FuzzColumns(f *testing.F) {
	f.Add("seq,planned,response_ms,service_ms,lateness_ms,first_byte_ms,status,outcome,error,bytes_out,bytes_in,payload,name,request_id,report\n0,2026-03-01T12:00:00Z,4,3,0.04,2,200,succeeded,,100,200,b:1,x,id,\n")
	f.Add("planned,response_ms,service_ms,outcome,status,first_chunk_ms,ttft_ms,end_to_end_ms,tpot_ms,chunks,output_tokens,tokens_by\n2026-03-01T12:00:00Z,40,39,succeeded,200,3,4,20,4,5,15,usage\n2026-03-01T12:00:00Z,40,39,succeeded,200,3,,,,99999999999999,-7,x\n")
	f.Add("planned,response_ms,outcome,status,report\n2026-03-01T12:00:00Z,1,cut_off,,KLUv/Q==\n")
	f.Add("planned,response_ms,outcome,status\n0001-01-01T00:00:00Z,1,failed,\n9999-01-01T00:00:00Z,-1,succeeded,200\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := readAny(strings.NewReader(text), "f.csv")
		if err == nil {
			err = r.Check()
			if err != nil {
				t.Error(err)
			}
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%q", err)
		}
	})
}
