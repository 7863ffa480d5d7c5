package rules

import (
	"testing"

	"brunt/report"
)

func TestOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*report.Report)
		want   Outcome
	}{
		"sound":           {func(*report.Report) {}, Outcome{}},
		"nothing planned": {func(r *report.Report) { r.Requests = report.Requests{}; r.Status = nil }, Outcome{}},
		"all not sent":    {func(r *report.Report) { r.Requests = report.Requests{Planned: 7, NotSent: 7}; r.Status = nil }, Outcome{NoReply: true}},
		"no reply":        {func(r *report.Report) { r.Status = map[int]uint64{} }, Outcome{NoReply: true}},
		"all 401 and 403": {func(r *report.Report) { r.Status = map[int]uint64{401: 3, 403: 4} }, Outcome{Denied: true}},
		"one got through": {func(r *report.Report) { r.Status = map[int]uint64{401: 3, 403: 4, 500: 1} }, Outcome{}},
		"broken":          {func(r *report.Report) { r.SLO = []report.Judgement{{Met: true}, {Met: false}, {Met: true}} }, Outcome{SLOBroken: true}},
		"held":            {func(r *report.Report) { r.SLO = []report.Judgement{{Met: true}} }, Outcome{}},
		"invalid":         {func(r *report.Report) { r.Verdict.Trust = new("none") }, Outcome{Invalid: true}},
		"lapsed":          {func(r *report.Report) { r.CredentialsExpired = true }, Outcome{CredentialsExpired: true}},
		"interrupted":     {func(r *report.Report) { r.Interrupted = true }, Outcome{Interrupted: true}},
		"ended early":     {func(r *report.Report) { r.Error = new("why") }, Outcome{EndedEarly: true}},
		"several": {func(r *report.Report) {
			r.Interrupted, r.Verdict.Trust, r.Status, r.SLO = true, new("none"), nil, []report.Judgement{{}}
		}, Outcome{NoReply: true, SLOBroken: true, Invalid: true, Interrupted: true}},
	} {
		r := &report.Report{Requests: report.Requests{Planned: 7, Sent: 7}, Status: map[int]uint64{200: 7}, Verdict: report.Verdict{Trust: new("full")}}
		c.change(r)
		if got := OutcomeOf(r); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
