//go:build race

package attack

// racing says that what waits or computes for long is to be done once: the
// race detector sees the same again in each further case, for many times the time.
// Files that it leaves out measure times and cores, of which it takes most, or
// have one goroutine alone.
const racing = true

// many connections at once: the race detector would take minutes over ten
// thousand.
const many = 1_000
