package h2

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/net/http2/hpack"
)

// requestIDs are the names of the header that says what the endpoint calls a
// request, most telling first.
var requestIDs = [...]string{"x-databricks-request-id", "x-request-id", "request-id"}

// servedModel is the header that names which of the models behind an endpoint
// has answered.
const servedModel = "served-model-name"

// mostFields is how many of a failed reply's header fields are kept.
const mostFields = 64

// block is one header on its way in; only the reader touches it.
type block struct {
	stream uint32
	ended  bool  // no more of the stream follows
	first  int64 // instant of its first frame
	size   int   // bytes of frames
	plain  int   // bytes of the fields, decoded
	status int
	length int64
	id     string
	rank   int // of id
	model  string
	kind   string              // of the body
	fields []hpack.HeaderField // of a failure
	fault  string
}

// headerPart decodes a piece of a header: even one that nobody waits for any
// more changes the table that later ones refer to.
func (c *Conn) headerPart(part []byte, last bool) error {
	if c.block.size > blockMax {
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
	return c.header()
}

// field is called with each field that the decoder meets.
func (c *Conn) field(f hpack.HeaderField) {
	b := &c.block
	b.plain += len(f.Name) + len(f.Value)
	if b.status > 0 && !c.config.Success[b.status] && len(b.fields) < mostFields {
		b.fields = append(b.fields, f)
	}
	switch {
	case b.plain > headerMax:
		b.fault = "its header is larger than 64 KiB"
	case f.Name == ":status":
		n, err := strconv.Atoi(f.Value)
		if err != nil || n < 100 || n > 999 {
			b.fault = fmt.Sprintf("status %.20q", f.Value)
			return
		}
		b.status = n
	case f.Name == "content-length":
		n, err := strconv.ParseInt(f.Value, 10, 64)
		if err != nil || n < 0 {
			b.fault = "its content-length is no number"
			return
		}
		b.length = n
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

// header handles a whole header: hints, the reply's own, or its trailer.
func (c *Conn) header() error {
	b := &c.block
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = c.stamp
	s := c.streams[b.stream]
	if s == nil {
		return c.known(b.stream)
	}
	if c.fresh = true; !c.fruitful {
		c.fruitful = true
		c.serve()
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
			s.follows, s.stalls = s.Follower.Begin(b.kind)
		}
		if s.heard = c.stamp; s.stalls {
			s.call() // for it to wait no longer than the stall
		}
	case !b.ended:
		c.abandon(s, "it has a second header in its middle")
	}
	if b.ended && !s.done {
		delete(c.streams, b.stream)
		s.settle(c.stamp, nil)
	}
	return nil
}
