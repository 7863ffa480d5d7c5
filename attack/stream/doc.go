// Package stream follows the server-sent events of a generated answer while they arrive:
// chunks of chat and completions, and the events of agents. It finds the instants of the
// first and of each further piece of output, the token counts that the endpoint states,
// errors within the stream, and the end.
//
//	bytes, in pieces of any size ─► lines ─► events (scan.go: one per dialect) ─► Stream
//
// Apart from the instants nothing depends on where the pieces were split. Once its buffers
// have grown to the size of an event, a Stream allocates nothing.
//
// May import: attack/clock.
package stream
