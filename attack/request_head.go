package attack

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2/hpack"

	"brunt/attack/endpoint"
	"brunt/payloads"
	"brunt/payloads/compose"
	"brunt/payloads/setting"
)

// Request is what is the same for all requests of a run.
type Request struct {
	// Method is the HTTP method; empty means POST with a body and GET without.
	Method string
	// Headers are sent as they are, after brunt's own, which they replace.
	Headers []payloads.Header
	// UserAgent is sent unless Headers name one.
	UserAgent string
	// Coding is what bodies are compressed as; empty for not at all.
	Coding compose.Coding
	// Template has {{uuid}}, {{seq}} and {{now}} in headers and paths replaced by each
	// request's own values.
	Template bool
	// Chunked has bodies sent without a Content-Length: as one chunk over HTTP/1.1.
	Chunked bool

	// Withhold leaves out what payloads give a request of their own that may be a
	// secret: headers, and values of their paths' queries. It was meant for another
	// host.
	Withhold bool

	// credentials are the target's own, which Headers replace.
	credentials []payloads.Header
}

// Validate reports the first thing in r that cannot be sent.
func (r *Request) Validate() error {
	if r.Method != "" && !httpguts.ValidHeaderFieldName(r.Method) {
		return setting.Wrong(setting.Method, strconv.Quote(r.Method), "not an HTTP method")
	}
	if r.Method == http.MethodConnect {
		return setting.Wrong(
			setting.Method,
			http.MethodConnect,
			"opens a tunnel, which cannot be measured; use GET, POST, PUT …",
		)
	}
	for _, h := range r.Headers {
		if err := validateHeader(h); err != nil {
			return err
		}
	}
	return nil
}

func validateHeader(h payloads.Header) error {
	switch {
	case !httpguts.ValidHeaderFieldName(h.Name):
		return fmt.Errorf("header %q: not a header name; write it as 'Name: value'", h.Name)
	case !httpguts.ValidHeaderFieldValue(h.Value):
		// The value may be a secret: it is not shown.
		return fmt.Errorf("header %s: its value holds a control character or line end", h.Name)
	case strings.EqualFold(h.Name, "Content-Length"), strings.EqualFold(h.Name, "Transfer-Encoding"):
		return fmt.Errorf("header %s: brunt sets it itself, from the body", h.Name)
	case h.Remove && strings.EqualFold(h.Name, "Host"):
		return fmt.Errorf("header Host: HTTP cannot do without it; give it a value, or leave it out")
	case strings.EqualFold(h.Name, "Connection"):
		return setting.Errorf(
			"header Connection: brunt manages connections itself; use %v to open one per request",
			setting.NoKeepAlive,
		)
	case strings.EqualFold(h.Name, "Expect"):
		return fmt.Errorf("header Expect: waiting for a go-ahead before the body is not supported; leave it out")
	}
	return nil
}

// head is what stands before the body's length in requests of a payload variant, over
// HTTP/1.1: request line and headers, without the Content-Length and the empty line.
type head struct {
	bytes           []byte
	pathAt, pathEnd int // where the path stands
}

// append appends the head, with the path in it unless that is nil.
func (h *head) append(b, path []byte) []byte {
	if path == nil {
		return append(b, h.bytes...)
	}
	b = append(append(b, h.bytes[:h.pathAt]...), path...)
	return append(b, h.bytes[h.pathEnd:]...)
}

// headsOf builds the heads of all variants.
func (r *Run) headsOf(request *Request) []head {
	variants := r.payloads.Variants()
	list := make([]head, len(variants))
	for i := range variants {
		k := &r.kinds[i]
		list[i] = request.head(r.hosts[k.host], &variants[i], k, r.plan.KeepAlive)
	}
	return list
}

// requestKind is what requests of a payload variant have in common, besides their heads.
type requestKind struct {
	method  string
	host    int  // among the run's hosts
	hasBody bool // even if it may be empty
	lengths bool // they carry a Content-Length
	chunked bool // they do not, and the body is sent as a chunk
	noReply bool // replies have no body, whatever their headers say
}

// kindOf is the kind of requests of a variant; hasBodies says that some payload has one.
func (r *Request) kindOf(v *payloads.Variant, hasBodies bool) requestKind {
	k := requestKind{hasBody: hasBodies && !v.Bodiless}
	k.method = r.MethodFor(v, hasBodies)
	k.chunked = r.Chunked && k.hasBody
	k.lengths = !k.chunked && (k.hasBody || k.method == http.MethodPost || k.method == http.MethodPut || k.method == http.MethodPatch)
	k.noReply = k.method == http.MethodHead
	return k
}

// MethodFor is the method of requests of a variant; hasBodies says that some payload has
// a body.
func (r *Request) MethodFor(v *payloads.Variant, hasBodies bool) string {
	switch {
	case v.Method != "":
		return v.Method
	case r.Method != "":
		return r.Method
	case hasBodies && !v.Bodiless:
		return http.MethodPost
	default:
		return http.MethodGet
	}
}

func (r *Request) head(on *runHost, v *payloads.Variant, k *requestKind, keepAlive bool) head {
	origin, authorization := on.dialer.PassedOn()
	h := head{bytes: append([]byte(k.method), ' ')}
	h.bytes = append(h.bytes, origin...)
	h.pathAt = len(h.bytes)
	h.bytes = append(h.bytes, on.target.Path...)
	h.pathEnd = len(h.bytes)
	h.bytes = append(h.bytes, " HTTP/1.1\r\n"...)
	if authorization != "" && !replaced([][]payloads.Header{r.Headers}, "Proxy-Authorization") {
		h.bytes = fmt.Appendf(h.bytes, "Proxy-Authorization: %s\r\n", authorization)
	}
	for _, one := range r.headers(on, v, k, keepAlive) {
		h.bytes = fmt.Appendf(h.bytes, "%s: %s\r\n", one.Name, one.Value)
	}
	return h
}

// headers are a variant's, brunt's own included, each layer replacing those
// before it. The target's own credentials are sent to no other host.
func (r *Request) headers(on *runHost, v *payloads.Variant, k *requestKind, keepAlive bool) (list []payloads.Header) {
	own := []payloads.Header{
		{Name: "Host", Value: on.target.Host},
		{Name: "User-Agent", Value: r.UserAgent},
	}
	if !v.Bare {
		own = append(own, payloads.Header{Name: "Accept", Value: "application/json"})
	}
	if k.hasBody {
		if !v.Bare {
			own = append(own, payloads.Header{Name: "Content-Type", Value: cmp.Or(v.ContentType, "application/json")})
		}
		if r.Coding != "" {
			own = append(own, payloads.Header{Name: "Content-Encoding", Value: string(r.Coding)})
		}
		if k.chunked {
			own = append(own, payloads.Header{Name: "Transfer-Encoding", Value: "chunked"})
		}
	}
	if !keepAlive {
		own = append(own, payloads.Header{Name: "Connection", Value: "close"})
	}
	layers := [][]payloads.Header{own, r.credentials, r.Headers, v.Headers}
	if k.host > 0 {
		layers[1] = nil
	}
	if r.Withhold {
		layers[3], _ = endpoint.Withhold(v.Headers)
	}
	for depth, layer := range layers {
		for _, h := range layer {
			if !h.Remove && !replaced(layers[depth+1:], h.Name) {
				list = append(list, h)
			}
		}
	}
	return list
}

// pathField is the place of the path among the fields of HTTP/2.
const pathField = 3

// fields are the same for HTTP/2, pseudo-headers first. What steers a
// connection of HTTP/1.1 has no place there [RFC 9113 §8.2.2].
func (r *Request) fields(on *runHost, v *payloads.Variant, k *requestKind) []hpack.HeaderField {
	scheme, authority := "http", on.target.Host
	if on.target.TLS {
		scheme = "https"
	}
	var rest []hpack.HeaderField
	for _, h := range r.headers(on, v, k, true) {
		switch name := strings.ToLower(h.Name); name {
		case "host":
			authority = h.Value
		case "keep-alive", "proxy-connection", "upgrade", "transfer-encoding":
		default:
			rest = append(rest, hpack.HeaderField{Name: name, Value: h.Value})
		}
	}
	return append([]hpack.HeaderField{{Name: ":method", Value: k.method}, {Name: ":scheme", Value: scheme},
		{Name: ":authority", Value: authority}, {Name: ":path", Value: on.target.Path}}, rest...)
}

// replaced reports whether a later layer of headers replaces this one.
func replaced(layers [][]payloads.Header, name string) bool {
	for _, layer := range layers {
		for _, h := range layer {
			if strings.EqualFold(h.Name, name) {
				return true
			}
		}
	}
	return false
}

// appendLength ends a head: the body's length, where the method has one, and
// the empty line.
func appendLength(b []byte, length int, send bool) []byte {
	if send {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(length), 10)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}
