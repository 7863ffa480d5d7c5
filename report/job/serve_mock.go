package job

import (
	"io"

	"brunt/attack/mock"
	"brunt/report/config"
)

// FailedError is one of what was done, not of the command line that asked for it.
type FailedError struct{ error }

// Unwrap gives what happened.
func (e *FailedError) Unwrap() error { return e.error }

// ServeMock serves the look-alike of an endpoint until it is interrupted; where it listens
// is said on tell. An error that is no *FailedError is one of the flags.
func ServeMock(flags *config.Mock, tell io.Writer) error {
	settings, err := mock.Parse(flags.Config)
	if err != nil {
		return err
	}
	ctx, stop := UntilInterrupted()
	defer stop()
	if err := mock.Serve(ctx, settings, flags.Listen, tell); err != nil {
		return &FailedError{err}
	}
	return nil
}
