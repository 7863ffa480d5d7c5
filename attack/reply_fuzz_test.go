package attack

import (
	"fmt"
	"io"
	"testing"

	"brunt/attack/plan"
)

// saying is all that a reply says.
func saying(r *reply, done bool, err error) string {
	kind := "" // the words of an error quote what was there of it
	if err != nil {
		kind = kindOf(err, false)
	}
	return fmt.Sprintf("%t %s %d %q %q close %t, %q", done, kind, r.status, r.sample, r.kept, r.close, r.requestID())
}

// inPieces gives a reply its bytes, so many at a time, and then the end.
func inPieces(data []byte, size int, success *plan.StatusSet, noBody bool) string {
	r := newReply()
	r.success, r.noBody = success, noBody
	r.keeps, r.keepLimit = true, 64
	r.use(nil)
	for len(data) > 0 {
		n := min(size, len(data))
		done, err := r.take(data[:n], 1)
		if data = data[n:]; done || err != nil {
			// How much came with a reply's end tells whether more came than was asked for.
			r.close = r.close && !done
			return saying(r, done, err)
		}
	}
	done, err := r.ended(io.EOF)
	return saying(r, done, err)
}

// FuzzReply: what a reply says does not depend on the pieces in which it comes.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 Too Many\nX-Request-Id: 7\nContent-Length: 3\n\nno!",
		"HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nA: b\r\n\r\nmore",
		"HTTP/1.0 503 x\r\n\r\nuntil the end",
		"HTTP/1.1 204 x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
		"SSH-2.0-x\r\n", "HTTP/1.1 2\r\n\r\n", "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	} {
		f.Add([]byte(seed), uint8(1), false)
	}
	success := plan.DefaultSuccess()
	f.Fuzz(func(t *testing.T, data []byte, size uint8, noBody bool) {
		whole := inPieces(data, max(1, len(data)), &success, noBody)
		if split := inPieces(data, int(size)+1, &success, noBody); split != whole {
			t.Errorf("whole:    %s\nin pieces of %d: %s", whole, int(size)+1, split)
		}
	})
}
