package endpoint

import "net"

// Idle looks at a connection that has not been used for a while. This system
// offers no look without waiting, so every connection passes for alive.
type Idle struct{}

// NewIdle prepares looks at conn.
func NewIdle(net.Conn) *Idle { return &Idle{} }

// Alive reports whether the peer still keeps the connection open.
func (*Idle) Alive() bool { return true }
