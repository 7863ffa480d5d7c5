package job

import (
	"os"
	"os/signal"
	"syscall"
)

// Interrupts begins to catch the signals that end a run: an interrupt, SIGTERM,
// and the SIGHUP of a terminal or connection that is lost, but for one that
// nohup has ignored, since such a run is to outlive it. stop lets them go.
func Interrupts() (signals chan os.Signal, stop func()) {
	signals = make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	return signals, func() { signal.Stop(signals) }
}
