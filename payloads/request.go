package payloads

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"brunt/payloads/compose"
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
	names    *interner
	composer *compose.Composer
	coding   compose.Coding    // of bodies whose lines say nothing of it
	bare     bool              // see [Variant.Bare]
	known    map[string]uint16 // what this reader has interned, to do so without a lock

	kind           int // member that the body is in; noBody without one
	offset, length int // of its value within the line
	weight         uint32
	variant        uint16
	at             int64 // when the request came, ns, or inference.NoTime
	turn           turnLine

	replyAt, replyLength int // within the line

	seen         uint16 // bits of the members read so far, see members
	name, method []byte
	origin       []byte // of an absolute URL
	path         []byte // as it is sent; nil for the target's
	pathAt       int    // within the line, where it stands there so; else 0
	headers      []rawHeader
	contentType  string // of the body; empty for JSON
	key          []byte // of the variant
	lastKey      []byte // of the line before, and
	last         uint16 // its variant, since lines are often alike
}

// members are the keys of a request line; their places are bits of seen.
var members = [...]string{
	"body", "text", "base64", "file", "form", "name", "method", "url", "path", "headers", "weight", "timestamp_ms", "session", "think_ms", "reply",
}

// The places of some of them.
const (
	bodyMember = iota
	textMember
	base64Member
	fileMember
	formMember
	noBody // lines may do without any of those
	methodMember
	urlMember
	pathMember
)

type rawHeader struct {
	name, value []byte
	remove      bool
}

func newRequestReader(names *interner, m *compose.Maker, coding compose.Coding) *requestReader {
	return &requestReader{names: names, composer: compose.NewComposer(m), coding: coding, known: make(map[string]uint16)}
}

// read takes a line apart and says what is wrong with it, or "". The error is
// for a file that cannot be used at all.
func (r *requestReader) read(line []byte) (what string, err error) {
	r.offset, r.length, r.weight, r.variant, r.at = 0, 0, 1, 0, inference.NoTime
	r.turn, r.replyAt, r.replyLength = turnLine{}, 0, 0
	r.name, r.method, r.origin, r.path, r.pathAt = nil, nil, nil, nil, 0
	r.headers, r.seen, r.kind, r.contentType = r.headers[:0], 0, noBody, ""
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
	if r.kind == noBody && r.seen&(1<<methodMember|1<<urlMember|1<<pathMember) == 0 {
		return `no "body"; a request line is an object such as {"body":…}, or {"path":…} for a request without one`, nil
	}
	return r.checkTurn(line[r.offset : r.offset+r.length]), nil
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
	case "body", "text", "base64", "file", "form":
		return r.readBody(string(key), value, offset)
	case "name":
		return r.readName(value)
	case "method":
		return r.readMethod(value)
	case "url":
		return r.readURL(value, offset)
	case "path":
		return r.readPath(value, offset)
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
	return fmt.Sprintf("unknown key %s; a request line may have body, text, base64, file or form, and name, method, url, path, "+
		"headers, weight, timestamp_ms, session, think_ms and reply", show.Excerpt(key))
}

// readBody notes where the body, or what it is made of, stands.
func (r *requestReader) readBody(key string, value []byte, offset int) string {
	if r.kind != noBody {
		return fmt.Sprintf("%q and %q: a request has one body; leave one out", members[r.kind], key)
	}
	r.kind, r.offset, r.length = slices.Index(members[:], key), offset, len(value)
	return ""
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
