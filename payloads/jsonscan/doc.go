// Package jsonscan walks JSON text where it lies, without decoding it.
//
//	[Valid] ─ no ─→ [LineFault], [Fault]   why, and at which offset
//	   │ yes
//	   ├→ [EachMember], [EachElement], [Member]   raw values and their offsets
//	   └→ [Unquote]                               the text of a string
//
// It accepts what RFC 8259 allows and nothing else, and is about three times as
// fast as jsontext on numbers and text. What it refuses goes to jsontext, which
// says why. The functions named Skip return where a value ends, or -1.
//
// attack/stream does not use it, on purpose: what it reads may be cut off, and may
// hold NaN or Infinity, which Python servers write and RFC 8259 does not have; it
// has to find token counts in both.
//
// May import: nothing of brunt.
package jsonscan
