package results

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/attack/figure"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/reporttest"
)

// answered are n records, most of streams: of three tokens a chunk, and of the last
// ones some without usage, without output, broken off, or no streams.
func answered(n int) (records []attack.Record, start time.Time) {
	records, start = kept(n)
	for i := range records {
		r := &records[i]
		r.End = r.Sent + 40*time.Millisecond
		a := &attack.Answer{
			Streamed: true, FirstChunk: r.Sent + 3e6, First: r.Sent + time.Duration(4e6+i*10_000), FirstVisible: r.Sent + 9e6,
			Last: r.Sent + time.Duration(30e6+i*70_000), TPOT: time.Duration(1e6 + i*3000), HasTPOT: true, Chunks: 5, Choices: 1,
			OutputTokens: 15, PromptTokens: 7, ReasoningTokens: 2, CachedTokens: 0,
			TokensBy: attack.TokensByUsage, Finish: "length", Model: "m-1",
		}
		switch {
		case !r.Succeeded:
			a.OutputTokens, a.TokensBy, a.HasTPOT, a.Finish, a.Model = -1, "", false, "", ""
		case i%7 == 1:
			a.TokensBy, a.OutputTokens, a.PromptTokens, a.ReasoningTokens, a.CachedTokens = attack.TokensByChunks, 5, -1, -1, -1
		case i%7 == 2:
			a.First, a.FirstVisible, a.Last, a.HasTPOT, a.Chunks, a.Choices = 0, 0, 0, false, 0, 0
		case i%7 == 3:
			a = &attack.Answer{OutputTokens: 100, PromptTokens: 7, ReasoningTokens: -1, CachedTokens: -1, TokensBy: attack.TokensByUsage}
		case i%7 == 4:
			a = &attack.Answer{OutputTokens: -1, PromptTokens: -1, ReasoningTokens: -1, CachedTokens: -1, Model: "m-2"}
		case i%7 == 5:
			a = nil
		case i%7 == 6: // of an unknown dialect
			a.First, a.FirstVisible, a.Last, a.HasTPOT, a.Choices, a.OutputTokens, a.TokensBy = 0, 0, 0, false, 0, -1, ""
		}
		r.Answer = a
	}
	return records, start
}

// countStreams works the figures of the records' streams out by their definitions.
func countStreams(records []attack.Record) (c result.StreamCounts, l result.Latencies) {
	l = result.NewLatencies()
	l.BeginStreams()
	for i := range records {
		r, a := &records[i], records[i].Answer
		if !r.Succeeded || a == nil || !a.Streamed {
			continue
		}
		c.Streams++
		c.Chunks += a.Chunks
		c.Choices += a.Choices
		c.OutputTokens += uint64(max(a.OutputTokens, 0))
		c.PromptTokens += uint64(max(a.PromptTokens, 0))
		switch a.TokensBy {
		case attack.TokensByUsage:
			c.ByUsage++
		case attack.TokensByChunks:
			c.ByChunks++
		default:
			c.ByNothing++
		}
		reporttest.Must(l[figure.FirstChunk].RecordValue(int64(a.FirstChunk - r.Sent)))
		if a.First == 0 && a.Chunks == 0 {
			c.Silent++
		} else if a.First == 0 {
			c.Unknown++
		}
		if a.First == 0 {
			continue
		}
		reporttest.Must(l[figure.TTFT].RecordValue(int64(a.First - r.Sent)))
		reporttest.Must(l[figure.ResponseTTFT].RecordValue(int64(a.First - r.Planned)))
		reporttest.Must(l[figure.EndToEnd].RecordValue(int64(a.Last - r.Sent)))
		reporttest.Must(l[figure.TPOT].RecordValue(int64(a.TPOT)))
	}
	return c, l
}

// TestAnswersKept: from the records alone, in every format and through vegeta's own
// conversion, the figures of streams are those of the records, all but the gaps between
// chunks; and with the run's report they are the report's.
func TestAnswersKept(t *testing.T) {
	records, start := answered(300)
	c, l := countStreams(records)
	bare, _ := kept(300)
	rep := reportOf(t, bare, start)
	holds := func(name string, r *report.Report) {
		t.Helper()
		s := r.Stream
		if s == nil || r.Usage == nil || r.Usage.OutputTokens != 100*r.Usage.Replies || r.Usage.Replies < 30 {
			t.Fatalf("%s: %+v, %+v", name, s, r.Usage)
		}
		got := result.StreamCounts{
			Streams: s.Streams, Silent: s.Silent, Unknown: s.Unknown, Choices: s.Choices, Chunks: s.Chunks,
			OutputTokens: s.OutputTokens, PromptTokens: s.PromptTokens,
			ByUsage: s.TokensBy.Usage, ByChunks: s.TokensBy.Chunks, ByNothing: s.TokensBy.Unknown,
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		for _, f := range figure.Streamed() {
			want := report.Histogram{PackedHistogram: l[f]}
			if diff := cmp.Diff(want.Summary(), s.LatencyMS[f]); diff != "" {
				t.Errorf("%s: %v: (-want +got)\n%s", name, f, diff)
			}
		}
		var chunks, ended uint64
		for i := range r.Intervals {
			chunks += r.Intervals[i].Chunks
			ended += uint64(r.Intervals[i].TTFT.Count())
		}
		if chunks != c.Chunks || ended != c.Streams-c.Silent-c.Unknown || r.Check() != nil {
			t.Errorf("%s: %d chunks and %d streams over time; %v", name, chunks, ended, r.Check())
		}
	}
	for name, form := range forms {
		path := filepath.Join(t.TempDir(), name)
		write(t, path, form, records, start, nil)
		r, err := ReadFiles([]string{path}, nil)
		reporttest.Must(err)
		holds(name, r)
		if strings.HasSuffix(name, ".zst") || form != "" {
			continue
		}
		if m := vegetaMetrics(t, path); m.Requests != 300 || m.StatusCodes["200"] != 270 {
			t.Errorf("vegeta reads %d requests of %s, %v", m.Requests, name, m.StatusCodes)
		}
		f, err := os.Open(path)
		reporttest.Must(err)
		var converted bytes.Buffer
		decode, encode := vegeta.DecoderFor(f), vegeta.NewJSONEncoder(&converted)
		for {
			var one vegeta.Result
			if err := decode(&one); err == io.EOF {
				break
			}
			reporttest.Must(encode(&one))
		}
		f.Close()
		again, err := readAny(&converted, "converted")
		reporttest.Must(err)
		holds(name+", converted", again)

		write(t, path, form, records, start, rep)
		r, err = ReadFiles([]string{path}, nil)
		if err != nil || reporttest.JSONOf(t, r) != reporttest.JSONOf(t, rep) {
			t.Errorf("%s with the run's report: %v", name, err)
		}
	}
}

// TestAnswerColumns: each figure stands in its own column, milliseconds where it is a
// time, and what the endpoint says in words is looked through for secrets.
func TestAnswerColumns(t *testing.T) {
	records, start := answered(10)
	path := filepath.Join(t.TempDir(), "h.csv")
	out, err := Create(path, FormatColumns, nil, "POST", report.Meta{})
	reporttest.Must(err)
	out.Describe(nil, func(s string) string { return strings.ReplaceAll(s, "m-1", "***") })
	reporttest.Must(out.Take(start, records))
	reporttest.Must(closing(out, nil))
	b, err := os.ReadFile(path)
	reporttest.Must(err)
	lines := strings.Split(string(b), "\n")
	for row, want := range map[int]string{
		0: ",3,4,9,30,1,5,1,15,usage,7,2,0,length,***", 1: ",3,4.01,9,30.07,1.003,5,1,5,chunks,,,,length,***",
		2: ",3,,,,,0,0,15,usage,7,2,0,length,***", 3: ",,,,,,,,100,usage,7,,,,", 4: ",,,,,,,,,,,,,,m-2", 5: ",,,,,,,,,,,,,,",
		9: ",3,4.09,9,30.63,,5,1,,,7,2,0,,",
	} {
		if !strings.HasSuffix(lines[row+1], want) {
			t.Errorf("row %d is %s\nwant it to end in %s", row, lines[row+1], want)
		}
	}
}
