// Package live is the live view: a page served while brunt runs, which shows a run
// and lets it be started, changed and stopped. It reads snapshots and sends no load
// itself; nothing waits for a page, and without one there is nothing to do.
//
//	guard ─► routes ─┬─► controller (one run at a time) ─► Start, Stop, Change, Reset
//	                 │       └─ run ─► encodedRun: its JSON, interval by interval
//	                 ├─► feed (newest state) ─► events, one stream per subscriber
//	                 ├─► metrics (Prometheus)
//	                 └─► download (report, intervals, results)
//
// Who is let in is decided in live/guard; what Prometheus reads is made in
// live/metrics.
//
// May import: attack/endpoint, attack/figure, attack/host, attack/plan, attack/result,
// payloads/file, payloads/setting, payloads/show, report, report/compare, report/config,
// report/export, report/format, report/live/guard, report/live/metrics, report/page,
// report/results, report/rules, report/saved, report/words.
package live
