package job

import (
	"errors"
	"time"

	"brunt/attack"
	"brunt/report"
)

// Repeat makes the command line's run n times, with a pause between one's end and
// the next one's beginning, and gives each run's report to publish. What publish
// says does not keep the others from being made; a run that cannot be made, or an
// interrupt, ends them all. Repeat returns what each said, and that.
func (s *Session) Repeat(n int, pause time.Duration) (errs []error) {
	interrupted := false
	publish := s.Publish
	defer func() { s.Publish = publish }()
	s.Publish = func(rep *report.Report, unwritten error) error {
		interrupted = rep.Interrupted
		return publish(rep, unwritten)
	}
	for i := range n {
		if i > 0 && !s.pause(pause) {
			return append(errs, attack.ErrInterrupted)
		}
		if err := s.Once(); err != nil {
			errs = append(errs, err)
			if errors.Is(err, attack.ErrInterrupted) || s.Source.started == i { // it could not be made
				return errs
			}
		}
		if interrupted {
			return errs
		}
	}
	return errs
}

// pause waits, and reports whether no interrupt came meanwhile or before.
func (s *Session) pause(length time.Duration) bool {
	select {
	case <-s.Interrupts:
		return false
	default:
	}
	select {
	case <-s.Interrupts:
		return false
	case <-time.After(length):
		return true
	}
}
