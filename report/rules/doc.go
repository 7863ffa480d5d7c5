// Package rules judges a report: the grammar of service level objectives (SLOs),
// their outcome on a report's figures, the bounds that they set for goodput, and
// the exit code that follows.
//
//	"p99<200ms" ──Parse──► Rule ──Judge──► Judgement in Report.SLO ──Exit──► code
//	                        └──Bounds──► plan.Bounds, for goodput
//
// A new figure for rules: its name in rule_grammar.go, its value in judge_rules.go.
//
// May import: attack/figure, attack/plan, attack/result, payloads/regex, report,
// report/format.
package rules
