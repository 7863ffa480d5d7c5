package attack

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

// readHeader parses the next header, status line included; the reader grows,
// for this connection's life, for one that does not fit. fasthttp parses headers
// of the usual form. What it waits for, refuses or takes for something else,
// though clients in general take it otherwise, is seen to before.
func (r *reply) readHeader() (status int, err error) {
	head, plain, err := r.wholeHeader()
	if err != nil {
		return 0, err
	}
	if status, err = statusOf(head); err != nil {
		return 0, err
	}
	if plain {
		if err = r.header.Read(r.in); err == nil {
			return status, nil
		}
		if !errors.Is(err, fasthttp.ErrDuplicateContentLength) && !bytes.ContainsRune(head, ',') {
			return 0, &badReply{why: spell.OneLine(err.Error(), 160)}
		}
	}
	if head, err = normalised(head); err != nil {
		return 0, err
	}
	if err = r.header.Read(bufio.NewReaderSize(bytes.NewReader(head), len(head))); err != nil {
		return 0, &badReply{why: spell.OneLine(err.Error(), 160)}
	}
	_, err = r.in.Discard(r.headLen)
	return status, err
}

// wholeHeader waits for a whole header and gives its bytes, of which nothing is
// consumed but empty lines before it; plain says that all lines end with CR LF.
// What is no HTTP is refused as soon as that can be seen.
func (r *reply) wholeHeader() (head []byte, plain bool, err error) {
	if _, err := r.in.Peek(1); err != nil { // nothing came at all
		return nil, false, err
	}
	scan := headerScan{}
	for {
		b, _ := r.in.Peek(r.in.Buffered())
		if scan.line == 0 {
			if n := emptyLines(b); n > 0 {
				_, _ = r.in.Discard(n)
				b = b[n:]
			}
		}
		if n := min(len(b), len(protocol)); string(b[:n]) != protocol[:n] {
			if bad := r.otherProtocol(); bad != nil {
				return nil, false, bad
			}
			return nil, false, &badReply{
				why: "it begins with " + strconv.Quote(spell.OneLine(string(b[:min(len(b), 20)]), 20)),
			}
		}
		if scan.next(b) {
			r.headLen = scan.line
			return b[:scan.line], !scan.bare, nil
		}
		switch _, err := r.in.Peek(r.in.Buffered() + 1); {
		case err == nil:
		case err != bufio.ErrBufferFull:
			return nil, false, noEOF(err)
		case r.in.Size() >= maxHeader:
			return nil, false, &badReply{why: "its header is larger than 64 KiB"}
		default:
			// The larger reader takes over what the smaller one holds.
			r.in = bufio.NewReaderSize(r.in, maxHeader)
			if _, err := r.in.Peek(1); err != nil {
				return nil, false, noEOF(err)
			}
		}
	}
}

const protocol = "HTTP/"

// otherProtocol tells by the first bytes what a reply is that begins with no
// status line; nil where they tell nothing.
func (r *reply) otherProtocol() *badReply {
	first, _ := r.in.Peek(min(r.in.Buffered(), 4))
	switch {
	case bytes.HasPrefix(first, []byte{21, 3}): // an alert [RFC 8446 §5.1]
		return &badReply{"it is one of TLS", cause.AdviceElsewhere(cause.PlainHTTP)}
	case len(first) == 4 && first[0] == 0 && first[1] == 0 && first[3] == 4: // SETTINGS [RFC 9113 §6.5]
		return &badReply{"it is one of HTTP/2", "the port speaks HTTP/2 only"}
	}
	return nil
}

// emptyLines is how many bytes of line ends b begins with.
func emptyLines(b []byte) int {
	return len(b) - len(bytes.TrimLeft(b, "\r\n"))
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
		return 0, &badReply{why: "status line " + strconv.Quote(spell.OneLine(string(line), 40))}
	}
	status := 0
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, &badReply{why: "status line " + strconv.Quote(spell.OneLine(string(line), 40))}
		}
		status = 10*status + int(c-'0')
	}
	if status < 100 {
		return 0, &badReply{why: fmt.Sprintf("status %s", digits)}
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
					return nil, &badReply{why: fmt.Sprintf("content-length %.20q and %.20q", length, part)}
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
