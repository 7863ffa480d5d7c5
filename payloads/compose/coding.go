package compose

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// Coding is how a body is compressed, by its name in Content-Encoding. Empty is not
// at all.
type Coding string

// The codings that brunt can make.
const (
	Gzip    Coding = "gzip"
	Zstd    Coding = "zstd"
	Deflate Coding = "deflate" // zlib's format (RFC 9110 §8.4.1.2)
)

// ParseCoding is what the value of a Content-Encoding header asks for: in lower case,
// and one that stands for others by its usual name.
func ParseCoding(value string) Coding {
	switch value = strings.ToLower(strings.TrimSpace(value)); value {
	case "identity":
		return ""
	case "x-gzip":
		return Gzip
	}
	return Coding(value)
}

// known reports whether brunt can make the coding.
func (c Coding) known() bool { return c == Gzip || c == Zstd || c == Deflate }

// refusal is why a body that is plain for sure cannot be sent under such a header.
func (c Coding) refusal() string {
	return fmt.Sprintf("Content-Encoding %.40q: bodies are compressed as gzip, zstd or deflate only, and this one would go out plain "+
		`under that header; leave it out, or give bodies that are so coded as "file" or "base64"`, string(c))
}

// has reports whether bytes begin as what the coding makes does.
func (c Coding) has(b []byte) bool {
	switch c {
	case Gzip:
		return bytes.HasPrefix(b, []byte{0x1F, 0x8B})
	case Zstd:
		return bytes.HasPrefix(b, []byte{0x28, 0xB5, 0x2F, 0xFD})
	case Deflate:
		return len(b) >= 2 && b[0]&0x0F == 8 && (int(b[0])<<8|int(b[1]))%31 == 0
	}
	return !isText(b) // who gives bytes of another coding knows what they are
}

// isText reports whether bytes are text, which nothing compressed is.
func isText(b []byte) bool {
	return utf8.Valid(b) && !bytes.ContainsFunc(b, func(c rune) bool {
		return c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7F
	})
}

// Pack compresses a body that is known not to be; what is why it cannot.
func Pack(body []byte, coding Coding) (packed []byte, what string) {
	if !coding.known() {
		return nil, coding.refusal()
	}
	var p packer
	return p.pack(body, coding), ""
}

// packer compresses one body after the other.
type packer struct {
	out  bytes.Buffer
	gzip *gzip.Writer
	zlib *zlib.Writer
	zstd *zstd.Encoder
	made []byte // by it
}

// pack compresses b. What it returns is valid until the next call.
func (p *packer) pack(b []byte, c Coding) []byte {
	p.out.Reset()
	switch c {
	case Gzip:
		if p.gzip == nil {
			p.gzip = gzip.NewWriter(&p.out)
		}
		p.gzip.Reset(&p.out)
		write(p.gzip, b)
	case Deflate:
		if p.zlib == nil {
			p.zlib = zlib.NewWriter(&p.out)
		}
		p.zlib.Reset(&p.out)
		write(p.zlib, b)
	case Zstd:
		if p.zstd == nil {
			p.zstd, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)) // its options are sound
		}
		p.made = p.zstd.EncodeAll(b, p.made[:0])
		return p.made
	}
	return p.out.Bytes()
}

// write cannot fail, for it goes into memory.
func write(w io.WriteCloser, b []byte) {
	_, _ = w.Write(b)
	_ = w.Close()
}
