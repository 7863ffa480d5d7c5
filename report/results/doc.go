// Package results keeps one record per request in a file, and reads files back: a
// results file becomes a report again, with the report that its last record holds.
//
//	attack.Record ──Writer──► gob, CSV, NDJSON (vegeta's) or CSV with a header
//	                             │  the last record holds the run's report
//	Report ◄──ReadFiles──────────┘  else it is rebuilt from the records
//
// A file that was cut off is read as far as it is whole (cut_short.go).
//
// May import: attack, attack/figure, attack/histogram, attack/result, payloads,
// payloads/regex, payloads/setting, report, report/format, report/merge,
// report/outfile, report/saved.
package results
