// Package live is the live view: a page served while brunt runs, on which a
// run is looked at, started, changed and stopped. It reads snapshots and sends
// no load itself; nothing in it waits for a viewer, and without one it does
// nothing at all.
//
//	guard ─► routes ─┬─► room (one run at a time) ─► Start, Stop, Change
//	                 ├─► feed (newest state) ─► events, one stream per viewer
//	                 ├─► metrics (Prometheus)
//	                 └─► download (report, intervals, results)
//
// Who is let in is decided in live/guard; what Prometheus reads is made in
// live/metrics. May import: both of them, page, the other packages of report but
// job, attack, payloads.
package live
