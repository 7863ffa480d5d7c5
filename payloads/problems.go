package payloads

import (
	"fmt"
)

// problemList collects problems in the order of files and lines: the first ones
// up to the limit; of the others it only counts how many there are.
type problemList struct {
	limit    int
	problems []error
	more     int
}

func (l *problemList) add(err error) {
	if len(l.problems) < l.limit {
		l.problems = append(l.problems, err)
		return
	}
	l.more++
}

// first returns the first problem, saying how many more there are.
func (l *problemList) first() error {
	if len(l.problems) == 0 {
		return nil
	}
	more := l.more + len(l.problems) - 1
	if more == 0 {
		return l.problems[0]
	}
	return fmt.Errorf("%w (%d more: brunt payloads check lists them)", l.problems[0], more)
}
