package result

import (
	"fmt"
	"strings"
	"time"

	"brunt/attack/plan"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

// Worker is one of the machines, or processes, that sent a run's requests together.
type Worker struct {
	Name  string
	State State
	At    time.Duration // of its measured start, since the run's
	// ClockOffset is how far its clock is ahead of the coordinator's, and ClockError by how
	// much that can be wrong, as At can then; ClockError is 0 where nothing is known.
	ClockOffset, ClockError time.Duration
	Planned                 uint64
	Sent                    uint64
	Failed                  uint64
	Kept                    uint64 // records of them that its file has
	// LatenessP99 is that of the requests that found a slot free; 0 without any.
	LatenessP99 time.Duration
	Client      Client
	// LimitedBy, Trust, Error and Reasons are its own verdict's; Trust is empty where it
	// has not reported anything.
	LimitedBy, Trust string
	Error            time.Duration
	Reasons          []string
	Lost             *Lost   // nil where it was not
	Joined           *Joined // nil where it was there from the start
}

// Joined is how a worker came to a run that was under way, in place of another one.
type Joined struct {
	At time.Duration // since the run's measured start
	Of string        // the worker whose share it took over; empty where it took none
}

// Lost is how a run's worker was lost.
type Lost struct {
	// PlannedUnknown are its requests planned after its last report and before they were
	// handed on: they may have been sent.
	PlannedUnknown uint64
	// Since is its last report, and Until when its requests were handed on, or the run's
	// end: both since the run's measured start.
	Since, Until time.Duration
	Why          string // a clause: "it has not reported for 10 s"
}

// OwnLateness is the quantile of the lateness of the requests that found a slot free.
func (l *Latencies) OwnLateness(q float64) time.Duration { return time.Duration(l.ownLateness(q)) }

// maxNamed is how many workers are told of one by one.
const maxNamed = 5

// grades are the degrees of trust, the best first.
var grades = []string{TrustFull, TrustLimited, TrustNone}

func gradeOf(trust string) int {
	for i, grade := range grades {
		if grade == trust {
			return i
		}
	}
	return 0
}

// judgeWorkers adds to the verdict what single workers say: the figures are trusted no
// further than the least trusted one's, and those that were lost are named.
func (v *Verdict) judgeWorkers(s *Snapshot, p *plan.Plan) {
	reasons, behind := v.doubtfulWorkers(s)
	if unknown := share(s.Counts.Unknown(), s.Counts.Planned); unknown >= noticeableShare {
		if gradeOf(v.Trust) < gradeOf(TrustLimited) {
			v.Trust = TrustLimited
		}
		reasons = append(reasons, fmt.Sprintf("of %s of the planned requests nobody knows what became of them", spell.Percent(unknown)))
	}
	v.Reasons = append(reasons, v.Reasons...)
	if len(behind) > 0 && (v.LimitedBy != LimitClient || len(behind) < len(s.Workers)) {
		v.Notes = append(v.Notes, setting.Plain(namedWorkers(behind)+" did not make the load as planned"))
	}
	if one := s.failedAtOne(); one != "" {
		v.Notes = append(v.Notes, setting.Plain(one))
	}
	if apart := s.apart(); apart != "" {
		v.Notes = append(v.Notes, setting.Plain(apart))
	}
	v.nameLost(s, p)
	v.nameJoined(s)
}

// doubtfulWorkers lowers the trust to the least trusted worker's and gives the reasons of
// those that are not trusted in full, unless each of them is trusted as far as the whole:
// then only of one that is far worse than the others. behind are those that were the limit.
func (v *Verdict) doubtfulWorkers(s *Snapshot) (reasons, behind []string) {
	whole, told, doubtful := gradeOf(v.Trust), 0, 0
	alike := true
	for i := range s.Workers {
		w := &s.Workers[i]
		if w.LimitedBy == LimitClient {
			behind = append(behind, w.Name)
		}
		grade := gradeOf(w.Trust)
		alike = alike && grade > 0 && grade == whole
		if grade == 0 || len(w.Reasons) == 0 {
			continue
		}
		if grade > gradeOf(v.Trust) {
			v.Trust = w.Trust
		}
		v.Error = max(v.Error, w.Error)
		if doubtful++; doubtful > maxNamed {
			continue
		}
		told++
		reasons = append(reasons, w.doubts())
	}
	if alike {
		return worstWorker(s.Workers), behind
	}
	if more := doubtful - told; more > 0 {
		reasons = append(reasons, fmt.Sprintf("so it is with %s more", spell.Counted(uint64(more), "worker")))
	}
	return reasons, behind
}

const (
	// oneShare is the share of all failures from which they are one worker's, and
	// beyondItsShare how many times its share of the requests that must be at the least.
	oneShare, beyondItsShare = 0.9, 1.5
)

// failedAtOne names the worker of many whose requests nearly all failures are, where there
// are enough of them to be told of; empty where there is none.
func (s *Snapshot) failedAtOne() string {
	if share(s.Counts.Failed, s.Counts.Sent) < noticeableShare {
		return ""
	}
	for i := range s.Workers {
		w := &s.Workers[i]
		of := share(w.Failed, s.Counts.Failed)
		if of >= oneShare && of >= beyondItsShare*share(w.Sent, s.Counts.Sent) {
			return spell.Percent(of) + " of the failed requests were sent by worker " + w.Name
		}
	}
	return ""
}

// maxApart is how far from each other the workers of a run may begin, as far as their
// clocks tell, without that being said: most times of a request are longer.
const maxApart = 10 * time.Millisecond

// apart says by how much workers may have begun before or after the others, where that is
// more than maxApart; empty where it is not.
func (s *Snapshot) apart() string {
	var names []string
	most := maxApart
	for i := range s.Workers {
		w := &s.Workers[i]
		if off := w.At.Abs() + w.ClockError; off > maxApart && w.Sent > 0 && w.Joined == nil {
			names, most = append(names, w.Name), max(most, off)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return namedWorkers(names) + " may have begun up to " + spell.Span(most) + " before or after the run did, as far as the clocks tell"
}

// worstWorker gives the reasons of the one whose figures may be off by more than twice as
// much as any other's; nothing where there is none.
func worstWorker(list []Worker) []string {
	var worst *Worker
	second := time.Duration(0)
	for i := range list {
		switch w := &list[i]; {
		case worst == nil || w.Error > worst.Error:
			if worst != nil {
				second = worst.Error
			}
			worst = w
		default:
			second = max(second, w.Error)
		}
	}
	if len(list) < 2 || len(worst.Reasons) == 0 || worst.Error <= 2*second {
		return nil
	}
	return []string{worst.doubts()}
}

// doubts are the reasons why the worker's figures are not trusted in full.
func (w *Worker) doubts() string {
	own := w.Reasons
	if len(own) > 1 {
		own = own[:len(own)-1] // the last one is what it took of its machine
	}
	return "worker " + w.Name + ": " + strings.Join(own, "; ")
}

// nameJoined says in the notes which workers came when the run was under way.
func (v *Verdict) nameJoined(s *Snapshot) {
	told := 0
	for i := range s.Workers {
		w := &s.Workers[i]
		if w.Joined == nil || w.Joined.Of == "" {
			continue
		}
		if told++; told <= maxNamed {
			v.Notes = append(v.Notes, setting.Plain("worker "+w.Name+" joined at "+spell.Span(w.Joined.At.Round(100*time.Millisecond))+" and took over the share of worker "+w.Joined.Of))
		}
	}
	if more := told - maxNamed; more > 0 {
		v.Notes = append(v.Notes, setting.Plain(spell.Counted(uint64(more), "more worker")+" joined on the way"))
	}
}

// nameLost says in the headline, the short form and the notes which workers were lost.
func (v *Verdict) nameLost(s *Snapshot, p *plan.Plan) {
	var names []string
	first := time.Duration(-1)
	for i := range s.Workers {
		w := &s.Workers[i]
		if w.Lost == nil {
			continue
		}
		names = append(names, w.Name)
		if first < 0 || w.Lost.Since < first {
			first = w.Lost.Since
		}
		if len(names) <= maxNamed {
			v.Notes = append(v.Notes, setting.Plain(w.lostWords()))
		}
	}
	if len(names) == 0 {
		return
	}
	verb := " was lost"
	if len(names) > 1 {
		verb = " were lost"
	}
	v.Headline = v.Headline.Plus("; " + namedWorkers(names) + verb + " on the way")
	v.Brief = v.Brief.Plus("; " + namedWorkers(names) + verb + " at " + clockTime(first))
	if n := s.Counts.Unknown(); n > 0 {
		v.Notes = append(v.Notes, setting.Plain(unknownWords(&s.Counts)))
	}
	if !p.Open() && p.Requests == 0 {
		v.Notes = append(v.Notes, setting.Plain("what a lost worker sent after its last report is counted nowhere: without a rate nothing says how much that was"))
	}
}

// lostWords say when and why the worker was lost.
func (w *Worker) lostWords() string {
	when := "worker " + w.Name + " was lost before it reported anything"
	if w.Trust != "" || w.Sent > 0 {
		when = "worker " + w.Name + " was lost: its last report is of " + spell.Span(w.Lost.Since) + " into the run"
	}
	if w.Lost.Why != "" {
		when += " (" + w.Lost.Why + ")"
	}
	return when
}

// unknownWords say of how many requests what is not known.
func unknownWords(c *Counts) string {
	var parts []string
	if c.UnknownSent > 0 {
		parts = append(parts, "what became of "+spell.Counted(c.UnknownSent, "request")+" that had been sent")
	}
	if c.UnknownPlanned > 0 {
		parts = append(parts, "whether "+spell.Counted(c.UnknownPlanned, "planned request")+" reached the endpoint")
	}
	return "it is not known " + strings.Join(parts, ", nor ")
}

// namedWorkers are the first of them, by name, and how many others there are.
func namedWorkers(names []string) string {
	switch n := len(names); {
	case n == 1:
		return "worker " + names[0]
	case n > maxNamed:
		return fmt.Sprintf("workers %s and %d more", strings.Join(names[:maxNamed], ", "), n-maxNamed)
	default:
		return "workers " + strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}
