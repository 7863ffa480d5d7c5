// Package result is all that is known of a run, and what is made of it: pure values, of
// which every output is made. Functions elsewhere fill a Snapshot; Judge reads one and
// the plan, and nothing else.
//
//	Counts, Window, Latencies ─┐
//	Failure, Named, Interval ──┼─► Snapshot ─► Judge ─► Verdict
//	Client, Delays, Silence ───┘                ▲
//	                                  plan.Plan ┘
//
// The rules of the verdict are in verdict.go; the questions that it puts one after the
// other are in the files beside it.
//
// May import: attack/cause, attack/endpoint, attack/figure, attack/histogram,
// attack/plan, attack/spell, attack/stream, payloads/setting.
package result
