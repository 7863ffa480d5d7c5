// Package export writes a report for other programs: JUnit XML for CI systems,
// HdrHistogram's log, and CSV of the intervals.
//
// May import: report, report/rules, report/text, attack's result types.
package export
