// Package merge makes one report of several, as though one run had sent all of it.
//
//	reports ──► merge.go            who ran, when, and how it ended
//	            merge_counts.go     counts, histograms, failures, names
//	            merge_streams.go    streams, tokens, goodput, the endpoint
//	            merge_timelines.go  intervals laid over each other
//	            merge_verdicts.go   the verdict: trusted as far as the least trusted one
//
// May import: attack/result, report, report/format, report/rules.
package merge
