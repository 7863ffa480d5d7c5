package payloads

import (
	"fmt"
	"io"
	"os"
	"slices"

	"brunt/payloads/compose"
	"brunt/payloads/setting"
	"brunt/payloads/splice"
)

// Format says what one line of a payload file holds.
type Format string

// The formats.
const (
	// BodyFormat: the line is the body, sent byte for byte.
	BodyFormat Format = "body"
	// RequestFormat: the line is an object with the body and, if wanted, the
	// name, path, headers and weight of its requests, timestamp_ms: when the
	// request came, in milliseconds since any instant; and session: the name of
	// the conversation that it is a turn of (see [Session]).
	RequestFormat Format = "request"
	// InferenceFormat: the file is an inference table as Databricks exports it,
	// JSON lines or CSV, and what is sent are the bodies in its column request,
	// less the white space around them; line ends within become blanks.
	InferenceFormat Format = "inference"
	// TargetsFormat: the file is a list of targets as vegeta reads them, in its http
	// format or its JSON format.
	TargetsFormat Format = "targets"
	// AutoFormat is InferenceFormat for files whose first row has the columns
	// of an inference table, RequestFormat for those whose first line has a body
	// and timestamp_ms or session, and BodyFormat for all others.
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
	// Recorded sends the bodies of one file that says when its requests came as
	// they came, see [Set.Instants].
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
	// prompt cache holds it. Bodies without text are wrong then.
	Unique bool
	// ClientRequestID puts the request's id into each body that is an object,
	// as its client_request_id, unless it has one.
	ClientRequestID bool
	// Coding has bodies compressed, once and before the run; lines of the request
	// format may say otherwise.
	Coding compose.Coding
	// Body is the file that targets without a body send, in the format TargetsFormat;
	// empty for none.
	Body string
	// Elsewhere says where files are here that lines name by their place on another
	// machine; nil where they name those of this one.
	Elsewhere *Elsewhere

	bare bool // see [Variant.Bare]
}

// withDefaults fills in what was left empty and refuses unknown words.
func (o Options) withDefaults() (Options, error) {
	if o.Format == "" {
		o.Format = BodyFormat
	}
	if o.Order == "" {
		o.Order = Sequential
	}
	if o.Stdin == nil {
		o.Stdin = os.Stdin
	}
	formats := []Format{AutoFormat, BodyFormat, RequestFormat, InferenceFormat, TargetsFormat}
	if !slices.Contains(formats, o.Format) {
		return o, fmt.Errorf("payload format %q: expected auto, body, request or inference", o.Format)
	}
	if o.Order != Sequential && o.Order != Shuffle && o.Order != Random && o.Order != Recorded {
		return o, fmt.Errorf("payload order %q: expected %s, %s or %s", o.Order, Sequential, Shuffle, Random)
	}
	return o, o.checkCoding()
}

// checkCoding refuses to compress bodies that are not whole before they are sent.
func (o Options) checkCoding() error {
	if o.Coding == "" || !o.Unique && !o.ClientRequestID {
		return nil
	}
	option := setting.ClientRequestID
	if o.Unique {
		option = setting.Unique
	}
	return setting.Errorf("%v puts text into bodies while they are sent, and %v compresses them before: leave one of the two out",
		option, setting.Compress)
}

// noBodies is the error for options that need bodies where there are none.
func (o Options) noBodies() error {
	option, purpose := setting.ClientRequestID, "stamp"
	if o.Unique {
		option, purpose = setting.Unique, "make unique"
	}
	return setting.Wrong(option, "", "there are no bodies to %s; name some with %v", purpose, setting.Payloads)
}

// splicers find the places of what each request has of its own in its body.
func (o Options) splicers() []splice.Finder { return splice.Finders(o.Unique, o.ClientRequestID) }
