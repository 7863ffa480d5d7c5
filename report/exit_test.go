package report

import "testing"

func TestOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Report)
		want   Outcome
	}{
		"sound":           {func(*Report) {}, Outcome{}},
		"nothing planned": {func(r *Report) { r.Requests = Requests{}; r.Status = nil }, Outcome{}},
		"all not sent":    {func(r *Report) { r.Requests = Requests{Planned: 7, NotSent: 7}; r.Status = nil }, Outcome{NoReply: true}},
		"no reply":        {func(r *Report) { r.Status = map[int]uint64{} }, Outcome{NoReply: true}},
		"all 401 and 403": {func(r *Report) { r.Status = map[int]uint64{401: 3, 403: 4} }, Outcome{Denied: true}},
		"one got through": {func(r *Report) { r.Status = map[int]uint64{401: 3, 403: 4, 500: 1} }, Outcome{}},
		"broken":          {func(r *Report) { r.SLO = []Judgement{{Met: true}, {Met: false}, {Met: true}} }, Outcome{SLOBroken: true}},
		"held":            {func(r *Report) { r.SLO = []Judgement{{Met: true}} }, Outcome{}},
		"invalid":         {func(r *Report) { r.Verdict.Trust = new("none") }, Outcome{Invalid: true}},
		"lapsed":          {func(r *Report) { r.Lapsed = true }, Outcome{Lapsed: true}},
		"interrupted":     {func(r *Report) { r.Interrupted = true }, Outcome{Interrupted: true}},
		"ended early":     {func(r *Report) { r.Error = new("why") }, Outcome{EndedEarly: true}},
		"several": {func(r *Report) {
			r.Interrupted, r.Verdict.Trust, r.Status, r.SLO = true, new("none"), nil, []Judgement{{}}
		}, Outcome{NoReply: true, SLOBroken: true, Invalid: true, Interrupted: true}},
	} {
		r := &Report{Requests: Requests{Planned: 7, Sent: 7}, Status: map[int]uint64{200: 7}, Verdict: Verdict{Trust: new("full")}}
		c.change(r)
		if got := r.Outcome(); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
