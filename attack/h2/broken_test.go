package h2

import "testing"

// TestPumpEndsWithTheConnection: once a write has met the end, no more of a body is
// taken, nor counted as sent.
func TestPumpEndsWithTheConnection(t *testing.T) {
	c := &Conn{window: 1 << 20, broken: true}
	s := &Stream{window: 1 << 20, unsent: make([]byte, 1<<20)}
	c.uploads = []*Stream{s}
	if _, _, ok := c.nextPiece(); ok || len(s.unsent) != 1<<20 {
		t.Errorf("a piece was taken: %d bytes are left", len(s.unsent))
	}
}
