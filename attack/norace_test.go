//go:build !race

package attack

const racing = false

// agreement with the closed form.
const agreement = 0.01

// many connections at once.
const many = 10_000

const streamBound = 0.01

const garbageReason = "garbage collection"
