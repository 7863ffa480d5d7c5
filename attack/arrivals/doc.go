// Package arrivals says when each request of an open loop is planned: a pure
// function from the request's number to its instant, the same on every machine.
//
//	request's number ── Gaps ──► position ── Curve ──► instant in ns
//	     0, 1, 2 …      (law)    in requests  (rates)
//
// A Curve is how many requests are to be planned by each instant: the integral of
// the rate, which may step and rise or fall in straight lines. Gaps says how
// requests are spread around it: by a constant rate's even gaps the position of
// request k is k; by a random law it is a sum of random gaps whose mean is 1. All
// arithmetic is in whole numbers, or in floating point that is rounded after each
// operation, so that no machine's fused instructions give another instant.
//
// May import: nothing of brunt.
package arrivals
