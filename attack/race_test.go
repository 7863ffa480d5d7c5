//go:build race

package attack

// agreement with the closed form: the race detector makes client and server
// many times slower at opening the backlog's 2,000 connections.
const agreement = 0.1
