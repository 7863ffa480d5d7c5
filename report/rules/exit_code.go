package rules

import (
	"strings"

	"brunt/attack/result"
	"brunt/report"
	"brunt/report/format"
)

// Outcome are the facts of a run that exit codes are chosen by. Several may
// hold at once.
type Outcome struct {
	// NoReply: requests were planned and not one complete reply came.
	NoReply bool
	// Denied: there were replies, and every one was 401 or 403.
	Denied bool
	// CredentialsExpired: the credentials expired before the run's end, and were not renewed.
	CredentialsExpired bool
	// SLOBroken: at least one rule is not met.
	SLOBroken bool
	// Invalid: the figures are not to be trusted at all.
	Invalid bool
	// Interrupted: the run was stopped before its plan was done.
	Interrupted bool
	// EndedEarly: the run ended on its own for the reason in Report.Error.
	EndedEarly bool
}

// OutcomeOf says what became of the run.
func OutcomeOf(r *report.Report) Outcome {
	var replies, denied uint64
	for status, n := range r.Status {
		replies += n
		if status == 401 || status == 403 {
			denied += n
		}
	}
	for _, e := range r.Errors {
		if result.Unexpected(e.Kind) {
			replies += e.Count
		}
	}
	o := Outcome{
		NoReply:            r.Requests.Planned > 0 && replies == 0,
		Denied:             replies > 0 && denied == replies,
		Invalid:            r.Verdict.Untrusted(),
		Interrupted:        r.Interrupted,
		EndedEarly:         r.Error != nil,
		CredentialsExpired: r.CredentialsExpired,
	}
	for _, j := range r.SLO {
		o.SLOBroken = o.SLOBroken || !j.Met
	}
	return o
}

// Exit codes of finished runs, a contract with scripts. Of several that apply
// the first of interrupted, failed, untrusted and SLO counts.
const (
	ExitFailed      = 1   // no reply came at all, all were refused, it ended early, or its credentials expired
	ExitWorse       = 3   // a rule was broken
	ExitUntrusted   = 4   // the figures are not to be trusted at all, and were to be
	ExitInterrupted = 130 // what was measured was reported
)

// Reason is one thing that a run's end has to tell the shell.
type Reason struct {
	Code int
	Why  string
}

// Exit is the process's exit code for the report, and in one line all that
// speaks for one other than 0, that of the code first. strict makes figures that
// are not to be trusted one.
func Exit(r *report.Report, strict bool) (code int, why string) {
	endings := Reasons(r, strict)
	if len(endings) == 0 {
		return 0, ""
	}
	words := make([]string, len(endings))
	for i, e := range endings {
		words[i] = e.Why
	}
	return endings[0].Code, strings.Join(words, "; ")
}

// Reasons are in the order in which they count.
func Reasons(r *report.Report, strict bool) (list []Reason) {
	o := OutcomeOf(r)
	add := func(holds bool, code int, why string) {
		if holds {
			list = append(list, Reason{code, why})
		}
	}
	add(o.Interrupted && !o.EndedEarly, ExitInterrupted, InterruptedWords(r))
	if o.EndedEarly {
		add(true, ExitFailed, "ended early: "+*r.Error)
	}
	add(o.NoReply, ExitFailed, silence(r))
	add(
		o.Denied,
		ExitFailed,
		"every reply was 401 or 403: the credentials, or their permission on the endpoint, are wrong",
	)
	add(o.CredentialsExpired, ExitFailed, "the credentials expired before the run's end and were not renewed")
	add(o.Invalid && strict, ExitUntrusted, distrust(&r.Verdict))
	for _, j := range r.SLO {
		add(!j.Met, ExitWorse, j.Rule+" broken: "+j.Reason)
	}
	return list
}

// silence says that not one reply came, and what did instead.
func silence(r *report.Report) string {
	if r.Requests.Sent == 0 {
		return "not one of the " + format.Count(r.Requests.Planned) + " requests was sent"
	}
	text := "no reply to any of the " + format.Count(r.Requests.Sent) + " requests sent"
	if len(r.Errors) > 0 {
		text += ": " + format.Safe(r.Errors[0].Message, 160)
	}
	return text
}

// distrust says in one line why the figures are not to be trusted.
func distrust(v *report.Verdict) string {
	why := "the figures are not trusted"
	switch {
	case len(v.Reasons) > 0:
		why += ": " + format.Safe(v.Reasons[0], 240)
	case v.Headline != nil:
		why += ": " + format.Safe(*v.Headline, 240)
	}
	return why
}

// InterruptedWords say what the figures of a run that was cut short are of.
func InterruptedWords(r *report.Report) string {
	return "interrupted after " + format.MS(r.PlanElapsedS*1e3) + ": figures are of what was sent until then"
}
