package main

import (
	"context"
	"time"
)

// server is what clients load: nginx, or one of the harness.
type server interface {
	url(path string, tls bool) string
	// count gives its counts since it started, looks at them not included.
	count(ctx context.Context) (counts, error)
	stop()
}

// counts are a server's own. What it does not count is 0.
type counts struct {
	connections, requests uint64
	tokens                uint64
	peak                  uint64        // connections open at the same time, at most
	late                  time.Duration // its own delay of a token, at most
	cpu                   time.Duration
}

// since gives what came between two looks; what is at most is of all the time.
func (c counts) since(before counts) counts {
	c.connections -= before.connections
	c.requests -= before.requests
	c.tokens -= before.tokens
	c.cpu -= before.cpu
	return c
}
