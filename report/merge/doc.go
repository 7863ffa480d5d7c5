// Package merge makes one report of several, as though one run had sent all of it.
//
//	reports ──► merge.go      who ran, when, and how it ended
//	            sums.go       counts, histograms, failures, names
//	            streams.go    streams, tokens, goodput, the endpoint
//	            timelines.go  intervals laid over each other
//	            trust.go      the verdict: trusted as far as the least trusted one
//
// May import: attack, report, report/format, report/rules.
package merge
