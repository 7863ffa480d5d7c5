// Package show puts values into messages and output for people: excerpts of
// wrong values, counts with commas, and JSON and text without characters that a
// terminal would act on.
//
// May import: nothing of brunt.
package show
