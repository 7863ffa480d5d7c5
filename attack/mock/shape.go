package mock

import (
	"errors"
	"strconv"
	"sync/atomic"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"brunt/payloads/jsonscan"
)

// kind is what a reply is made of.
type kind uint8

const (
	predictions kind = iota // classic models, and any object that is nothing else
	chat
	completion
	embedding
)

// shape is all that a reply needs to know of a request's body.
type shape struct {
	kind   kind
	rows   int    // predictions, choices or embeddings
	prompt int    // tokens of the input, at four bytes each
	limit  int    // max_tokens; 0 when not given
	stream bool   // the answer is wanted as server-sent events
	seed   uint64 // of the predictions: equal bodies get equal ones
}

// Most choices or embeddings of one request: a few bytes of request must not
// grow to gigabytes of reply.
const (
	maxChoices    = 128
	maxEmbeddings = 2048
)

// shapes remembers what bodies look like. A load test sends the same few
// thousand bodies over and over, and a hash costs a tenth of a parse.
type shapes struct {
	known [1 << 14]atomic.Pointer[knownShape]
}

type knownShape struct {
	hash  uint64
	bytes int
	shape shape
}

// of reads the shape of a body, or remembers it.
func (s *shapes) of(body []byte) (shape, error) {
	hash := xxhash.Sum64(body)
	place := &s.known[hash%uint64(len(s.known))]
	if k := place.Load(); k != nil && k.hash == hash && k.bytes == len(body) {
		return k.shape, nil
	}
	sh, err := readShape(body)
	if err != nil {
		return shape{}, err
	}
	sh.seed = hash
	place.Store(&knownShape{hash: hash, bytes: len(body), shape: sh})
	return sh, nil
}

// readShape reads the shape of a body, which has to be one JSON object. As for a
// real endpoint, which reads bodies with Python's json, the last of equal names
// counts.
func readShape(body []byte) (shape, error) {
	start := jsonscan.SkipSpace(body, 0)
	if err := checkObject(body, start); err != nil {
		return shape{}, err
	}
	r := shapeReader{shape: shape{rows: 1}, body: body, n: 1}
	jsonscan.EachMember(body, start, 1, r.member)
	return r.shape, r.finish(r.n)
}

// checkObject says why a body is not one JSON object.
func checkObject(body []byte, start int) error {
	if jsonscan.IsAt(body, start, '{') && jsonscan.Valid(body) {
		return nil
	}
	end := jsonscan.SkipValue(body, start, 0)
	whole := end >= 0 && utf8.Valid(body[:end])
	switch {
	case start == len(body):
		return errors.New("the body is empty")
	case body[start] == '[', body[start] != '{' && whole:
		return errors.New("the body is no JSON object")
	case whole:
		return errors.New("the body goes on after its JSON object")
	}
	_, at := jsonscan.Fault(body)
	return errors.New("no JSON at byte " + strconv.Itoa(at))
}

// shapeReader reads the members of a body's object.
type shapeReader struct {
	shape
	body []byte
	n    int // choices asked for
}

// member reads one member of the body, whose value begins at an offset.
func (r *shapeReader) member(name, value []byte, offset int) string {
	switch string(name[1 : len(name)-1]) {
	case "dataframe_split":
		r.kind = predictions
		r.split(value)
	case "dataframe_records", "instances":
		r.kind = predictions
		r.rows, _ = length(value)
	case "inputs":
		r.kind = predictions
		r.columns(value)
	case "messages":
		r.kind = chat
		r.text(value, offset, false)
	case "prompt":
		r.kind = completion
		r.text(value, offset, true)
	case "input":
		r.kind = embedding
		r.text(value, offset, true)
	case "max_tokens", "max_completion_tokens":
		r.limit = number(value)
	case "n":
		r.n = number(value)
	case "stream":
		r.stream = value[0] == 't'
	}
	return ""
}

// split reads {"columns":…,"data":[row,…]}; a published example wraps it in a
// list.
func (r *shapeReader) split(value []byte) {
	if value[0] != '[' {
		r.data(value)
		return
	}
	jsonscan.EachElement(value, func(element []byte, _ int) bool { return r.data(element) })
}

// data counts the rows of an object's data; false where it is no object.
func (r *shapeReader) data(object []byte) bool {
	jsonscan.EachMember(object, 0, 1, func(name, value []byte, _ int) string {
		if string(name) == `"data"` {
			r.rows, _ = length(value)
		}
		return ""
	})
	return object[0] == '{'
}

// columns reads inputs: a list of rows, or an object of columns of equal
// length.
func (r *shapeReader) columns(value []byte) {
	if value[0] != '{' {
		r.rows, _ = length(value)
		return
	}
	jsonscan.EachMember(value, 0, 1, func(_, column []byte, _ int) string {
		r.rows, _ = length(column)
		return ""
	})
}

// text reads an input of text: one, or, where each is answered apart, a list
// of them. A list of numbers is one text in tokens; a list of objects is a
// conversation, as agents take it. Its length counts from the end of its name.
func (r *shapeReader) text(value []byte, offset int, apart bool) {
	begin := offset
	for r.body[begin-1] != '"' {
		begin--
	}
	rows, first := length(value)
	r.prompt = (offset + len(value) - begin) / 4
	r.rows = 1
	switch {
	case first == '{':
		r.kind = chat
	case apart && first == '"', apart && first == '[':
		r.rows = rows
	}
}

// length is the number of a list's elements and the first byte of the first;
// 1 and 0 for a value that is no list.
func length(value []byte) (n int, first byte) {
	if value[0] != '[' {
		return 1, 0
	}
	jsonscan.EachElement(value, func(element []byte, _ int) bool {
		if n == 0 {
			first = element[0]
		}
		n++
		return true
	})
	return n, first
}

// number reads a whole number; anything else is as if it were not there.
func number(value []byte) int {
	n, err := strconv.Atoi(string(value))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// finish applies the number of choices asked for, and the bounds.
func (s *shape) finish(n int) error {
	limit := maxChoices
	switch s.kind {
	case predictions:
		return nil
	case embedding:
		limit = maxEmbeddings
	default:
		s.rows *= min(max(n, 1), maxChoices+1)
	}
	if s.rows > limit {
		return errors.New("more than " + strconv.Itoa(limit) + " replies asked of one request")
	}
	return nil
}
