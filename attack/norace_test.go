//go:build !race

package attack

const racing = false

// many connections at once.
const many = 10_000
