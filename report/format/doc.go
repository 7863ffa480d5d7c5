// Package format writes figures and foreign text for people: durations, rates and
// counts with as many digits as they have, rounded the same everywhere, and text
// from outside without control characters, cut or wrapped to a width.
//
//	format_numbers.go  143 ms, 1.20 s, 498.8/s, 5,000, 0.24 %
//	rounding.go        what a report's numbers are rounded to before they are stored
//	foreign_text.go    Safe, Wrap, Pad, Width
//
// May import: nothing of brunt.
package format
