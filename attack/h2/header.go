package h2

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2/hpack"

	"brunt/attack/clock"
)

// requestIDs are the names of the header that says what the endpoint calls a
// request, most telling first.
var requestIDs = [...]string{"x-databricks-request-id", "x-request-id", "request-id"}

// servedModel is the header that names which of the models behind an endpoint
// has answered.
const servedModel = "served-model-name"

// maxFields is how many of a reply's header fields are kept.
const maxFields = 64

// headerBlock is one header on its way in; only the reader touches it.
type headerBlock struct {
	stream uint32
	ended  bool          // no more of the stream follows
	first  clock.Instant // instant of its first frame
	size   int           // bytes of frames
	plain  int           // bytes of the fields, decoded
	status int
	length int64 // -1 where it is not said
	id     string
	rank   int // of id
	model  string
	kind   string              // of the body
	fields []hpack.HeaderField // of a failure, or wanted
	others bool                // a field that is no pseudo-header came
	fault  string
}

// decodeHeader decodes a piece of a header, of streams that were given up, too: it
// changes the table (HPACK) that later ones refer to.
func (c *Conn) decodeHeader(part []byte, last bool) error {
	if c.header.size > maxHeaderBlock {
		return &MalformedError{"its header is larger than 1 MiB"}
	}
	if _, err := c.decoder.Write(part); err != nil {
		return &MalformedError{"its header cannot be decoded"}
	}
	if !last {
		return nil
	}
	if err := c.decoder.Close(); err != nil {
		return &MalformedError{"its header cannot be decoded"}
	}
	return c.handleHeader()
}

// field is called with each field that the decoder meets. One that is wrong makes
// the whole header so; what follows matters to the decoder's table alone.
func (c *Conn) field(f hpack.HeaderField) {
	b := &c.header
	if b.fault != "" {
		return
	}
	b.plain += len(f.Name) + len(f.Value)
	if b.fault = b.fieldFault(f); b.fault != "" {
		return
	}
	if b.status > 0 && (c.config.Fields || !c.config.Success[b.status]) && len(b.fields) < maxFields {
		b.fields = append(b.fields, f)
	}
	switch {
	case f.Name == ":status":
		b.status, _ = strconv.Atoi(f.Value)
	case f.Name == "content-length":
		b.length, _ = strconv.ParseInt(f.Value, 10, 64)
	case f.Name == "content-type":
		b.kind = f.Value
	case f.Name == servedModel:
		b.model = f.Value
	case strings.HasSuffix(f.Name, "request-id"):
		for rank, name := range requestIDs[:b.rank] {
			if name == f.Name {
				b.id, b.rank = f.Value, rank
				break
			}
		}
	}
}

// fieldFault says what is not as it must be about a field, empty for most
// [RFC 9113 §8.2, §8.3.2; content-length: RFC 9110 §8.6].
func (b *headerBlock) fieldFault(f hpack.HeaderField) string {
	if b.plain > maxHeader {
		return "its header is larger than 64 KiB"
	}
	if f.IsPseudo() {
		return b.pseudoFault(f)
	}
	b.others = true
	switch f.Name {
	case "content-length":
		n, err := strconv.ParseUint(f.Value, 10, 63)
		switch {
		case err != nil:
			return fmt.Sprintf("content-length %.20q", f.Value)
		case b.length >= 0 && b.length != int64(n):
			return "it has two different lengths"
		}
	case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
		return "it has the header " + f.Name + ", which HTTP/2 forbids"
	}
	if !httpguts.ValidHeaderFieldName(f.Name) || strings.ContainsFunc(f.Name, unicode.IsUpper) {
		return fmt.Sprintf("it has a header named %.40q", f.Name)
	}
	if !httpguts.ValidHeaderFieldValue(f.Value) {
		return fmt.Sprintf("its header %.40q holds a control character", f.Name)
	}
	return ""
}

func (b *headerBlock) pseudoFault(f hpack.HeaderField) string {
	n, err := strconv.ParseUint(f.Value, 10, 63)
	switch {
	case f.Name != ":status":
		return fmt.Sprintf("it has a header named %.40q", f.Name)
	case b.status > 0:
		return "it has two statuses"
	case b.others:
		return "its status comes after other headers"
	case err != nil || len(f.Value) != 3 || n < 100 || n == 101: // which HTTP/2 does not have
		return fmt.Sprintf("status %.20q", f.Value)
	}
	return ""
}

// handleHeader handles a whole header: hints, the reply's own, or its trailer.
func (c *Conn) handleHeader() error {
	b := &c.header
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastRead = c.readAt
	s := c.streams[b.stream]
	if s == nil {
		return c.checkID(b.stream)
	}
	if c.answeredSinceIdle = true; !c.answered {
		c.answered = true
		c.assignPlaces()
	}
	s.In += int64(b.size)
	if s.First == 0 {
		s.First = b.first
	}
	switch {
	case b.fault != "":
		c.abandon(s, b.fault)
	case s.Status == 0 && b.status == 0:
		c.abandon(s, "its header has no status")
	case s.Status == 0 && b.status < 200:
		if b.ended {
			c.abandon(s, "it ends before its own header")
		}
		return nil // 100, 102, 103: the reply itself is still to come
	case s.Status == 0:
		s.Status, s.length = b.status, b.length
		s.RequestID, s.Model = append(s.RequestID, b.id...), append(s.Model, b.model...)
		s.Fields = append(s.Fields, b.fields...)
		if s.Follower != nil && c.config.Success[b.status] && !s.noBody {
			s.fed = s.Follower.Begin(b.kind)
		}
	case !b.ended:
		c.abandon(s, "it has a second header in its middle")
	case b.status > 0:
		c.abandon(s, "its trailer has a status")
	}
	if b.ended && !s.done {
		c.replied(s)
	}
	return nil
}
