// Package quiet is for tests of times. Their figures hold only where the machine gives the
// processes of the test their cores, so a test finds out whether it did, and repeats what it
// measured where it did not. Only tests import it.
//
// May import: payloads/needs.
package quiet
