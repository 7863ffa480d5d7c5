// Package needs says what a test needs that a machine, or a command line, may
// lack. Only tests import it. What is lacking skips a test where a person runs it
// and fails it in CI (BRUNT_CI is set), which must not pass by testing nothing.
//
// May import: nothing of brunt.
package needs
