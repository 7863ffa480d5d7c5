package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"
)

// own is a server of the harness, for what nginx does not do. It shares this
// program's core with nginx.
type own struct {
	plain, tls            net.Listener
	server                *http.Server
	done                  chan struct{} // closed at its end
	connections, requests atomic.Uint64
	open                  atomic.Int64
	peak                  atomic.Int64
}

// serve starts one with this handler, over TCP, TLS and HTTP/2. Each has an
// address of its own, so that ports of earlier runs' connections are free.
func (b *bench) serve(handler func(o *own, w http.ResponseWriter, r *http.Request)) (*own, error) {
	o := &own{done: make(chan struct{})}
	address := b.address()
	var err error
	if o.plain, err = net.Listen("tcp", address); err != nil {
		return nil, err
	}
	if o.tls, err = net.Listen("tcp", address); err != nil {
		return nil, errors.Join(err, o.plain.Close())
	}
	o.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			o.requests.Add(1)
			handler(o, w, r)
		}),
		ConnState: o.state,
		ErrorLog:  log.New(io.Discard, "", 0), // clients that go away are no news
	}
	go func() { _ = o.server.Serve(o.plain) }()
	certificate := filepath.Join(b.work, "certificate.pem")
	go func() { _ = o.server.ServeTLS(o.tls, certificate, filepath.Join(b.work, "key.pem")) }()
	return o, nil
}

// address is a loopback address that the runs before did not have.
func (b *bench) address() string { return fmt.Sprintf("127.0.0.%d:0", 2+b.runs%200) }

func (o *own) state(_ net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		o.connections.Add(1)
		open := o.open.Add(1)
		for peak := o.peak.Load(); open > peak && !o.peak.CompareAndSwap(peak, open); {
			peak = o.peak.Load()
		}
	case http.StateClosed, http.StateHijacked:
		o.open.Add(-1)
	}
}

func (o *own) url(path string, tls bool) string {
	if tls {
		return fmt.Sprintf("https://%s%s", o.tls.Addr(), path)
	}
	return fmt.Sprintf("http://%s%s", o.plain.Addr(), path)
}

func (o *own) count(context.Context) (counts, error) {
	return counts{
		connections: o.connections.Load(), requests: o.requests.Load(), peak: uint64(o.peak.Load()),
	}, nil
}

func (o *own) stop() {
	close(o.done)
	_ = o.server.Close()
}

// wait answers after a while.
func wait(d time.Duration) func(o *own, w http.ResponseWriter, r *http.Request) {
	return func(o *own, w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-time.After(d):
		case <-o.done:
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"predictions":[0.25]}`)
	}
}
