package job

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// quits are SIGQUITs while there is no run to report on.
var quits = make(chan os.Signal, 1)

// Withstand has the process outlive the signals of what is lost around it: of a
// pipe's reader, a file's last permitted byte or the foreground of a terminal.
// A failed write then tells of each. SIGQUIT calls die instead of printing what
// every goroutine does, as long as no run catches it; SIGABRT does that still.
func Withstand(die func()) {
	signal.Ignore(withstood...)
	signal.Notify(quits, syscall.SIGQUIT)
	go func() {
		<-quits
		die()
	}()
}

// Interrupts begins to catch the signals that end a run: an interrupt, SIGTERM,
// SIGQUIT, which cuts a run that it stops, the SIGXCPU of a limit on CPU time,
// and the SIGHUP of a terminal or connection that is lost, but for one that
// nohup has ignored, since such a run is to outlive it. stop lets them go.
func Interrupts() (signals chan os.Signal, stop func()) {
	signals = make(chan os.Signal, 3)
	signal.Notify(signals, append([]os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT}, exhausted...)...)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Stop(quits)
	return signals, func() {
		signal.Notify(quits, syscall.SIGQUIT)
		signal.Stop(signals)
	}
}

// UntilInterrupted is a context that the first of these signals ends.
func UntilInterrupted() (ctx context.Context, stop func()) {
	signals, release := Interrupts()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel()
		release()
	}
}
