// Package causetest has replies that fail, and what is to be made of each, for tests of
// what they are sorted under and of runs that meet them.
//
// May import: nothing of brunt.
package causetest
