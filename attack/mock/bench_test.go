package mock

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// rawRequest is the bytes of one invocation.
func rawRequest(s *Server, body string) []byte {
	return []byte("POST " + s.endpoint.invocations + " HTTP/1.1\r\nHost: " + s.Addr() +
		"\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

// kilobyte is a classic body of about 1 KB.
var kilobyte = `{"dataframe_records":[` + strings.Repeat(`{"a":1.5,"b":"x","c":[1,2]},`, 35) + `{"a":2}]}`

// BenchmarkHandle is the handler alone, nothing to wait for.
func BenchmarkHandle(b *testing.B) {
	for _, bb := range []struct{ name, body string }{
		{"one row", `{"instances":[1]}`}, {"1 KB", kilobyte}, {"chat", `{"messages":[{"role":"user","content":"hi"}]}`},
	} {
		b.Run(bb.name, func(b *testing.B) {
			s := start(b, quick())
			var ctx fasthttp.RequestCtx
			ctx.Request.Header.SetMethod("POST")
			ctx.Request.SetRequestURI(s.endpoint.invocations)
			ctx.Request.SetBodyString(bb.body)
			b.ReportAllocs()
			for b.Loop() {
				s.handle(&ctx)
				ctx.Response.ResetBody()
				ctx.Response.Header.Reset()
			}
		})
	}
}

// BenchmarkReadShape is what a body costs when it is seen first.
func BenchmarkReadShape(b *testing.B) {
	b.SetBytes(int64(len(kilobyte)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readShape([]byte(kilobyte)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRoundTrip is one connection over loopback, client included: a bare
// write and read.
func BenchmarkRoundTrip(b *testing.B) {
	s := start(b, quick())
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	message, buffer := rawRequest(s, kilobyte), make([]byte, 8192)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Write(message); err != nil {
			b.Fatal(err)
		}
		if _, err := conn.Read(buffer); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWait is the shortest wait there is: mostly how late a timer is.
func BenchmarkWait(b *testing.B) {
	s := start(b, quick())
	b.ReportAllocs()
	for b.Loop() {
		s.wait(s.now() + int64(time.Microsecond))
	}
}
