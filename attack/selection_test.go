package attack

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/histogram"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads"
)

// What the intervals of a stretch count is what the records of the same stretch say: by
// name, by kind of failures, and in the buckets of the response times, which is to the
// histogram's digits. Replies come far from the intervals' edges.
func TestIntervalsAreTheRecords(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-time.After(60 * time.Millisecond)
		if r.Header.Get("X-Fails") != "" {
			w.WriteHeader(503)
		}
	}))
	defer server.Close()
	set := linesSet(t, payloads.Options{}, nil,
		`{"name":"a","body":{}}`, `{"name":"b","body":{}}`, `{"name":"a","body":{},"headers":{"X-Fails":"1"}}`)
	quiet.Repeat(t, func() error {
		p := testPlan(0)
		p.Rate, p.Duration, p.Concurrency, p.Interval = mustRate(t, "8"), 3*time.Second, 100, 250*time.Millisecond
		var records []Record
		target, err := endpoint.Open(t.Context(), server.URL, endpoint.Options{}, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer target.Close()
		run, err := Start(p, Request{UserAgent: "test"}, set, target, func(_ time.Time, batch []Record) error {
			records = append(records, batch...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		<-run.Done()
		s := run.Snapshot()
		checkBooks(t, s)
		const edge = 30 * time.Millisecond
		var wrong []string
		for i := range s.Intervals {
			iv := &s.Intervals[i]
			counted := map[string]result.IntervalNamed{}
			failed, sure := uint64(0), true
			times := histogram.New()
			for _, r := range records {
				if near := (r.End - iv.At).Abs(); near < edge || (r.End-iv.At-iv.Width).Abs() < edge {
					sure = false // this machine was late: which interval it is in is not told
				}
				if r.End < iv.At || r.End >= iv.At+iv.Width {
					continue
				}
				name := s.Followed.Names[[]int{0, 1, 0}[r.Index%3]]
				n := counted[name]
				n.Sent++
				if r.Succeeded {
					n.Succeeded++
					_ = times.RecordValue(int64(r.End - r.Planned))
				} else {
					n.Failed++
					failed++
				}
				counted[name] = n
			}
			if !sure {
				continue
			}
			for _, n := range iv.Names {
				want := counted[s.Followed.Names[n.Index]]
				if n.Sent != want.Sent || n.Succeeded != want.Succeeded || n.Failed != want.Failed {
					wrong = append(wrong, fmt.Sprintf("interval at %v, %s: %+v, the records have %+v", iv.At, s.Followed.Names[n.Index], n, want))
				}
			}
			if kinds := uint64(len(iv.Kinds)); kinds > 1 || kinds == 1 && iv.Kinds[0].Count != failed || kinds == 0 && failed > 0 {
				wrong = append(wrong, fmt.Sprintf("interval at %v: %v, the records have %d failures", iv.At, iv.Kinds, failed))
			}
			if !slices.Equal(bars(iv.Response.Histogram()), bars(times)) {
				wrong = append(wrong, fmt.Sprintf("interval at %v: other response times than in the records", iv.At))
			}
		}
		if len(wrong) > 0 {
			return errors.New(strings.Join(wrong, "; "))
		}
		return nil
	})
}
