// Package metrics serves a run's figures to Prometheus, at /metrics.
//
//	GET /metrics ─► collector ─► Source: the newest snapshot, and what is asked for
//	                    │
//	                    └─► counters, gauges, histograms with both kinds of buckets
//
// Nothing is kept between two scrapes: a counter is the snapshot's, and begins anew
// with each run, which Prometheus takes for what it is.
//
// May import: attack/figure, attack/result, report.
package metrics
