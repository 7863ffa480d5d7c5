// Package h2 is the client's end of an HTTP/2 connection, made for measuring. A stream is
// driven by the goroutine that asks for it, each instant is that of the system call that
// moved the bytes, and nothing is ever sent twice. A complete reply ends the upload of its
// request. Frames are read by Framer of golang.org/x/net/http2.
//
//	Conn ─ read_frames.go   one goroutine reads frames and hands them to their streams
//	     ─ write_frames.go  the goroutine that has something to send takes the write lock
//	     ─ upload.go        one goroutine sends what is left of bodies, a piece of each in turn
//	     ─ stream.go        one request and its response; waits for a place where all are taken
//
// May import: attack/clock, attack/endpoint, payloads/file.
package h2
