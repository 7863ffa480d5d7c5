// Package splice puts text of the request's own, its id, into a body while it is
// sent, so that bodies need not be parsed, copied or changed for it: where the
// text goes is found once, when files are opened, and kept in four bytes.
//
//	body ─ [Finder] ─→ [Splice] (offset, text) ─ [Find] ─→ [List], up to two
//	                                                          │ per request
//	                             [List.Length], [List.Append] ┘  no allocation
//
// A new kind of text is a [Text] with its words in around, and a [Finder] in
// [Finders]; nothing else changes.
//
// May import: payloads/file, payloads/jsonscan, payloads/setting.
package splice
