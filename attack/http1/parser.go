package http1

import (
	"bytes"
	"fmt"
	"io"

	"github.com/valyala/fasthttp"

	"brunt/attack/spell"
)

const (
	maxHeader = 64 << 10 // the largest header understood
	maxLine   = 4 << 10  // the longest line of a chunk, or of a trailer
	// maxTrailer is the most lines of a trailer.
	maxTrailer = 256
	// maxInterim is the most interim replies (1xx) before a reply.
	maxInterim = 1000
)

// Error is a reply that is not HTTP/1.1 as it is understood here: why, and what to do
// about it where that is known.
type Error struct{ Why, Remedy string }

// Error says what is wrong with the reply.
func (e *Error) Error() string { return "not a valid HTTP reply: " + e.Why }

// part is the part of a reply that is to come next.
type part uint8

const (
	inHeader    part = iota
	inBody           // of known length
	inToEnd          // a body that ends with the connection
	inChunkSize      // a chunk's line
	inChunk          // its bytes
	inChunkEnd       // the line end behind them
	inTrailer
)

// Parser takes one reply after the other as they come, in pieces of any size. It keeps
// no byte of a body, so that its memory does not grow with replies. Init
// comes first, then Reset before each further reply.
type Parser struct {
	// Header is the present reply's, once Status is there; fasthttp parses it.
	Header fasthttp.ResponseHeader
	// Status is the present reply's; 0 until its whole header is there.
	Status int
	// NoBody says that replies have no body whatever their headers say, as those to
	// HEAD have none.
	NoBody bool
	// Close is whether the connection is not to be used again; known once Done.
	Close bool
	// Reader parses headers; parsers that are never used at a time may share one.
	Reader *HeaderReader

	part    part
	left    int // bytes of the body, or of a chunk, that are to come
	lines   int // of the trailer so far, or interim replies before the reply
	partial []byte
	scan    headerScan
}

// Init readies p for its first reply.
func (p *Parser) Init() {
	// Header names come in any case anyway; normalising costs time.
	p.Header.DisableNormalizing()
	p.Header.SetNoDefaultContentType(true)
	p.Reset()
}

// Reset readies p for the next reply.
func (p *Parser) Reset() {
	p.part, p.lines, p.partial, p.scan = inHeader, 0, p.partial[:0], headerScan{}
	p.Status, p.Close = 0, true
}

// Piece is what the next bytes of a reply were.
type Piece struct {
	Rest   []byte // bytes that are yet to be given to Next
	Body   []byte // bytes of the body, of those that were given
	Header bool   // the header has come to its end: Status and Header are known
	Done   bool   // so has the reply; Rest is none of it
}

// Next takes the reply's next bytes, as far as they are of one kind: whoever calls it
// gives it the rest then, until nothing is left or the reply is done. An error is an
// *Error, after which the connection is of no use.
func (p *Parser) Next(b []byte) (piece Piece, err error) {
	switch p.part {
	case inHeader:
		piece, err = p.takeHeader(b)
	case inBody, inChunk:
		n := min(p.left, len(b))
		piece = Piece{Rest: b[n:], Body: b[:n]}
		if p.left -= n; p.left == 0 {
			piece.Done = p.part == inBody
			p.part = inChunkEnd
		}
	case inToEnd:
		return Piece{Body: b}, nil
	default:
		piece.Rest, piece.Done, err = p.takeLine(b)
	}
	if piece.Done {
		p.Close = p.Header.ConnectionClose() || p.Status < 200 || len(piece.Rest) > 0
	}
	return piece, err
}

// End takes the end of the connection, or what else ended its reading. done is that
// the reply is complete by it; else fault is what is wrong.
func (p *Parser) End(err error) (done bool, fault error) {
	switch {
	case p.part == inToEnd && (err == io.EOF || err == io.ErrUnexpectedEOF):
		return true, nil
	case p.part == inHeader && len(p.partial) == 0:
		return false, err
	case err == io.EOF:
		return false, io.ErrUnexpectedEOF
	}
	return false, err
}

// begin goes on after a header; done is that there is no body, begun that the header
// is the reply's own.
func (p *Parser) begin(status int) (begun, done bool, err error) {
	if status < 200 && status != fasthttp.StatusSwitchingProtocols {
		// 100, 102, 103: the reply itself is still to come.
		if p.lines++; p.lines > maxInterim {
			return false, false, &Error{Why: fmt.Sprintf("more than %d interim replies", maxInterim)}
		}
		return false, false, nil
	}
	p.Status, p.lines = status, 0
	switch length := p.Header.ContentLength(); {
	case p.NoBody || status == 204 || status == 304 || status < 200 || length == 0:
		return true, true, nil
	case length > 0:
		p.part, p.left = inBody, length
	case length == -1:
		p.part = inChunkSize
	default:
		p.part = inToEnd
	}
	return true, false, nil
}

// takeLine takes a line of a chunked body, or of its trailer [RFC 9112 §7.1].
func (p *Parser) takeLine(b []byte) (rest []byte, done bool, err error) {
	end := bytes.IndexByte(b, '\n')
	length := end
	if end < 0 {
		length = len(b)
	}
	if len(p.partial)+length > maxLine {
		return nil, false, &Error{Why: "a chunk's line is too long"}
	}
	if end < 0 {
		p.partial = append(p.partial, b...)
		return nil, false, nil
	}
	line, rest := b[:end], b[end+1:]
	if len(p.partial) > 0 {
		line = append(p.partial, line...)
		p.partial = line[:0]
	}
	done, err = p.chunkLine(bytes.TrimSuffix(line, []byte("\r")))
	return rest, done, err
}

func (p *Parser) chunkLine(line []byte) (done bool, err error) {
	switch p.part {
	case inChunkSize:
		p.left, err = chunkSize(line)
		if p.part = inChunk; p.left == 0 {
			p.part = inTrailer
		}
	case inChunkEnd:
		if p.part = inChunkSize; len(line) != 0 {
			err = &Error{Why: "a chunk is longer than it says"}
		}
	case inTrailer:
		switch p.lines++; {
		case len(line) == 0:
			return true, nil
		case bytes.IndexByte(line, ':') < 1:
			err = &Error{Why: "its trailer holds a line that is no header"}
		case p.lines >= maxTrailer:
			err = &Error{Why: "its trailer does not end"}
		}
	}
	return false, err
}

// chunkSize reads a chunk's size line; extensions after ';' are skipped.
func chunkSize(line []byte) (int, error) {
	if i := bytes.IndexByte(line, ';'); i >= 0 {
		line = line[:i]
	}
	line = bytes.TrimRight(line, " \t")
	size := 0
	for _, c := range line {
		var d byte
		switch {
		case '0' <= c && c <= '9':
			d = c - '0'
		case 'a' <= c && c <= 'f':
			d = c - 'a' + 10
		case 'A' <= c && c <= 'F':
			d = c - 'A' + 10
		default:
			return 0, &Error{Why: fmt.Sprintf("chunk size %q", spell.OneLine(string(line), 20))}
		}
		if size >= 1<<40 {
			return 0, &Error{Why: "a chunk is larger than 1 TiB"}
		}
		size = size<<4 | int(d)
	}
	if len(line) == 0 {
		return 0, &Error{Why: "a chunk has no size"}
	}
	return size, nil
}
