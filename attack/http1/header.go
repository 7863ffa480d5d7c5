package http1

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/valyala/fasthttp"

	"brunt/attack/cause"
	"brunt/attack/spell"
)

// takeHeader takes bytes of a header. What is no HTTP is refused as soon as that can be
// seen.
func (p *Parser) takeHeader(came []byte) (piece Piece, err error) {
	b := came
	if len(p.partial) > 0 {
		p.partial = append(p.partial, came...)
		b = p.partial
	}
	if p.scan.line == 0 {
		b = bytes.TrimLeft(b, "\r\n") // empty lines before it
	}
	if n := min(len(b), len(protocol)); string(b[:n]) != protocol[:n] {
		if bad := otherProtocol(b); bad != nil {
			return Piece{}, bad
		}
		return Piece{}, &Error{
			Why: "it begins with " + strconv.Quote(spell.OneLine(string(b[:min(len(b), 20)]), 20)),
		}
	}
	if !p.scan.next(b) {
		if len(b) >= maxHeader {
			return Piece{}, &Error{Why: "its header is larger than 64 KiB"}
		}
		p.partial = append(p.partial[:0], b...)
		return Piece{}, nil
	}
	head := b[:p.scan.line]
	piece.Rest = came[len(came)-len(b)+len(head):]
	status, err := p.parseHeader(head, !p.scan.bare)
	p.partial, p.scan = p.partial[:0], headerScan{}
	if err == nil {
		piece.Header, piece.Done, err = p.begin(status)
	}
	return piece, err
}

// headerBuffer is the size of the buffer that fasthttp parses most headers from.
const headerBuffer = 4 << 10

// HeaderReader gives fasthttp a header to parse. The zero value is ready.
type HeaderReader struct {
	bytes bytes.Reader
	buf   *bufio.Reader
}

// read parses the header.
func (h *HeaderReader) read(head []byte, into *fasthttp.ResponseHeader) error {
	h.bytes.Reset(head)
	if len(head) > headerBuffer {
		return into.Read(bufio.NewReaderSize(&h.bytes, len(head)))
	}
	if h.buf == nil {
		h.buf = bufio.NewReaderSize(nil, headerBuffer)
	}
	h.buf.Reset(&h.bytes)
	return into.Read(h.buf)
}

// parseHeader parses a whole header, status line included; plain says that all lines end
// with CR LF. fasthttp parses headers of the usual form. What it refuses or takes for
// something else, though clients in general take it otherwise, is seen to before.
func (p *Parser) parseHeader(head []byte, plain bool) (status int, err error) {
	if status, err = statusOf(head); err != nil {
		return 0, err
	}
	if p.Reader == nil {
		p.Reader = &HeaderReader{}
	}
	if plain {
		if err = p.Reader.read(head, &p.Header); err == nil {
			return status, nil
		}
		if !errors.Is(err, fasthttp.ErrDuplicateContentLength) && !bytes.ContainsRune(head, ',') {
			return 0, &Error{Why: spell.OneLine(err.Error(), 160)}
		}
	}
	if head, err = normalised(head); err != nil {
		return 0, err
	}
	if err = p.Reader.read(head, &p.Header); err != nil {
		return 0, &Error{Why: spell.OneLine(err.Error(), 160)}
	}
	return status, nil
}

// Field is the value of the reply's first header of that name, in any case of letters;
// nil without one. The bytes are valid until the next reply.
func (p *Parser) Field(name string) []byte {
	for key, value := range p.Header.All() {
		if len(key) == len(name) && bytes.EqualFold(key, []byte(name)) {
			return value
		}
	}
	return nil
}

const protocol = "HTTP/"

// HTTP2Only is the remedy of a reply that is one of HTTP/2.
const HTTP2Only = "the port speaks HTTP/2 only"

// otherProtocol tells by the first bytes what a reply is that begins with no
// status line; nil where they tell nothing.
func otherProtocol(b []byte) *Error {
	first := b[:min(len(b), 4)]
	switch {
	case bytes.HasPrefix(first, []byte{21, 3}): // an alert [RFC 8446 §5.1]
		return &Error{"it is one of TLS", cause.AdviceElsewhere(cause.PlainHTTP)}
	case len(first) == 4 && first[0] == 0 && first[1] == 0 && first[3] == 4: // SETTINGS [RFC 9113 §6.5]
		return &Error{"it is one of HTTP/2", HTTP2Only}
	}
	return nil
}

// headerScan looks for the end of a header while it comes.
type headerScan struct {
	line int  // where the present line begins
	bare bool // a line ended with LF alone
}

// next goes on where it stood; true is that the header ends at line.
func (s *headerScan) next(b []byte) bool {
	for {
		n := bytes.IndexByte(b[s.line:], '\n')
		if n < 0 {
			return false
		}
		end := s.line + n
		cr := n > 0 && b[end-1] == '\r'
		s.bare = s.bare || !cr
		s.line = end + 1
		if n == 0 || n == 1 && cr {
			return true
		}
	}
}

// statusOf reads the status line [RFC 9112 §4]. fasthttp has 200 for 0.
func statusOf(head []byte) (int, error) {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	_, rest, found := bytes.Cut(line, []byte(" "))
	rest = bytes.TrimLeft(rest, " ")
	digits, _, _ := bytes.Cut(bytes.TrimRight(rest, "\r"), []byte(" "))
	if !found || len(digits) != 3 {
		return 0, &Error{Why: "status line " + strconv.Quote(spell.OneLine(string(line), 40))}
	}
	status := 0
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, &Error{Why: "status line " + strconv.Quote(spell.OneLine(string(line), 40))}
		}
		status = 10*status + int(c-'0')
	}
	if status < 100 {
		return 0, &Error{Why: fmt.Sprintf("status %s", digits)}
	}
	return status, nil
}

// normalised gives a header the form that the parser takes: lines that end with CR LF
// [RFC 9112 §2.2 allows LF alone], and one Content-Length where several say the
// same [RFC 9110 §8.6].
func normalised(head []byte) ([]byte, error) {
	out := make([]byte, 0, len(head)+64)
	var length []byte
	for line := range bytes.Lines(head) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if name, value, ok := bytes.Cut(line, []byte(":")); ok &&
			bytes.EqualFold(bytes.TrimSpace(name), []byte("Content-Length")) {
			known := length
			for part := range bytes.SplitSeq(value, []byte(",")) {
				part = bytes.TrimSpace(part)
				if length != nil && !bytes.Equal(part, length) {
					return nil, &Error{Why: fmt.Sprintf("content-length %.20q and %.20q", length, part)}
				}
				length = part
			}
			if known != nil {
				continue
			}
			line = append([]byte("Content-Length: "), length...)
		}
		out = append(append(out, line...), "\r\n"...)
	}
	return out, nil
}
