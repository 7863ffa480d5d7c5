package report

// Outcome are the facts of a run that exit codes are chosen by. Several may
// hold at once.
type Outcome struct {
	// NoReply: requests were planned and not one complete reply came.
	NoReply bool
	// Denied: there were replies, and every one was 401 or 403.
	Denied bool
	// Lapsed: the credentials expired before the run's end, and were not renewed.
	Lapsed bool
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
		NoReply:     r.Requests.Planned > 0 && replies == 0,
		Denied:      replies > 0 && denied == replies,
		Invalid:     !r.Verdict.Valid,
		Interrupted: r.Interrupted,
		EndedEarly:  r.Error != nil,
		Lapsed:      r.Lapsed,
	}
	for _, j := range r.SLO {
		o.SLOBroken = o.SLOBroken || !j.Met
	}
	return o
}

// Exit codes of finished runs, a contract with scripts. Of several that apply
// the first of interrupted, failed, invalid and SLO counts.
const (
	exitFailed      = 1   // no reply came at all, all were refused, it ended early, or its credentials expired
	exitSLO         = 3   // a rule was broken
	exitInvalid     = 4   // brunt was the limit, and that was not to be
	exitInterrupted = 130 // what was measured was reported
)

// ExitCode is the process's exit code for the outcome; strict makes an invalid
// run one.
func (o Outcome) ExitCode(strict bool) int {
	switch {
	case o.Interrupted && !o.EndedEarly:
		return exitInterrupted
	case o.EndedEarly, o.NoReply, o.Denied, o.Lapsed:
		return exitFailed
	case o.Invalid && strict:
		return exitInvalid
	case o.SLOBroken:
		return exitSLO
	}
	return 0
}
