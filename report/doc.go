// Package report holds what was measured. Report is the one structure that every
// output is made from: From builds it out of a snapshot of a run, Read takes it
// back from a JSON file, and Check says whether its figures agree with each other.
// Nothing here times, sends, judges or prints anything.
//
//	result.Snapshot ──From, Follower──► Report ──JSON──► file ──Read──► Report
//	                                      │
//	        ┌──────────┬──────────┬───────┴──┬───────────┐
//	      rules       text      merge     results      export
//	      judge       print     add up    records,     JUnit, HDR log,
//	      by SLOs               reports   rebuild      CSV
//
// Where to look: a percentile is made in summary.go, a rate in rates.go, counts of
// streams and tokens in streams.go, what is held by figure (attack/figure) in
// latency_figures.go, what an endpoint needs in endpoint_sizing.go. Within report/ references run one
// way:
//
//	format ◄── report ◄── rules ◄── text, merge ◄── results, export
//
// May import: attack/arrivals, attack/cause, attack/endpoint, attack/figure,
// attack/histogram, attack/plan, attack/result, attack/steady, attack/stream, payloads,
// payloads/setting, payloads/show, report/format, report/words.
package report
