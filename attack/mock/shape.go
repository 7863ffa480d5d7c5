package mock

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json/jsontext"
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
	mostChoices    = 128
	mostEmbeddings = 2048
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

// reader is a JSON decoder that is used again and again.
type reader struct {
	*jsontext.Decoder
	buffer bytes.Buffer
	*shape
	parameters struct{ n int }
}

var readers = sync.Pool{New: func() any { return &reader{Decoder: jsontext.NewDecoder(new(bytes.Buffer))} }}

// A real endpoint reads bodies with Python's json, which takes the last of
// equal names.
var lenient = jsontext.AllowDuplicateNames(true)

// readShape parses the whole body: it has to be one JSON object.
func readShape(body []byte) (shape, error) {
	sh := shape{rows: 1}
	r := readers.Get().(*reader)
	defer readers.Put(r)
	r.buffer = *bytes.NewBuffer(body)
	r.Reset(&r.buffer, lenient)
	r.shape = &sh
	r.parameters.n = 1
	err := r.object()
	r.buffer = bytes.Buffer{} // the body is the connection's
	r.shape = nil
	if err != nil {
		return sh, err
	}
	return sh, sh.finish(r.parameters.n)
}

// finish applies the number of choices asked for, and the bounds.
func (s *shape) finish(n int) error {
	most := mostChoices
	switch s.kind {
	case predictions:
		return nil
	case embedding:
		most = mostEmbeddings
	default:
		s.rows *= min(max(n, 1), mostChoices+1)
	}
	if s.rows > most {
		return errors.New("more than " + strconv.Itoa(most) + " replies asked of one request")
	}
	return nil
}

func (r *reader) object() error {
	if r.PeekKind() != '{' {
		if _, err := r.ReadToken(); err != nil {
			return notJSON(err)
		}
		return errors.New("the body is no JSON object")
	}
	if err := r.members(r.member); err != nil {
		return notJSON(err)
	}
	if _, err := r.ReadToken(); err != io.EOF {
		return errors.New("the body goes on after its JSON object")
	}
	return nil
}

func notJSON(err error) error {
	if err == io.EOF {
		return errors.New("the body is empty")
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return errors.New("no JSON at byte " + strconv.FormatInt(syntax.ByteOffset, 10))
	}
	return errors.New("no JSON")
}

// members hands each member of the object that comes next to one, which must
// read its value.
func (r *reader) members(one func(name []byte) error) error {
	if _, err := r.ReadToken(); err != nil {
		return err
	}
	for r.PeekKind() == '"' {
		name, err := r.ReadValue()
		if err != nil {
			return err
		}
		if err := one(name[1 : len(name)-1]); err != nil {
			return err
		}
	}
	_, err := r.ReadToken()
	return err
}

// member reads one member of the body.
func (r *reader) member(name []byte) (err error) {
	switch string(name) {
	case "dataframe_split":
		r.kind = predictions
		err = r.split()
	case "dataframe_records", "instances":
		r.kind = predictions
		r.rows, _, err = r.length()
	case "inputs":
		r.kind = predictions
		err = r.columns()
	case "messages":
		r.kind = chat
		err = r.text(false)
	case "prompt":
		r.kind = completion
		err = r.text(true)
	case "input":
		r.kind = embedding
		err = r.text(true)
	case "max_tokens", "max_completion_tokens":
		r.limit, err = r.number()
	case "n":
		r.parameters.n, err = r.number()
	case "stream":
		r.stream = r.PeekKind() == 't'
		err = r.skip()
	default:
		err = r.skip()
	}
	return err
}

// split reads {"columns":…,"data":[row,…]}; a published example wraps it in a
// list.
func (r *reader) split() error {
	listed := r.PeekKind() == '['
	if listed {
		if _, err := r.ReadToken(); err != nil {
			return err
		}
	}
	for r.PeekKind() == '{' {
		if err := r.members(r.splitMember); err != nil || !listed {
			return err
		}
	}
	if !listed {
		return r.skip()
	}
	for r.PeekKind() != ']' {
		if err := r.skip(); err != nil {
			return err
		}
	}
	_, err := r.ReadToken()
	return err
}

func (r *reader) splitMember(name []byte) (err error) {
	if string(name) != "data" {
		return r.skip()
	}
	r.rows, _, err = r.length()
	return err
}

// columns reads inputs: a list of rows, or an object of columns of equal
// length.
func (r *reader) columns() (err error) {
	if r.PeekKind() != '{' {
		r.rows, _, err = r.length()
		return err
	}
	return r.members(func([]byte) error {
		rows, _, err := r.length()
		r.rows = rows
		return err
	})
}

// text reads an input of text: one, or, where each is answered apart, a list
// of them. A list of numbers is one text in tokens; a list of objects is a
// talk, as agents take it.
func (r *reader) text(apart bool) error {
	begin := r.InputOffset()
	rows, first, err := r.length()
	r.prompt = int(r.InputOffset()-begin) / 4
	r.rows = 1
	switch {
	case first == '{':
		r.kind = chat
	case apart && first == '"', apart && first == '[':
		r.rows = rows
	}
	return err
}

// length reads a value: the number of its elements and the kind of the first
// one where it is a list; 1 and 0 where it is none.
func (r *reader) length() (n int, first jsontext.Kind, err error) {
	if r.PeekKind() != '[' {
		return 1, 0, r.skip()
	}
	if _, err = r.ReadToken(); err != nil {
		return 0, 0, err
	}
	for first = r.PeekKind(); r.PeekKind() != ']'; n++ {
		if err = r.skip(); err != nil {
			return 0, 0, err
		}
	}
	_, err = r.ReadToken()
	return n, first, err
}

// skip reads a value and drops it. The decoder's own SkipValue goes from token
// to token and is a third slower.
func (r *reader) skip() error {
	_, err := r.ReadValue()
	return err
}

// number reads a whole number; anything else is as if it were not there.
func (r *reader) number() (int, error) {
	raw, err := r.ReadValue()
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil || n < 0 {
		return 0, nil
	}
	return n, nil
}
