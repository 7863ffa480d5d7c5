// Package http1 parses replies of HTTP/1.1 (RFC 9112) as they come, in pieces of any
// size: nothing here reads, waits or keeps a body.
//
//	bytes ─► Parser.Next ─► Piece   which part of the reply they were
//	end   ─► Parser.End  ─► whether the reply is whole by it
//
// May import: attack/cause, attack/spell.
package http1
