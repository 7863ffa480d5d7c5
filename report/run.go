package report

import (
	"os"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/plan"
	"brunt/attack/result"
)

// Run is a run under way, or one that has ended: of this process (attack.Run), or of
// workers (cluster.Run). Its methods may be called from any goroutine.
type Run interface {
	// Snapshot is everything known of the run now; after Done, its result.
	Snapshot() *result.Snapshot
	// Change gives an open loop another rate or a closed loop another concurrency; the
	// other argument is zero.
	Change(rate vegeta.Rate, concurrency int) error
	// Last has the run last so long from its measured start on, 0 for until it is stopped.
	Last(length time.Duration) error
	// Stop ends the run before its plan does. It does not wait.
	Stop(how plan.AtEnd)
	// Obey waits for the run's end and takes interrupts meanwhile: the first drains the
	// run, the second cuts it, the third calls die.
	Obey(interrupts <-chan os.Signal, die func())
	// Done returns a channel that is closed when the run has ended.
	Done() <-chan struct{}
	// Ending returns a channel that is closed by the first stop, or when the run has
	// ended.
	Ending() <-chan struct{}
	// Plan returns the plan as it was asked for, with the bound on requests in flight
	// that follows from the defaults.
	Plan() plan.Plan
}
