// Package attack makes load and measures it: the open loop (constant rate) and
// the closed loop (constant concurrency), over HTTP/1.1 or HTTP/2. Start begins a
// run; a Run gives Snapshots, takes changes of its load and can be stopped. Nothing
// here prints, and nothing here knows a flag or a name of the JSON report: what is
// wrong with a setting is a setting.FieldError.
//
//	Plan ─► schedule ─► dispatchers ─► workers ─► connections ─► endpoint
//	        (ticket →   (open loop:    │  (one request
//	         planned     one per core)  │   in flight each)
//	         instant)                   ▼
//	                          tallies (one per core)
//	                                    │ each second
//	                                    ▼
//	                     timeline ─► aggregate ─► Snapshot ─► verdict
//	                                    └─► recorder ─► Sink (with records only)
//
// Terms: a ticket is one planned request (its number, its planned instant). A slot
// is room for one request in flight; each worker has one. An Instant is a moment on
// the run's own monotonic clock; a time.Duration that says when something is counts
// from the schedule's start, or from the measured start where that is said. The
// measured start is the warm-up's end.
//
// May import: attack/cause, attack/clock, attack/endpoint, attack/figure, attack/h2,
// attack/histogram, attack/host, attack/plan, attack/spell, attack/steady, attack/stream,
// payloads, payloads/file, payloads/setting, payloads/splice.
package attack
