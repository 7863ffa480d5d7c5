package results

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"brunt/payloads/needs"
	"brunt/report"
	"brunt/report/reporttest"
)

// A file of results that is cut off anywhere, in every format and compressed or
// not, is read as far as it is whole, and said to be cut off.
func TestResultsCutAnywhere(t *testing.T) {
	needs.Time(t)
	records, start := kept(120)
	rep := reportOf(t, records, start)
	for name, format := range map[string]string{
		"r.gob": "", "r.csv": "", "r.ndjson": "", "h.csv": FormatColumns,
		"r.gob.zst": "", "r.csv.zst": "", "r.ndjson.zst": "", "h.csv.zst": FormatColumns,
	} {
		path := filepath.Join(t.TempDir(), name)
		out, err := Create(path, format, nil, "POST", report.Meta{Name: "n", URL: "http://h/"})
		reporttest.Must(err)
		borders := []int{}
		for i := range records {
			reporttest.Must(out.Take(start, records[i:i+1]))
			if out.zstd != nil && i%10 == 0 {
				reporttest.Must(out.zstd.Flush())
			}
			info, err := os.Stat(path)
			reporttest.Must(err)
			borders = append(borders, int(info.Size()))
		}
		reporttest.Must(closing(out, rep))
		whole, err := os.ReadFile(path)
		reporttest.Must(err)
		read := 0
		for at := 0; at < len(whole); at += max(1, len(whole)/400) {
			r, err := readAny(bytes.NewReader(whole[:at]), name)
			if err != nil {
				if read > 0 || strings.Contains(err.Error(), "\n") {
					t.Fatalf("%s, cut at %d of %d: %v", name, at, len(whole), err)
				}
				continue
			}
			if err := r.Check(); err != nil {
				t.Fatalf("%s, cut at %d: %v", name, at, err)
			}
			sent := int(r.Requests.Sent)
			if sent < read || sent > len(records) {
				t.Fatalf("%s, cut at %d: %d records, after %d of a shorter one", name, at, sent, read)
			}
			if out.zstd == nil && sent < len(records)-1 && (sent > 0 && borders[sent] > at || borders[sent+1] <= at) {
				t.Fatalf("%s, cut at %d: %d records, though record %d ends at %d and the next at %d", name, at, sent, sent, borders[sent], borders[sent+1])
			}
			read = sent
			said := strings.Join(append(r.Warnings, r.Verdict.Reasons...), " ")
			if r.Verdict.Judged() || !strings.Contains(said, "cut off") {
				t.Fatalf("%s, cut at %d of %d: %d records, and all it says is %q", name, at, len(whole), sent, said)
			}
		}
		if read < len(records)-20 {
			t.Errorf("%s: never more than %d records were read", name, read)
		}
	}
}

// Of a run that is killed at most the last half a second is lost, compressed too,
// and the record that waits for the run's report.
func TestResultsOfAKilledRun(t *testing.T) {
	for name, format := range forms {
		synctest.Test(t, func(t *testing.T) {
			records, start := kept(120)
			path := filepath.Join(t.TempDir(), name)
			out, err := Create(path, format, nil, "POST", report.Meta{})
			reporttest.Must(err)
			reporttest.Must(out.Take(start, records[:60]))
			reporttest.Must(out.Take(start, records[60:]))
			<-time.After(unwritten)
			synctest.Wait()
			r, err := ReadFiles([]string{path}, nil)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if r.Requests.Sent != 119 || r.Verdict.Judged() {
				t.Errorf("%s: %d of 120 records", name, r.Requests.Sent)
			}
			reporttest.Must(closing(out, nil))
			if r, err = ReadFiles([]string{path}, nil); err != nil || r.Requests.Sent != 120 {
				t.Errorf("%s, closed: %v", name, err)
			}
		})
	}
}

// What never ends is refused, and not read into memory.
func TestEndlessFilesOfResults(t *testing.T) {
	maxLine = 1 << 20
	t.Cleanup(func() { maxLine = report.MaxFile })
	for head, says := range map[string]string{
		"\x00":                         "neither",
		"1":                            "which no record is",
		`{"attack":"` + "\x01":         "which no record is",
		"planned,response_ms,outcome,": "which no record is",
	} {
		_, err := readAny(&endless{head: []byte(head)}, "endless")
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q…: %v", head, err)
		}
	}
}

// endless repeats the last byte of its head.
type endless struct {
	head []byte
	n    int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.n > 4*int64(maxLine) {
		return 0, fmt.Errorf("read on for %d bytes", e.n)
	}
	for i := range p {
		p[i] = e.head[min(e.n, int64(len(e.head)-1))]
		e.n++
	}
	return len(p), nil
}
