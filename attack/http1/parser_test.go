package http1

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

// inPieces gives a parser its bytes, so many at a time, and then the end; it returns
// all that was said of them.
func inPieces(data []byte, size int, noBody bool) string {
	var p Parser
	p.Init()
	p.NoBody = noBody
	var body []byte
	headers := 0
	say := func(done bool, err error) string {
		kind := ""
		if bad := (*Error)(nil); errors.As(err, &bad) {
			kind = "bad" // the words of an error quote what was there of it
		} else if err != nil {
			kind = err.Error()
		}
		return fmt.Sprintf("%t %s %d, %d headers, %q, close %t", done, kind, p.Status, headers, body, p.Close)
	}
	for len(data) > 0 {
		n := min(size, len(data))
		for came := data[:n]; len(came) > 0; {
			piece, err := p.Next(came)
			if err != nil {
				return say(false, err)
			}
			if body = append(body, piece.Body...); piece.Header {
				headers++
			}
			if piece.Done {
				p.Close = false // how much came with the end tells whether more came than was asked for
				return say(true, nil)
			}
			came = piece.Rest
		}
		data = data[n:]
	}
	done, err := p.End(io.EOF)
	return say(done, err)
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
	f.Fuzz(func(t *testing.T, data []byte, size uint8, noBody bool) {
		whole := inPieces(data, max(1, len(data)), noBody)
		if split := inPieces(data, int(size)+1, noBody); split != whole {
			t.Errorf("whole:    %s\nin pieces of %d: %s", whole, int(size)+1, split)
		}
	})
}

// TestReplies: one after the other on one parser, each with its own status and body.
func TestReplies(t *testing.T) {
	var p Parser
	p.Init()
	for _, c := range []struct {
		reply, body string
		status      int
		close       bool
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", 200, false},
		{"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "abc", 503, false},
		{"HTTP/1.1 204 No\r\nConnection: close\r\n\r\n", "", 204, true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore", "ok", 200, true},
	} {
		p.Reset()
		var body []byte
		header, done := false, false
		for rest := []byte(c.reply); !done && len(rest) > 0; {
			piece, err := p.Next(rest)
			if err != nil {
				t.Fatalf("%q: %v", c.reply, err)
			}
			body, header, done, rest = append(body, piece.Body...), header || piece.Header, piece.Done, piece.Rest
		}
		if !done || !header || p.Status != c.status || string(body) != c.body || p.Close != c.close {
			t.Errorf("%q: done %t, header %t, status %d, body %q, close %t", c.reply, done, header, p.Status, body, p.Close)
		}
	}
}
