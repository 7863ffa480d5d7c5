// Package mock is a look-alike of a serving endpoint, on real loopback TCP:
// provisioned concurrency with a bounded queue and 429 past it.
package mock

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
)

// ExampleBody is a body that the endpoint accepts.
const ExampleBody = `{"inputs":[[1,2,3]]}`

// Config is how the endpoint behaves.
type Config struct {
	Overhead, Latency  time.Duration // outside and within a slot
	Concurrency, Queue int
}

// Parse reads mock://?latency=20ms&concurrency=16&queue=100&overhead=1ms.
func Parse(word string) (Config, error) {
	c := Config{Overhead: time.Millisecond, Latency: 20 * time.Millisecond, Concurrency: 16, Queue: 100}
	u, err := url.Parse(word)
	if err != nil || u.Scheme != "mock" {
		return c, fmt.Errorf("target %q: write it as mock://?latency=20ms", word)
	}
	for key, values := range u.Query() {
		value := values[len(values)-1]
		var err error
		switch key {
		case "overhead":
			c.Overhead, err = time.ParseDuration(value)
		case "latency":
			c.Latency, err = time.ParseDuration(value)
		case "concurrency":
			c.Concurrency, err = strconv.Atoi(value)
		case "queue":
			c.Queue, err = strconv.Atoi(value)
		default:
			return c, fmt.Errorf("mock://: unknown key %q; known are overhead, latency, concurrency, queue", key)
		}
		if err != nil || c.Overhead < 0 || c.Latency < 0 || c.Concurrency < 1 || c.Queue < 0 {
			return c, fmt.Errorf("mock://: %s=%s: not a value in range", key, value)
		}
	}
	return c, nil
}

// Server is a running endpoint.
type Server struct {
	http     *fasthttp.Server
	listener net.Listener
	gone     chan struct{}
}

// Start listens on an address and serves until Close.
func Start(c Config, listen string) (*Server, error) {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, err
	}
	slots := make(chan struct{}, c.Concurrency)
	waiting := make(chan struct{}, c.Concurrency+c.Queue)
	s := &Server{listener: l, gone: make(chan struct{})}
	s.http = &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("application/json")
		select {
		case waiting <- struct{}{}:
		default:
			ctx.SetStatusCode(fasthttp.StatusTooManyRequests)
			ctx.SetBodyString(`{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Too many concurrent requests. Consider increasing the provisioned concurrency of the served entity."}`)
			return
		}
		defer func() { <-waiting }()
		time.Sleep(c.Overhead)
		slots <- struct{}{}
		time.Sleep(c.Latency)
		<-slots
		ctx.SetBodyString(`{"predictions":[0.5]}`)
	}}
	go func() {
		defer close(s.gone)
		_ = s.http.Serve(l)
	}()
	return s, nil
}

// URL is where requests go.
func (s *Server) URL() string {
	return "http://" + s.listener.Addr().String() + "/serving-endpoints/mock/invocations"
}

// Close ends the server.
func (s *Server) Close() error {
	err := s.http.Shutdown()
	<-s.gone
	return err
}
