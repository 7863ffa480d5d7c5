// Package wire turns what a worker has measured into bytes, and back, without loss.
//
//	worker       Snapshot ─► Sender ─► message (CBOR, compressed)
//	                                      │ intervals from one on, all counts,
//	                                      │ what was added to distributions
//	coordinator  Snapshot ◄─ Receiver ◄─ Decode
//
// Each message has all counts as they are. Of the timeline, and of the distributions that
// grow from the run's start on, it has what is new since the last message that is known to
// have arrived: so it stays as small as what happened meanwhile, however long the run
// lasts. Where the timeline halves (neighbours are joined, the width doubles), the receiver
// joins what it has; where a last interval was joined to the one before, that is sent
// again. So messages are to be taken in their order, each once or more often.
//
// May import: attack/figure, attack/histogram, attack/result, payloads/setting.
package wire
