package results

import (
	"errors"
	"os"
	"slices"
	"time"

	"brunt/report"
)

// closeGrace is how long the end of a file may take to be written to a pipe.
const closeGrace = 5 * time.Second

// Ending is what the end of a run's files adds to its report.
type Ending struct {
	Warnings []string
	// Kept, unless it is nil, is how many records are in a results file that could
	// not be written to its end, as far as that is known.
	Kept *uint64
	// Missing is of at least how many requests the workers that sent them have the
	// records and could not hand them in; MissingKept is how many records they had.
	Missing, MissingKept uint64
}

// Amend adds it to the report.
func (e Ending) Amend(rep *report.Report) {
	rep.Warnings = append(slices.Clone(rep.Warnings), e.Warnings...)
	if rep.Results != nil && e.Kept != nil {
		total := rep.Results.Kept + rep.Results.Dropped
		kept := min(*e.Kept, total)
		rep.Results = &report.ResultsKept{Kept: kept, Dropped: total - kept}
	}
	if rep.Results != nil && e.Missing > 0 {
		now := *rep.Results
		now.Kept -= min(now.Kept, e.MissingKept)
		now.Missing = e.Missing
		rep.Results = &now
	}
}

// Close ends the file with the run's report, unless that is nil. Where not all of
// it could be written it gives the error, and how many records were, if that is
// known. A Take that still waits for its reader is given up.
func (r *Writer) Close(rep *report.Report) (kept *uint64, err error) {
	if r == nil {
		return nil, nil
	}
	if !r.mu.TryLock() {
		r.file.Close()
		return nil, errors.New("its reader stopped reading; the records at the end are missing")
	}
	defer r.mu.Unlock()
	if r.buffer == nil || r.err == nil && r.opened != nil && r.start.IsZero() {
		return nil, r.opened.RemoveEmpty() // there is nothing to keep
	}
	if err = r.close(rep); err != nil {
		written := r.written
		kept = &written
	}
	return kept, err
}

// close is Close under the lock, where something was taken.
func (r *Writer) close(rep *report.Report) error {
	if f, ok := r.file.(*os.File); ok {
		_ = f.SetWriteDeadline(time.Now().Add(closeGrace)) // pipes only
	}
	if r.flushing != nil {
		r.flushing.Stop()
		r.flushing = nil
	}
	if r.err == nil {
		r.err = r.release(enclosed(rep))
	}
	if r.err == nil {
		r.err = r.buffer.Flush()
	}
	if r.zstd != nil {
		if err := r.zstd.Close(); r.err == nil {
			r.err = err
		}
	}
	spoilt := r.opened.Intact(r.bytes)
	if err := r.file.Close(); r.err == nil {
		r.err = err
	}
	if spoilt != nil {
		r.written = 0 // none can be relied on
		return spoilt
	}
	return r.opened.End(r.err)
}
