//go:build !race

package attack

// agreement with the closed form.
const agreement = 0.01
