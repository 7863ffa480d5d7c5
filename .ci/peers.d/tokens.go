package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const tokenGap = time.Second / tokensPerSecond

// One token and a stream's end, each as a chunk of HTTP/1.1.
var (
	streamHead = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
	tokenChunk = chunked(`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m",` +
		`"choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]}` + "\n\n")
	lastChunk = append(chunked(`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,`+
		`"model":"m","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}`+"\n\n"+
		"data: [DONE]\n\n"), "0\r\n\r\n"...)
)

func chunked(text string) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(text), text) }

// tokenServer sends streams of tokens. One goroutine writes all of them, without
// waiting for any: thousands cost little more than the system calls.
type tokenServer struct {
	listener net.Listener
	length   int // tokens of each stream
	together int // of those, written at once

	mu    sync.Mutex
	fresh []*stream
	conns map[net.Conn]bool
	peak  int
	ended bool

	connections, requests, tokens atomic.Uint64
	late                          atomic.Int64 // of a token, at most
}

// stream is one reply.
type stream struct {
	raw   syscall.RawConn
	begun time.Time
	sent  int    // tokens
	rest  []byte // what the connection did not take
	done  chan bool
}

// serveTokens starts one with streams of so many tokens, some of them together.
func (b *bench) serveTokens(length, together int) (*tokenServer, error) {
	listener, err := net.Listen("tcp", b.address())
	if err != nil {
		return nil, err
	}
	t := &tokenServer{listener: listener, length: length, together: together, conns: map[net.Conn]bool{}}
	go t.accept()
	go t.send()
	return t, nil
}

func (t *tokenServer) accept() {
	for {
		c, err := t.listener.Accept()
		if err != nil {
			return
		}
		t.connections.Add(1)
		t.mu.Lock()
		t.conns[c] = true
		t.peak = max(t.peak, len(t.conns))
		t.mu.Unlock()
		go t.answer(c)
	}
}

// answer reads a connection's requests and has each one answered.
func (t *tokenServer) answer(c net.Conn) {
	defer func() {
		_ = c.Close()
		t.mu.Lock()
		delete(t.conns, c)
		t.mu.Unlock()
	}()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return
	}
	for reader := bufio.NewReader(c); ; {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return
		}
		t.requests.Add(1)
		s := &stream{raw: raw, begun: time.Now(), rest: streamHead, done: make(chan bool, 1)}
		t.mu.Lock()
		ended := t.ended
		t.fresh = append(t.fresh, s)
		t.mu.Unlock()
		if ended || !<-s.done {
			return
		}
	}
}

// send looks each millisecond at the streams with a token due in it.
func (t *tokenServer) send() {
	const parts = int(tokenGap / time.Millisecond)
	var due [parts][]*stream
	begun, ms := time.Now(), 0
	for !t.sorted(&due, begun) {
		for ; time.Since(begun) >= time.Duration(ms)*time.Millisecond; ms++ {
			now := time.Now()
			slot := &due[ms%parts]
			*slot = slices.DeleteFunc(*slot, func(s *stream) bool { return t.step(s, now) })
		}
		time.Sleep(time.Until(begun.Add(time.Duration(ms) * time.Millisecond)))
	}
	for _, slot := range due {
		for _, s := range slot {
			s.done <- false
		}
	}
}

// sorted puts new streams where their tokens are due, and tells whether the
// server has ended.
func (t *tokenServer) sorted(due *[int(tokenGap / time.Millisecond)][]*stream, begun time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.fresh {
		if t.ended {
			s.done <- false
			continue
		}
		// One millisecond on, so that the first look comes no sooner than the token.
		at := int(s.begun.Sub(begun)/time.Millisecond) + 1
		due[at%len(due)] = append(due[at%len(due)], s)
	}
	t.fresh = t.fresh[:0]
	return t.ended
}

// step sends what is due of a stream, and tells whether it is over.
func (t *tokenServer) step(s *stream, now time.Time) bool {
	planned := int(now.Sub(s.begun) / tokenGap)
	planned = min(planned-planned%t.together, t.length)
	out, tokens := s.rest, max(0, planned-s.sent)
	if tokens > 0 {
		late := now.Sub(s.begun) - time.Duration(min(s.sent+t.together, t.length))*tokenGap
		t.late.Store(max(t.late.Load(), int64(late)))
	}
	if len(out) == 0 && tokens == 1 {
		out = tokenChunk // the usual case, without a copy
	} else {
		for range tokens {
			out = append(out[:len(out):len(out)], tokenChunk...)
		}
	}
	s.sent += tokens
	t.tokens.Add(uint64(tokens))
	last := tokens > 0 && s.sent == t.length
	if last {
		out = append(out[:len(out):len(out)], lastChunk...)
	}
	var n int
	var failed error
	err := s.raw.Write(func(fd uintptr) bool {
		n, failed = 0, nil
		if len(out) > 0 {
			n, failed = syscall.Write(int(fd), out)
		}
		return true // whatever it took: the rest goes with the next token
	})
	if failed == syscall.EAGAIN || failed == syscall.EINTR {
		n, failed = 0, nil
	}
	if err != nil || failed != nil {
		s.done <- false
		return true
	}
	s.rest = out[n:]
	if s.sent == t.length && len(s.rest) == 0 {
		s.done <- true
		return true
	}
	return false
}

func (t *tokenServer) url(path string, _ bool) string {
	return fmt.Sprintf("http://%s%s", t.listener.Addr(), path)
}

func (t *tokenServer) count(context.Context) (counts, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return counts{
		connections: t.connections.Load(), requests: t.requests.Load(), tokens: t.tokens.Load(),
		peak: uint64(t.peak), late: time.Duration(t.late.Load()), cpu: ownCPU(),
	}, nil
}

func (t *tokenServer) stop() {
	_ = t.listener.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	for c := range t.conns {
		_ = c.Close()
	}
}

// ownCPU is what this program has used so far.
func ownCPU() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
