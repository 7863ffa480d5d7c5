package payloads

import "math/bits"

// Kind is the shape of a body, told by the keys at its top: those that model
// serving knows, or one of the others.
type Kind string

// The kinds. [Make] writes the first four.
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

// kinds lists all of them. An object with the keys of several is of the first
// one, whatever the order of its keys.
var kinds = [...]Kind{
	DataframeSplit, DataframeRecords, Instances, Inputs, Messages, Prompt, Input, OtherObject, Array, OtherValue,
}

// Places in kinds.
const (
	messagesPlace = 4 + iota
	_             // prompt
	_             // input
	otherObjectPlace
	arrayPlace
	otherValuePlace
)

// shapeReader finds the kinds of bodies known to be sound. It looks at the
// keys at their top only, and makes nothing of their values.
type shapeReader struct {
	keys   uint // bits of the kinds whose key was seen
	stream bool // the key stream says true
}

// place returns the kind of a body as its place in kinds, and if it asks for
// a stream.
func (r *shapeReader) place(body []byte) (place int, stream bool) {
	start := skipSpace(body, 0)
	switch {
	case isAt(body, start, '['):
		return arrayPlace, false
	case !isAt(body, start, '{'):
		return otherValuePlace, false
	}
	r.keys, r.stream = 1<<otherObjectPlace, false
	eachMember(body, start, 1, r.member)
	return bits.TrailingZeros(r.keys), r.stream
}

func (r *shapeReader) member(rawKey, value []byte, _ int) string {
	key, _ := unquote(rawKey)
	if string(key) == "stream" {
		r.stream = string(value) == "true"
		return ""
	}
	for i, kind := range kinds[:otherObjectPlace] {
		if string(key) == string(kind) {
			r.keys |= 1 << i
		}
	}
	return ""
}
