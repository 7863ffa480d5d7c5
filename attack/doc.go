// Package attack makes load and measures it: the open loop (constant rate) and
// the closed loop (constant concurrency), over HTTP/1.1 or HTTP/2. Start begins a
// run; a Run gives Snapshots, takes changes of its load and can be stopped. Nothing
// here prints, and nothing here knows a flag or a name of the JSON report: what is
// wrong with a setting is a setting.FieldError.
//
//	plan.Plan ─► plan.Schedule ─► loops ─► slots ─► connections ─► endpoint
//	             (ticket →        (one per   (one request
//	              planned          core)      in flight each)
//	              instant)           ▼
//	                              tallies (the loops' own)
//	                                 │ each second
//	                                 ▼
//	                  timeline ─► aggregate ─► result.Snapshot ─► result.Judge
//	                                 └─► recorder ─► Sink (with records only)
//
// A loop waits for what its poller knows: the next due instant, or the next ready
// connection. A slot's way: begin → open, or send → readable → complete → conclude →
// goOn. Where a reply is timed: connection.read.
//
// Several runs, on several machines, can send one plan: each has its plan.Share of the
// tickets, and all that is agreed on between them is an instant of the one schedule (the
// start, the warm-up's end, a change, the share of a run that was lost, one that joins).
//
// Terms: a ticket is one planned request (its number, its planned instant). A slot
// is room for one request in flight. An Instant is a moment on
// the run's own monotonic clock; a time.Duration that says when something is counts
// from the schedule's start, or from the measured start where that is said. The
// measured start is the warm-up's end.
//
// May import: attack/cause, attack/clock, attack/endpoint, attack/expect,
// attack/figure, attack/h2, attack/histogram, attack/host, attack/http1, attack/plan,
// attack/poll, attack/result, attack/spell, attack/steady, attack/stream, payloads,
// payloads/compose, payloads/file, payloads/regex, payloads/setting, payloads/splice.
package attack
