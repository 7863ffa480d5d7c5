// Package histogram holds times at full precision, each kind of histogram for what is
// done with it. All have the same bounds and buckets, so that any two add up without
// loss.
//
//	request ─► Buckets (to record in and to empty) ─┬► Sketch (of an interval, a few KB)
//	stream ──► Gaps ──► Buckets                     └► New (to ask for percentiles)
//	name, model ─► Distribution (small while it has few values)
//
// May import: nothing of brunt.
package histogram
