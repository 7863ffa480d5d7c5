// Package text writes a report for people: as text for a terminal, and as Markdown
// for a pull request.
//
//	Report ──► headline.go       what was loaded, how, with what
//	           counts.go         requests, rates, tokens, goodput
//	           tables.go         percentiles, failures, names, slowest
//	           advice_text.go         what to do about the failures
//	           verdict_lines.go  verdict and rules, in the words of verdict_words.go
//	             └─ columns.go   tables laid out within a width
//
// Markdown is in markdown.go; checklist.go writes the findings of a check before a
// run. What a 429 means is decided in attack; it is printed by advice_text.go.
//
// May import: attack/figure, attack/result, payloads, report, report/format,
// report/rules.
package text
