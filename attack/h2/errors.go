package h2

import (
	"errors"
	"fmt"

	"golang.org/x/net/http2"
)

var (
	// ErrUnsent is a connection that closed before a byte of the request was
	// sent; another one may take it.
	ErrUnsent = errors.New("HTTP/2: connection closed before the request was sent")
	// ErrPlaceLost is a place that the peer took back before a byte of the request
	// was sent, by allowing fewer streams; Reserve is to be called again.
	ErrPlaceLost = errors.New("HTTP/2: the endpoint takes fewer streams now")
	// ErrNoStream is a request for which no stream was to be had in time.
	ErrNoStream = errors.New("HTTP/2: no stream within the time-out")
	// ErrTimeout is an exchange that took longer than it may.
	ErrTimeout error = timeout{}

	// ErrStalled is a body that nothing more came of for longer than it may be.
	ErrStalled = errors.New("HTTP/2: the body stalled")

	// errClosed is the error of a connection that was closed on this side.
	errClosed    = errors.New("HTTP/2: connection closed")
	errNoPreface = errors.New("the endpoint closed the connection before HTTP/2's first frame")
)

type timeout struct{}

func (timeout) Error() string   { return "HTTP/2: no complete reply within the time-out" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// ResetError is a stream that the peer reset.
type ResetError struct{ Code http2.ErrCode }

// Error implements error.
func (e *ResetError) Error() string {
	return fmt.Sprintf("stream reset by the endpoint: %s", e.Code)
}

// GoAwayError is a stream that the peer's GOAWAY ended.
type GoAwayError struct {
	Code http2.ErrCode
	// Text is what the peer said of it, often empty.
	Text string
	// Unprocessed says that the peer promised not to have acted on the request.
	Unprocessed bool
}

// Error implements error.
func (e *GoAwayError) Error() string {
	s := "connection ended by the endpoint: GOAWAY " + e.Code.String()
	if e.Text != "" {
		s += " (" + e.Text + ")"
	}
	return s
}

// MalformedError is a reply that is not HTTP/2 as its standard has it.
type MalformedError struct{ Why string }

// Error implements error.
func (e *MalformedError) Error() string { return "not a valid HTTP/2 reply: " + e.Why }

// BodyError is a request body that could not be read from its mapped file.
type BodyError struct{ Err error }

// Error implements error.
func (e *BodyError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *BodyError) Unwrap() error { return e.Err }
