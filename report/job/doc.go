// Package job makes runs out of what was asked for: it opens the target, the
// bodies and the results file, starts the run and closes all of it again. The
// run of the command line and those that the live view asks for are made here,
// the same way.
//
//	flags ─ Open ─► Source ─ Start ─► Job ─ Close ─► warnings for its report
//	                   │                └─ Live ─► live view
//	                   └─ Session: one command line, with its panel and page
//
// May import: attack, attack/cluster, attack/endpoint, attack/host, attack/mock,
// attack/plan, attack/result, payloads, payloads/file, report, report/config,
// report/format, report/live, report/live/guard, report/manifest, report/outfile,
// report/panel, report/results, report/rules.
package job
