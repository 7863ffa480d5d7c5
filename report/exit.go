package report

// Outcome are the facts of a run that exit codes are chosen by. Several may
// hold at once.
type Outcome struct {
	// NoReply: requests were sent and not one complete reply came.
	NoReply bool
	// Denied: there were replies, and every one was 401 or 403.
	Denied bool
	// SLOBroken: at least one rule is not met.
	SLOBroken bool
	// Invalid: brunt itself was the limit.
	Invalid bool
	// Interrupted: the run was stopped before its plan was done.
	Interrupted bool
	// EndedEarly: the run ended on its own for the reason in Report.Error.
	EndedEarly bool
}

// Outcome says what became of the run.
func (r *Report) Outcome() Outcome {
	var replies, denied uint64
	for status, n := range r.Status {
		replies += n
		if status == 401 || status == 403 {
			denied += n
		}
	}
	o := Outcome{
		NoReply:     r.Requests.Sent > 0 && replies == 0,
		Denied:      replies > 0 && denied == replies,
		Invalid:     !r.Verdict.Valid,
		Interrupted: r.Interrupted,
		EndedEarly:  r.Error != nil,
	}
	for _, j := range r.SLO {
		o.SLOBroken = o.SLOBroken || !j.Met
	}
	return o
}
