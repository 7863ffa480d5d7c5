// Package join makes one result of what several workers have measured, as though one
// machine had measured it.
//
//	worker 1 ─ message ─► Accumulator.Take ─► intervals ─► timeline (finished ones stay)
//	worker 2 ─ message ─►                └──► counts (the latest of each), sums
//	                                               │
//	            Accumulator.Snapshot ◄─────────────┘  ─► Judge
//
// Counts add up, histograms add up bucket by bucket. The merged intervals run from one
// instant to the next that is a border in all timelines: where one worker has a wider
// interval, for it had stalled, the merged one is as wide. A timeline that has ended is
// in nobody's way. A histogram that came is read once, when somebody next looks: looking
// again costs next to nothing, however many workers there are.
//
// May import: attack/histogram, attack/plan, attack/result, attack/result/wire,
// payloads/setting.
package join
