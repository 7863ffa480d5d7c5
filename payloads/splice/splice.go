package splice

import (
	"brunt/payloads/file"
	"brunt/payloads/setting"
)

// maxSplices is how many a body may have.
const maxSplices = 2

// Splice is a place in a body at which text is put in while it is sent.
type Splice struct {
	At   uint32 // offset in the body of what is to follow the text
	Text Text
}

// Text says what is put in: the request's id, with what stands around it.
type Text uint8

// The texts. A kind that is added here needs a line in around, and a
// [Finder] that finds its places.
const (
	// NoText is no splice.
	NoText Text = iota
	// NonceText is the id and a blank, at the beginning of a string.
	NonceText
	// ClientIDText is a key and the id, before the other members of an object.
	ClientIDText
	// LoneClientIDText is the same for an object that has none.
	LoneClientIDText
)

// around is what stands before and behind the id, which is made of letters,
// digits and hyphens.
var around = [...]struct{ before, after string }{
	NoText:    {},
	NonceText: {"", " "},

	ClientIDText:     {`"` + clientIDKey + `":"`, `",`},
	LoneClientIDText: {`"` + clientIDKey + `":"`, `"`},
}

// Length returns how many bytes a body has once the id is in its splices.
func (s List) Length(body, id []byte) int {
	n := len(body)
	for _, one := range s.list() {
		if one.Text != NoText {
			n += len(around[one.Text].before) + len(id) + len(around[one.Text].after)
		}
	}
	return n
}

// Append appends a body up to the text of its last splice, with the id in all
// of them, and returns what is left of it, which may be long and needs no copy.
func (s List) Append(out, body, id []byte) (longer, rest []byte) {
	done := 0
	for _, one := range s.list() {
		if one.Text == NoText {
			break
		}
		out = append(out, body[done:one.At]...)
		out = append(out, around[one.Text].before...)
		out = append(out, id...)
		out = append(out, around[one.Text].after...)
		done = int(one.At)
	}
	return out, body[done:]
}

// Finder finds the place of one kind of splice in a body known to be sound,
// or says why it has none. NoText, with nothing said, leaves the body alone.
type Finder func(body []byte) (s Splice, what setting.Text)

// Finders are those for the options that a run has set, at most maxSplices.
func Finders(unique, clientID bool) (list []Finder) {
	if unique {
		list = append(list, nonceSplice)
	}
	if clientID {
		list = append(list, clientIDSplice)
	}
	return list
}

// List are up to two of them, in the order of their offsets, each in 32 bits:
// the first one below, its text above its offset. Zero is none.
type List uint64

const spliceBits = 32

// list takes them apart; those whose Text is NoText are none.
func (s List) list() (list [maxSplices]Splice) {
	for i := range list {
		list[i] = Splice{At: uint32(s & file.MaxBody), Text: Text(uint32(s) >> file.LengthBits)}
		s >>= spliceBits
	}
	return list
}

// with adds a splice, at an offset of its own.
func (s List) with(added Splice) List {
	if added.Text == NoText {
		return s
	}
	kept := List(added.Text)<<file.LengthBits | List(added.At)
	if s == 0 || added.At < s.list()[0].At {
		return s<<spliceBits | kept
	}
	return kept<<spliceBits | s
}

// Find asks each splicer for its place in a body.
func Find(list []Finder, body []byte) (found List, what setting.Text) {
	for _, find := range list {
		s, what := find(body)
		if !what.Empty() {
			return 0, what
		}
		found = found.with(s)
	}
	return found, setting.Text{}
}
