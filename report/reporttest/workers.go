package reporttest

import (
	"fmt"

	"brunt/report"
)

// Workers are so many of a run, from 2 on: the second was lost, the third, where there are
// four, has joined in its place, and the last, where there are three, is not quite trusted.
func Workers(n int) []report.Worker {
	list := make([]report.Worker, n)
	for i := range list {
		list[i] = report.Worker{
			Name: fmt.Sprintf("%d (host-%d)", i+1, i+1), State: "done", StartS: 0.0012*float64(i) - 0.0004, Cores: 2, CPUS: 1.5, WallS: 10,
			Planned: 1250, Sent: 1250, LatenessP99MS: new(0.21), LimitedBy: new("none"), Trust: new("full"), Reasons: []string{"brunt used 7.5 % of 2 cores"},
			ClockOffsetMS: new(-3000.25), ClockErrorMS: new(0.4),
		}
	}
	list[1].State, list[1].Sent = "running", 400
	list[1].Lost = &report.LostWorker{LastS: 3.2, Why: "it has not renewed its lease for 6 s"}
	if n > 3 { // which came in its place
		list[2].StartS, list[2].TookOver = 5.25, new(list[1].Name)
	}
	if n > 2 {
		list[n-1].Trust, list[n-1].LatenessP99MS = new("limited"), new(2.5)
		list[n-1].Reasons = []string{"up to 2 ms of the p99 response time of 65 ms may be brunt's own delay"}
	}
	return list
}

// divided is a run of more workers than have a row.
func divided() *report.Report {
	r := Healthy.Report()
	r.Client.Workers = Workers(12)
	r.Results = &report.ResultsKept{Kept: r.Requests.Sent - 400, Missing: 400}
	return r
}
