package live

import (
	"net/http"
	"time"
)

// deadlineWriter gives the client ioTimeout for each piece of a response: one that has
// stopped reading is dropped.
type deadlineWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func newDeadlineWriter(w http.ResponseWriter) *deadlineWriter {
	p := &deadlineWriter{w, http.NewResponseController(w)}
	p.extend() // the connection may still have an earlier request's deadline
	return p
}

func (p *deadlineWriter) extend() { _ = p.control.SetWriteDeadline(time.Now().Add(ioTimeout)) }

// Write moves the deadline.
func (p *deadlineWriter) Write(b []byte) (int, error) {
	p.extend()
	return p.ResponseWriter.Write(b)
}

// Unwrap is for response controllers.
func (p *deadlineWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }
