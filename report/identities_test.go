//go:build !race

// The race detector sees nothing in one goroutine, and takes many times as long.

package report_test

import (
	"strings"
	"testing"

	"brunt/attack/figure"
	"brunt/attack/result"
	"brunt/payloads/needs"
	"brunt/report"
	"brunt/report/reporttest"
)

// Each figure of a sound report, changed alone, breaks an identity that the
// error names.
func TestCheckNotices(t *testing.T) {
	needs.Time(t)
	for name, c := range map[string]struct {
		change func(*report.Report)
		want   string
	}{
		"planned":        {func(r *report.Report) { r.Requests.Planned++ }, "planned"},
		"sent":           {func(r *report.Report) { r.Requests.Sent-- }, "planned"},
		"not sent":       {func(r *report.Report) { r.Requests.NotSent++; r.Requests.Planned++ }, "not_sent (731)"},
		"no slot":        {func(r *report.Report) { r.Requests.NotSentReason.NoSlot-- }, "no_slot"},
		"stopped":        {func(r *report.Report) { r.Requests.NotSentReason.Stopped++ }, "stopped"},
		"skipped":        {func(r *report.Report) { r.Requests.NotSentReason.Skipped++ }, "skipped"},
		"succeeded":      {func(r *report.Report) { r.Requests.Succeeded++ }, "sent"},
		"failed":         {func(r *report.Report) { r.Requests.Failed++ }, "sent"},
		"cut off":        {func(r *report.Report) { r.Requests.CutOff++ }, "cut_off"},
		"in flight":      {func(r *report.Report) { r.Requests.InFlight++; r.Requests.CutOff-- }, "in_flight"},
		"status":         {func(r *report.Report) { r.Status[200]++ }, "status counts"},
		"new status":     {func(r *report.Report) { r.Status[302] = 1 }, "status counts"},
		"error count":    {func(r *report.Report) { r.Errors[0].Count++ }, "replies with it"},
		"error lost":     {func(r *report.Report) { r.Errors = r.Errors[1:] }, "sum of errors"},
		"resets":         {func(r *report.Report) { r.Errors[2].Count++ }, "errors without a status"},
		"status of none": {func(r *report.Report) { r.Errors[2].Status = new(200) }, "status counts"},
		"interval":       {func(r *report.Report) { r.Intervals[3].Succeeded++ }, "succeeded of all intervals"},
		"interval plan":  {func(r *report.Report) { r.Intervals[3].Planned-- }, "planned of all intervals"},
		"interval sent":  {func(r *report.Report) { r.Intervals[3].Sent-- }, "sent of all intervals"},
		"interval fail":  {func(r *report.Report) { r.Intervals[3].Failed++ }, "failed of all intervals"},
		"interval cut":   {func(r *report.Report) { r.Intervals[3].CutOff++ }, "cut_off of all intervals"},
		"interval bytes": {func(r *report.Report) { r.Intervals[3].BytesIn++ }, "bytes_in of all intervals"},
		"interval out":   {func(r *report.Report) { r.Intervals[3].BytesOut++ }, "bytes_out of all intervals"},
		"interval lost":  {func(r *report.Report) { r.Intervals = r.Intervals[1:] }, "of all intervals"},
		"response":       {func(r *report.Report) { reporttest.Must(r.Histograms[figure.Response].RecordValue(5)) }, "samples of response"},
		"service":        {func(r *report.Report) { reporttest.Must(r.Histograms[figure.Service].RecordValue(5)) }, "samples of service"},
		"first byte":     {func(r *report.Report) { reporttest.Must(r.Histograms[figure.FirstByte].RecordValue(5)) }, "samples of first_byte"},
		"failed times":   {func(r *report.Report) { reporttest.Must(r.Histograms[figure.Failed].RecordValue(5)) }, "samples of failed"},
		"lateness":       {func(r *report.Report) { reporttest.Must(r.Histograms[figure.Lateness].RecordValue(5)) }, "samples of lateness"},
		"p99":            {func(r *report.Report) { *r.LatencyMS[figure.Response].P99 *= 0.99 }, "latency_ms.response.p99"},
		"service p50":    {func(r *report.Report) { *r.LatencyMS[figure.Service].P50 *= 1.01 }, "latency_ms.service.p50"},
		"lateness max":   {func(r *report.Report) { *r.LatenessMS.Max = 0 }, "lateness_ms.max"},
		"count":          {func(r *report.Report) { r.LatencyMS[figure.Failed].Count++ }, "latency_ms.failed.count"},
		"connect":        {func(r *report.Report) { reporttest.Must(r.Histograms[figure.Connect].RecordValue(5)) }, "samples of connect"},
		"mean lost":      {func(r *report.Report) { r.LatencyMS[figure.FirstByte].Mean = nil }, "latency_ms.first_byte.mean (null)"},
		"too few":        {func(r *report.Report) { r.LatencyMS[figure.Connect].P9999 = new(0.3) }, "too few samples (200)"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reporttest.Failing()
			if err := r.Check(); err != nil {
				t.Fatal(err)
			}
			c.change(r)
			err := r.Check()
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
}

func TestCheckNames(t *testing.T) {
	for want, change := range map[string]func(*report.Named){
		"sent (":              func(n *report.Named) { n.Requests.Sent++ },
		"samples of response": func(n *report.Named) { n.Histograms.Response.Record(5) },
		"samples of service":  func(n *report.Named) { n.Histograms.Service.Record(5) },
		"response.p50":        func(n *report.Named) { *n.LatencyMS.Response.P50 = 1 },
		"service.max":         func(n *report.Named) { *n.LatencyMS.Service.Max = 1 },
		"sent of all names":   func(n *report.Named) { n.Requests.Sent += 1e6; n.Requests.CutOff += 1e6 },
	} {
		r := reporttest.Named()
		change(&r.Names[1])
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// A request that the accounting lost is not passed off as in flight, and the
// figures of a run in progress are all of one moment.
func TestCheckInFlight(t *testing.T) {
	sc := reporttest.Scene{Seed: 8, Rate: 500, Slots: 40, N: 1600, Median: 21e6, Spread: 0.25, CutOff: 11, InProgress: true}
	s := sc.Snapshot()
	s.Counts.Planned += 40 // tickets that wait for a slot
	s.Intervals[0].Planned += 40
	if r := report.From(sc.Meta(), s); r.Requests.InFlight != 11 || r.Check() != nil {
		t.Errorf("in flight %d, %v", r.Requests.InFlight, r.Check())
	}
	for want, change := range map[string]func(s *result.Snapshot){
		"sent + not_sent":   func(s *result.Snapshot) { s.Counts.Planned -= 50; s.Intervals[0].Planned -= 50 },
		"status counts":     func(s *result.Snapshot) { s.Status[200] += 3 },
		"of all intervals":  func(s *result.Snapshot) { s.Intervals = s.Intervals[:2] },
		"sent of all inter": func(s *result.Snapshot) { s.Intervals[0].Sent++ },
		"samples of late":   func(s *result.Snapshot) { reporttest.Must(s.Latencies[figure.Lateness].RecordValue(5)) },
	} {
		s := sc.Snapshot()
		change(s)
		if err := report.From(sc.Meta(), s).Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	s = sc.Snapshot()
	s.State = result.Done
	if err := report.From(sc.Meta(), s).Check(); err == nil || !strings.Contains(err.Error(), "sent (1600)") {
		t.Errorf("11 requests lost: %v", err)
	}
}
