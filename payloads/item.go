package payloads

// Item is what one request sends.
type Item struct {
	// Body may point into a mapped file: it must not be written to, and is
	// gone once the Set is closed. Nil means a request without a body.
	Body []byte
	// Variant is an index into [Set.Variants].
	Variant int
}

// Variant is what request lines may say about their requests besides the body and
// the path. Empty fields leave to the target what it says.
type Variant struct {
	Name   string
	Method string
	// Origin is scheme and host of the absolute URL that the lines gave, such as
	// https://host:8443, as they wrote it.
	Origin  string
	Headers []Header
	// ContentType is that of the body, unless Headers have one; empty for JSON.
	ContentType string
	Bodiless    bool // the requests have no body
	// Bare has the requests sent with no Content-Type and no Accept but those given,
	// as vegeta sends them.
	Bare bool
}

// Header is one HTTP header of a request line, checked so that it cannot
// break the framing of the message.
type Header struct {
	Name, Value string
	// Remove has no header of that name sent: those that would be sent otherwise
	// are left out. There is no Value then.
	Remove bool
}

// File describes one payload file for reports.
type File struct {
	Path   string // as given
	Lines  int    // bodies in it; blank lines do not count
	Bytes  int64  // after decompression
	SHA256 string // of these bytes, in hex
	Weight int    // its share of requests, as given
}
