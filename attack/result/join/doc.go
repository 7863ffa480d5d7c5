// Package join makes one result of what several workers have measured, as though one
// machine had measured it.
//
//	worker 1 ─ message ─► Accumulator.Take ─► intervals ─► timeline (finished ones stay)
//	worker 2 ─ message ─►                └──► totals (the latest of each)
//	                                               │
//	            Accumulator.Snapshot ◄─────────────┘  ─► Judge
//
// Counts add up, histograms add up bucket by bucket. The merged intervals run from one
// instant to the next that is a border in all timelines: where one worker has a wider
// interval, for it had stalled, the merged one is as wide. A timeline that has ended is
// in nobody's way.
//
// May import: attack/figure, attack/histogram, attack/plan, attack/result,
// attack/result/wire, payloads/setting.
package join
