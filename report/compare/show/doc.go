// Package show writes a comparison for people and programs.
//
//	Comparison ──► Text      for a terminal, within 80 columns
//	           ──► Markdown  for a pull request
//	           ──► JSON      {"schema":1,"comparison":{…}}, one line
//
// HTML is in report/page, which lays both runs over each other.
//
// May import: payloads/show, report/compare, report/format.
package show
