package payloads

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"brunt/payloads/inference"
	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// Limits of a request line's fields.
const (
	maxLineWeight = 1_000_000
	maxNameLength = 256 // bytes; names are shown in tables
)

// requestReader takes request lines apart. What read found stays valid until
// its next call.
type requestReader struct {
	names *interner
	known map[string]uint16 // what this reader has interned, to do so without a lock

	offset, length int // of the body within the line
	weight         uint32
	variant        uint16
	at             int64 // when the request came, ns, or inference.NoTime
	turn           turnLine

	replyAt, replyLength int // within the line

	seen       uint16 // bits of the members read so far, see members
	name, path []byte
	headers    []rawHeader
	key        []byte // of the variant
	lastKey    []byte // of the line before, and
	last       uint16 // its variant, since lines are often alike
}

// members are the keys of a request line; their places are bits of seen.
var members = [...]string{"body", "name", "path", "headers", "weight", "timestamp_ms", "session", "think_ms", "reply"}

const bodySeen = 1 // its bit

type rawHeader struct{ name, value []byte }

func newRequestReader(names *interner) *requestReader {
	return &requestReader{names: names, known: make(map[string]uint16)}
}

// read takes a line apart and says what is wrong with it, or "". The error is
// for a file that cannot be used at all.
func (r *requestReader) read(line []byte) (what string, err error) {
	r.offset, r.length, r.weight, r.variant, r.at = 0, 0, 1, 0, inference.NoTime
	r.turn, r.replyAt, r.replyLength = turnLine{}, 0, 0
	r.name, r.path, r.headers, r.seen = nil, nil, r.headers[:0], 0
	end, what := jsonscan.EachMember(line, jsonscan.SkipSpace(line, 0), 1, r.member)
	if end < 0 || jsonscan.SkipSpace(line, end) != len(line) || !utf8.Valid(line) {
		// What breaks the grammar comes before what the grammar allows.
		if fault := jsonscan.LineFault(line); fault != "" {
			return fault, nil
		}
		if what == "" {
			what = "changed while being read"
		}
	}
	if what != "" {
		return what, nil
	}
	if r.seen&bodySeen == 0 {
		return `no "body"; a request line is an object such as {"body":…}`, nil
	}
	if what := r.checkTurn(line[r.offset : r.offset+r.length]); what != "" {
		return what, nil
	}
	return "", r.internVariant()
}

// member reads one member of the line's object.
func (r *requestReader) member(rawKey, value []byte, offset int) string {
	key, _ := jsonscan.Unquote(rawKey)
	for i, name := range members {
		if string(key) != name {
			continue
		}
		if r.seen>>i&1 != 0 {
			return fmt.Sprintf("%q given twice; leave one out", name)
		}
		r.seen |= 1 << i
	}
	switch string(key) {
	case "body":
		r.offset, r.length = offset, len(value)
		return ""
	case "name":
		return r.readName(value)
	case "path":
		return r.readPath(value)
	case "headers":
		return r.readHeaders(value)
	case "weight":
		return r.readWeight(value)
	case "timestamp_ms":
		return r.readTime(value)
	case "session":
		return r.readSession(value)
	case "think_ms":
		return r.readThink(value)
	case "reply":
		return r.readReply(value, offset)
	}
	return fmt.Sprintf("unknown key %s; a request line may have body, name, path, headers, weight, timestamp_ms, "+
		"session, think_ms and reply",
		show.Excerpt(key))
}

func (r *requestReader) readName(value []byte) string {
	name, ok := jsonscan.Unquote(value)
	switch {
	case !ok:
		return fmt.Sprintf("name %s: must be a string of valid Unicode", show.Excerpt(value))
	case len(name) > maxNameLength:
		return fmt.Sprintf("name %s: must not be longer than %d bytes", show.Excerpt(name), maxNameLength)
	case bytes.ContainsFunc(name, func(c rune) bool { return !strconv.IsPrint(c) }):
		return fmt.Sprintf("name %s: must be printable characters", show.Excerpt(name))
	}
	r.name = name
	return ""
}

func (r *requestReader) readPath(value []byte) string {
	path, ok := jsonscan.Unquote(value)
	switch {
	case !ok:
		return `path: must be a string that starts with "/", not ` + kindOf(value)
	case len(path) == 0 || path[0] != '/':
		return fmt.Sprintf(`path %s: must start with "/"`, show.Excerpt(plainPart(path)))
	}
	if bytes.ContainsFunc(path, func(c rune) bool { return c < ' ' || c == 0x7F || c == '#' }) {
		return fmt.Sprintf(
			"path %s: must hold no # and no control characters; percent-encode them",
			show.Excerpt(plainPart(path)),
		)
	}
	r.path = escapePath(path)
	return ""
}

// plainPart is a path up to where a secret may begin: a query, or a password.
func plainPart(path []byte) []byte {
	if at := bytes.IndexAny(path, "?#:@="); at >= 0 {
		return path[:at+1]
	}
	return path
}

// escapePath writes blanks and all that is not ASCII in hexadecimal; what is
// escaped already stays as it is.
func escapePath(path []byte) []byte {
	outside := func(c byte) bool { return c == ' ' || c >= 0x80 }
	if !slices.ContainsFunc(path, outside) {
		return path
	}
	var escaped []byte
	for _, c := range path {
		if outside(c) {
			escaped = fmt.Appendf(escaped, "%%%02X", c)
		} else {
			escaped = append(escaped, c)
		}
	}
	return escaped
}

func (r *requestReader) readWeight(value []byte) string {
	w, err := strconv.ParseUint(string(value), 10, 32)
	if err != nil || w < 1 || w > maxLineWeight {
		return fmt.Sprintf("weight %s: must be a whole number from 1 to 1,000,000", show.Excerpt(value))
	}
	r.weight = uint32(w)
	return ""
}

// readTime reads milliseconds since any instant, the same for all lines; null is
// no time.
func (r *requestReader) readTime(value []byte) string {
	if string(value) == "null" {
		return ""
	}
	at, ok := jsonscan.Decimal(value, 6)
	if !ok || at <= inference.BadTime {
		return fmt.Sprintf("timestamp_ms %s: must be a number of milliseconds", show.Excerpt(value))
	}
	r.at = at
	return ""
}

// internVariant finds the number of what the line says besides its body.
func (r *requestReader) internVariant() error {
	if len(r.name) == 0 && len(r.path) == 0 && len(r.headers) == 0 {
		return nil
	}
	r.key = appendPart(appendPart(r.key[:0], r.name), r.path)
	for _, h := range r.headers {
		r.key = appendPart(appendPart(r.key, h.name), h.value)
	}
	if len(r.lastKey) > 0 && bytes.Equal(r.key, r.lastKey) {
		r.variant = r.last
		return nil
	}
	id, ok := r.known[string(r.key)]
	if !ok {
		var err error
		if id, err = r.internNew(); err != nil {
			return err
		}
	}
	r.variant, r.last = id, id
	r.lastKey = append(r.lastKey[:0], r.key...)
	return nil
}

// internNew is for a variant that this reader has not seen yet.
func (r *requestReader) internNew() (uint16, error) {
	v := Variant{Name: string(r.name), Path: string(r.path)}
	for _, h := range r.headers {
		v.Headers = append(v.Headers, Header{Name: string(h.name), Value: string(h.value)})
	}
	key := string(r.key)
	id, ok := r.names.intern(key, v)
	if !ok {
		return 0, errVariants
	}
	r.known[key] = id
	return id, nil
}

// appendPart appends a part with its length before it, so that different
// lists of parts never look alike.
func appendPart(key, part []byte) []byte {
	return append(binary.AppendUvarint(key, uint64(len(part))), part...)
}
