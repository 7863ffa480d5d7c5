package saved

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"text/tabwriter"
	"time"

	"brunt/payloads/show"
	"brunt/report"
	"brunt/report/format"
)

// Run is a saved run in short. What its file does not tell is null; Problem is why
// a file cannot be read.
type Run struct {
	Number    int         `json:"number"` // 1 is the newest: @-1
	ID        *string     `json:"id"`     // that no other run has; null of several runs, and where it is not known
	Name      string      `json:"name"`
	File      string      `json:"file"`
	Started   *time.Time  `json:"started"`
	Title     string      `json:"title"` // --name of the run
	Target    string      `json:"target"`
	Plan      report.Plan `json:"plan"`
	DurationS float64     `json:"duration_s"`
	Sent      uint64      `json:"sent"`
	Failed    uint64      `json:"failed"`
	PerS      float64     `json:"succeeded_per_s"`
	P50       *float64    `json:"p50"`
	P99       *float64    `json:"p99"`
	Trust     *string     `json:"trust"`
	Valid     *bool       `json:"valid"`
	Problem   string      `json:"problem"`
}

// MaxListed is how many runs are listed at the most, the newest ones.
const MaxListed = 1000

// Lister lists saved runs again and again, and reads a file once. The zero Lister is
// ready. Its methods may be called at the same time.
type Lister struct {
	mu    sync.Mutex
	known map[string]seen // by file
}

// seen is a file as it was read.
type seen struct {
	at   time.Time
	size int64
	run  Run
}

// List is what the function List gives, of the newest most runs.
func (l *Lister) List(most int) (runs []Run, more int, err error) {
	dir, list, err := names()
	if err != nil {
		return nil, 0, err
	}
	if len(list) > most {
		more, list = len(list)-most, list[:most]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	known := make(map[string]seen, len(list))
	runs = make([]Run, 0, len(list))
	for i, name := range list {
		file := filepath.Join(dir, name+ending)
		s := l.known[file]
		if info, err := os.Stat(file); err != nil || !info.ModTime().Equal(s.at) || info.Size() != s.size {
			s = seen{run: Run{Name: name, File: file}}
			if s.run.read(); err == nil {
				s.at, s.size = info.ModTime(), info.Size()
			}
		}
		known[file] = s
		s.run.Number = i + 1
		runs = append(runs, s.run)
	}
	l.known = known
	return runs, more, nil
}

// List gives the saved runs, newest first, and how many older ones it leaves out.
func List() (runs []Run, more int, err error) { return new(Lister).List(MaxListed) }

// read fills in what the file tells. Only these parts of it are looked at.
func (run *Run) read() {
	var r struct {
		Name       string                `json:"name"`
		Started    *time.Time            `json:"started"`
		Target     struct{ URL string }  `json:"target"`
		Plan       report.Plan           `json:"plan"`
		Elapsed    float64               `json:"plan_elapsed_s"`
		Requests   report.Requests       `json:"requests"`
		Throughput report.Throughput     `json:"throughput"`
		Latency    map[string]percentile `json:"latency_ms"`
		Runs       []string              `json:"runs"`
		Verdict    struct {
			Trust *string
			Valid *bool
		} `json:"verdict"`
	}
	text, err := os.ReadFile(run.File)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		run.Problem = format.Safe(err.Error(), 200)
		return
	}
	run.Started, run.Title, run.Target, run.Plan, run.DurationS = r.Started, r.Name, r.Target.URL, r.Plan, r.Elapsed
	run.Sent, run.Failed, run.PerS = r.Requests.Sent, r.Requests.Failed, r.Throughput.SucceededPerS
	run.P50, run.P99 = r.Latency["response"].P50, r.Latency["response"].P99
	if run.Trust, run.Valid = r.Verdict.Trust, r.Verdict.Valid; len(r.Runs) == 1 {
		run.ID = new(r.Runs[0])
	}
}

type percentile struct{ P50, P99 *float64 }

// Write lists the saved runs as a table, or as JSON.
func Write(w io.Writer, asJSON bool) error {
	runs, more, err := List()
	if err != nil {
		return err
	}
	if asJSON {
		return show.EncodeJSON(w, map[string]any{"schema": 1, "runs": runs, "left_out": more})
	}
	if len(runs) == 0 {
		dir, err := Dir()
		if err == nil {
			_, err = fmt.Fprintf(w, "no saved runs in %s; brunt attack --save keeps one\n", dir)
		}
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tname\tload\tsent\tfailed\tp50\tp99\ttrust")
	for i := range runs {
		fmt.Fprintln(table, runs[i].row())
	}
	if more > 0 {
		fmt.Fprintf(table, "and %s older ones\n", format.Count(uint64(more)))
	}
	return table.Flush()
}

func (run *Run) row() string {
	name := format.Safe(run.Name, 100)
	if run.Title != "" {
		name += " (" + format.Safe(run.Title, 40) + ")"
	}
	if run.Problem != "" {
		return fmt.Sprintf("@-%d\t%s\tcannot be read: %s", run.Number, name, run.Problem)
	}
	trust := format.None
	if run.Trust != nil {
		trust = format.Safe(*run.Trust, 20)
	}
	return fmt.Sprintf(
		"@-%d\t%s\t%s for %s\t%s\t%s\t%s\t%s\t%s",
		run.Number,
		name,
		load(&run.Plan),
		format.SpanSeconds(run.DurationS),
		format.Count(run.Sent),
		format.Count(run.Failed),
		format.OptionalMS(run.P50),
		format.OptionalMS(run.P99),
		trust,
	)
}

func load(p *report.Plan) string {
	switch {
	case len(p.Stages) > 0:
		return fmt.Sprintf("%d stages", len(p.Stages))
	case p.RatePerS != nil:
		return format.AskedRate(*p.RatePerS)
	case p.Concurrency != nil:
		return fmt.Sprintf("%d in flight", *p.Concurrency)
	}
	return "load not known"
}
