package attack

import (
	"crypto/rand"
	"strconv"
	"strings"

	"brunt/payloads"
	"brunt/payloads/file"
	"brunt/payloads/setting"
	"brunt/payloads/splice"
)

// newRunID is what tells this run's requests from those of all others.
func newRunID() string { return strings.ToLower(rand.Text()[:10]) }

// requestID is what the slot's request is called in the splices of its body:
// the run, and the request's index, marked where it is one of the warm-up,
// whose indexes come again.
func (w *slot) requestID() []byte {
	w.id = append(append(w.id[:0], w.run.id...), '-')
	if w.ex.warm || w.session.warm {
		w.id = append(w.id, 'w')
	}
	w.id = strconv.AppendUint(w.id, w.ex.index, 10)
	if w.ex.turn > 0 {
		w.id = strconv.AppendUint(append(w.id, '.'), uint64(w.ex.turn), 10)
	}
	return w.id
}

// lastChunk ends a body that is sent as one chunk.
var lastChunk = []byte("\r\n0\r\n\r\n")

// startBody ends the head in buf, and returns what is to follow it: the body, less what
// its splices make the head's neighbour, and what ends it.
func (w *slot) startBody(buf []byte, item *payloads.Item, k *requestKind) (head, rest, tail []byte) {
	length, id, splices := len(item.Body), []byte(nil), splice.List(0)
	if w.run.payloads.Spliced() {
		id, splices = w.requestID(), w.splices()
		length = splices.Length(item.Body, id)
	}
	buf = appendLength(buf, length, k.lengths)
	if k.chunked {
		if length == 0 {
			return append(buf, lastChunk[len("\r\n"):]...), nil, nil
		}
		buf = append(strconv.AppendInt(buf, int64(length), 16), "\r\n"...)
		tail = lastChunk
	}
	if id == nil {
		return buf, item.Body, tail
	}
	head, rest = splices.Append(buf, item.Body, id)
	return head, rest, tail
}

// splices are those of the request's body.
func (w *slot) splices() splice.List {
	if w.run.sessions {
		return w.session.of.Splices(int(w.ex.turn))
	}
	return w.run.payloads.Splices(w.ex.index)
}

// wholeBody is the body as it is sent. It is a copy where it has splices, for
// HTTP/2 sends bodies piece by piece.
func (w *slot) wholeBody(item *payloads.Item) (body []byte, err error) {
	if !w.run.payloads.Spliced() {
		return item.Body, nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = &payloadError{file.Fault(r)}
		}
	}()
	var rest []byte
	w.buf, rest = w.splices().Append(w.buf[:0], item.Body, w.requestID())
	w.buf = append(w.buf, rest...)
	return w.buf, nil
}

// stamp notes whether bodies are sent with client_request_ids of the run's, and
// warns of those that are not.
func (r *Run) stamp(set *payloads.Set) {
	stamped, left := set.Stamped()
	r.stamped = stamped > 0
	if left > 0 {
		r.warnings = append(
			r.warnings,
			setting.Textf(
				"%d of %d bodies have a client_request_id of their own, or are no object: they are sent as they are",
				left,
				stamped+left,
			),
		)
	}
}
