// Package payloads turns files of JSON into ready-to-send request bodies.
//
// A file is mapped into memory, indexed and checked once, in parallel; from
// then on body number i of a run is a pure function of i ([Set.At]): nothing
// is read, copied or allocated on the way to the wire, and several workers or
// machines that share a ticket counter share one order of bodies.
//
// Because bodies point into mapped files, whoever reads them must be ready
// for a file that is cut short by somebody else meanwhile: see [Fault].
//
// Around a run, [Check] lists what is wrong with files, [Describe] tells what
// is in them, and [Make] makes them from CSV or an example.
package payloads

import "io"

// Format says what one line of a payload file holds.
type Format string

// The formats.
const (
	// BodyFormat: the line is the body, sent byte for byte.
	BodyFormat Format = "body"
	// RequestFormat: the line is an object with the body and, if wanted, the
	// name, path, headers and weight of its requests.
	RequestFormat Format = "request"
	// InferenceFormat: the file is an inference table as Databricks exports it,
	// JSON lines or CSV, and what is sent are the bodies in its column request,
	// less the white space around them; line ends within become blanks.
	InferenceFormat Format = "inference"
	// AutoFormat is InferenceFormat for files whose first row has the columns
	// of an inference table, and BodyFormat for all others.
	AutoFormat Format = "auto"
)

// Order says in which order the bodies of a file are sent.
type Order string

// The orders. In all of them files share the requests by their weights.
const (
	// Sequential sends a file from top to bottom, again and again.
	Sequential Order = "sequential"
	// Shuffle sends every body once per pass, each pass in another order.
	Shuffle Order = "shuffle"
	// Random draws each body independently of those before.
	Random Order = "random"
	// Recorded sends the bodies of one inference table as they came, see
	// [Set.Instants].
	Recorded Order = "recorded"
)

// Options are what all payload files of a run have in common. The zero value
// is usable: format body, order sequential, standard input of the process.
type Options struct {
	Format Format
	Order  Order
	Seed   uint64    // of the orders shuffle and random
	Stdin  io.Reader // what the file name "-" reads; nil means os.Stdin
	// Unique puts the request's id before the text of each body, so that no
	// prompt cache has met it. Bodies without text are wrong then.
	Unique bool
	// ClientRequestID puts the request's id into each body that is an object,
	// as its client_request_id, unless it has one.
	ClientRequestID bool
}

// Item is what one request sends.
type Item struct {
	// Body may point into a mapped file: it must not be written to, and is
	// gone once the Set is closed. Nil means a request without a body.
	Body []byte
	// Variant is an index into [Set.Variants].
	Variant int
}

// Variant is what request lines may say about their requests besides the
// body. Empty fields leave to the target what it says.
type Variant struct {
	Name    string
	Path    string // starts with "/"; printable ASCII
	Headers []Header
}

// Header is one HTTP header of a request line, checked so that it cannot
// break the framing of the message.
type Header struct{ Name, Value string }

// File describes one payload file for reports.
type File struct {
	Path   string // as given
	Lines  int    // bodies in it; blank lines do not count
	Bytes  int64  // after decompression
	SHA256 string // of these bytes, in hex
	Weight int    // its share of requests, as given
}
