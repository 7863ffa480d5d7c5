package shape

import (
	"math/bits"

	"brunt/payloads/jsonscan"
)

// Kind is the shape of a body, by the keys at its top: those that model
// serving knows, or one of the others.
type Kind string

// The kinds. The command payloads make writes the first four.
const (
	DataframeSplit   Kind = "dataframe_split"
	DataframeRecords Kind = "dataframe_records"
	Instances        Kind = "instances"
	Inputs           Kind = "inputs"
	Messages         Kind = "messages"
	Prompt           Kind = "prompt"
	Input            Kind = "input"
	OtherObject      Kind = "other object"
	Array            Kind = "array"
	OtherValue       Kind = "other value"
)

// Kinds lists all of them. An object with the keys of several is of the first
// one, whatever the order of its keys.
var Kinds = [...]Kind{
	DataframeSplit, DataframeRecords, Instances, Inputs, Messages, Prompt, Input, OtherObject, Array, OtherValue,
}

// Places in kinds.
const (
	MessagesPlace = 4 + iota
	_             // prompt
	_             // input
	otherObjectPlace
	arrayPlace
	otherValuePlace
)

// Reader finds the kinds of bodies known to be sound. It looks at the
// keys at their top only, and makes nothing of their values.
type Reader struct {
	keys   uint // bits of the kinds whose key was seen
	stream bool // the key stream says true
}

// Place returns the kind of a body as its place in kinds, and if it asks for
// a stream.
func (r *Reader) Place(body []byte) (place int, stream bool) {
	start := jsonscan.SkipSpace(body, 0)
	switch {
	case jsonscan.IsAt(body, start, '['):
		return arrayPlace, false
	case !jsonscan.IsAt(body, start, '{'):
		return otherValuePlace, false
	}
	r.keys, r.stream = 1<<otherObjectPlace, false
	jsonscan.EachMember(body, start, 1, r.member)
	return bits.TrailingZeros(r.keys), r.stream
}

func (r *Reader) member(rawKey, value []byte, _ int) string {
	key, _ := jsonscan.Unquote(rawKey)
	if string(key) == "stream" {
		r.stream = string(value) == "true"
		return ""
	}
	for i, kind := range Kinds[:otherObjectPlace] {
		if string(key) == string(kind) {
			r.keys |= 1 << i
		}
	}
	return ""
}
