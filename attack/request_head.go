package attack

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2/hpack"

	"brunt/attack/endpoint"
	"brunt/payloads"
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

// heads builds the bytes that stand before the body's length, once per
// payload variant: request line and headers, without the Content-Length and
// the empty line.
func (r *Request) heads(t *endpoint.Target, variants []payloads.Variant, keepAlive, hasBody bool) [][]byte {
	list := make([][]byte, len(variants))
	for i := range variants {
		list[i] = r.head(t, &variants[i], keepAlive, hasBody)
	}
	return list
}

// MethodFor is the method that a request with or without a body has.
func (r *Request) MethodFor(hasBody bool) string {
	switch {
	case r.Method != "":
		return r.Method
	case hasBody:
		return http.MethodPost
	default:
		return http.MethodGet
	}
}

func (r *Request) head(t *endpoint.Target, v *payloads.Variant, keepAlive, hasBody bool) []byte {
	path, _ := r.own(t, v)
	b := fmt.Appendf(nil, "%s %s HTTP/1.1\r\n", r.MethodFor(hasBody), path)
	for _, h := range r.headers(t, v, keepAlive, hasBody) {
		b = fmt.Appendf(b, "%s: %s\r\n", h.Name, h.Value)
	}
	return b
}

// own is where a variant's requests go, and the headers that it brings.
func (r *Request) own(t *endpoint.Target, v *payloads.Variant) (path string, headers []payloads.Header) {
	path, headers = t.Path, v.Headers
	if v.Path != "" {
		path = v.Path
	}
	if !r.Withhold {
		return path, headers
	}
	if v.Path != "" {
		path, _ = endpoint.WithholdQuery(path)
	}
	headers, _ = endpoint.Withhold(headers)
	return path, headers
}

// headers are a variant's, brunt's own included, each layer replacing those
// before it.
func (r *Request) headers(t *endpoint.Target, v *payloads.Variant, keepAlive, hasBody bool) (list []payloads.Header) {
	own := []payloads.Header{
		{Name: "Host", Value: t.Host},
		{Name: "User-Agent", Value: r.UserAgent},
		{Name: "Accept", Value: "application/json"},
	}
	if hasBody {
		own = append(own, payloads.Header{Name: "Content-Type", Value: "application/json"})
	}
	if !keepAlive {
		own = append(own, payloads.Header{Name: "Connection", Value: "close"})
	}
	_, ofPayload := r.own(t, v)
	layers := [][]payloads.Header{own, r.credentials, r.Headers, ofPayload}
	for depth, layer := range layers {
		for _, h := range layer {
			if !h.Remove && !replaced(layers[depth+1:], h.Name) {
				list = append(list, h)
			}
		}
	}
	return list
}

// fields are the same for HTTP/2, pseudo-headers first. What steers a
// connection of HTTP/1.1 has no place there [RFC 9113 §8.2.2].
func (r *Request) fields(t *endpoint.Target, v *payloads.Variant, hasBody bool) []hpack.HeaderField {
	scheme, authority := "http", t.Host
	if t.TLS {
		scheme = "https"
	}
	path, _ := r.own(t, v)
	var rest []hpack.HeaderField
	for _, h := range r.headers(t, v, true, hasBody) {
		switch name := strings.ToLower(h.Name); name {
		case "host":
			authority = h.Value
		case "keep-alive", "proxy-connection", "upgrade":
		default:
			rest = append(rest, hpack.HeaderField{Name: name, Value: h.Value})
		}
	}
	return append([]hpack.HeaderField{{Name: ":method", Value: r.MethodFor(hasBody)}, {Name: ":scheme", Value: scheme},
		{Name: ":authority", Value: authority}, {Name: ":path", Value: path}}, rest...)
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
