//go:build race

package attack

// racing says that what waits or computes for long is to be done once: the
// race detector sees the same again in each further case, for many times the time.
const racing = true

// agreement with the closed form: the race detector makes client and server
// many times slower at opening the backlog's 2,000 connections.
const agreement = 0.1

// many connections at once: the race detector would take minutes over ten
// thousand.
const many = 1_000

// streamBound is how far stream figures may be from the server's own: the race
// detector's pauses are a part of runs of two seconds.
const streamBound = 0.05

// garbageReason is what is said of a client that collects garbage all the while:
// what the race detector costs may hide the collection's share.
const garbageReason = "over 10 ms late"
