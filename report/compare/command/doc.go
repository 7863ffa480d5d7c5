// Package command is brunt compare: it reads the runs of both sides, compares them
// and writes the answer.
//
//	files ──results.ReadFiles──► reports ──compare.Reports──► Comparison
//	                                             └──► text, JSON, Markdown, HTML
//
// May import: report, report/compare, report/compare/show, report/config, report/merge,
// report/outfile, report/page, report/results.
package command
