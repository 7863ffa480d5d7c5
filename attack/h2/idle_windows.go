package h2

import "net"

// peek cannot look at a connection without reading from it here.
type peek struct{}

func newPeek(net.Conn) *peek { return &peek{} }

func (*peek) unread() unread { return nothing }
