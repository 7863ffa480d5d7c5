package merge

import "brunt/report"

// What the tests, which use reporttest and so stand outside of this package, need
// of its inside.
var (
	AddRequests = addRequests
	NewMerger   = newMerger
)

func (m *merger) Intervals() []report.Interval { return m.intervals() }
