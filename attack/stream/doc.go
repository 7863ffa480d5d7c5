// Package stream follows the events of a generated answer while they arrive: server-sent
// events, lines of JSON, or the elements of an array, in the dialects that servers of
// models speak (table in dialect.go). It finds the instants of the first and of each
// further piece of output, the token counts that the endpoint states, errors within the
// stream, why the answer ended, and whether it did.
//
//	bytes, in pieces of any size ─► lines (stream.go), elements (array.go)
//	  ─► events ─► what each says (scan*.go) ─► choices (choice.go) ─► Stream
//
// Usage does the same for the few figures of a reply that is whole.
//
// Apart from the instants nothing depends on where the pieces were split. Once its buffers
// have grown to the size of an event, a Stream allocates nothing.
//
// May import: attack/clock.
package stream
