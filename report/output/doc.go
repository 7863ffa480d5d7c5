// Package output is where a report goes: to standard output in one form, and to any number
// of files in others.
//
//	Flags ─Claim─► no two outputs in one file ─Open─► files ─Publish─► text, JSON, HTML …
//
// May import: payloads, report, report/export, report/outfile, report/page, report/text.
package output
