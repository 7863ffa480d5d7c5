// Package export writes a report for other programs: JUnit XML for CI systems,
// HdrHistogram's log, and CSV of the intervals.
//
// May import: attack/histogram, report, report/rules, report/text.
package export
