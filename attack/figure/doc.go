// Package figure names the distributions of times that a run measures. Everything
// that holds one histogram or one summary for each of them is an array by Figure,
// and code that shows or merges them goes through All:
//
//	               ┌─ result.Latencies[f]        histograms of a run
//	figure.Figure ─┼─ report.Histograms[f] …     the same in a report, under its name in JSON
//	               └─ figure.Parse("first_byte") in rules: first_byte.p99<1s
//
// May import: nothing of brunt.
package figure
