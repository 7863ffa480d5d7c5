// Package wire turns what a worker has measured into bytes, and back, without loss.
//
//	worker       Snapshot ─► Sender ─► message (CBOR, compressed)
//	                                      │ intervals from one on, all totals
//	coordinator  Snapshot ◄─ Receiver ◄─ Decode
//
// Each message has all totals as they are, and of the timeline only what is new. Where
// the timeline halves (neighbours are joined, the width doubles), the receiver joins
// what it has; where a last interval was joined to the one before, that is sent again.
// So messages are to be taken in their order, each once or more often.
//
// May import: attack/figure, attack/histogram, attack/result, payloads/setting.
package wire
