package generate

// WriteError is what kept [Bodies] from writing bodies on.
type WriteError struct{ Err error }

// Error implements error.
func (e *WriteError) Error() string { return "bodies cannot be written: " + e.Err.Error() }

// Unwrap returns the writer's own error.
func (e *WriteError) Unwrap() error { return e.Err }
