package workspacetest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"brunt/attack/mock"
)

// RouteDomain ends the names of the hosts of route-optimised endpoints; it
// resolves to nothing, so clients must be told the address.
const RouteDomain = "serving.test"

// AppDomain ends the names of the hosts of apps, which are served where
// route-optimised endpoints are.
const AppDomain = ".aws.databricksapps.com"

// workspaceID stands in the URLs of route-optimised endpoints.
const workspaceID = "1234567890123456"

// Config says what the workspace holds.
type Config struct {
	Listen   string   // address for both listeners, such as 127.0.0.1; that one where empty
	PATs     []string // personal access tokens that it accepts
	ClientID string   // of a service principal, with its secret
	Secret   string
	// Lifetime is that of tokens given out; 1 h where it is 0.
	Lifetime time.Duration
	// Refusal is the status for tokens that are unknown or have expired; 401
	// where it is 0.
	Refusal   int
	Endpoints []Endpoint
}

// Server is a workspace that runs. Its methods may be called at any time, from
// any goroutine.
type Server struct {
	config    Config
	authority *authority
	control   net.Listener
	route     net.Listener
	servers   [2]*http.Server
	transport *http.Transport // to the mocks behind the endpoints
	running   sync.WaitGroup
	life      context.Context
	end       context.CancelFunc

	tokens    tokens
	endpoints sync.Map // name → *endpoint
	counts    counts
	nextID    atomic.Uint64
}

// Start begins to serve. Who is done with it is to Close it.
func Start(c Config) (_ *Server, err error) {
	if c.Listen == "" {
		c.Listen = "127.0.0.1"
	}
	if c.Lifetime == 0 {
		c.Lifetime = time.Hour
	}
	if c.Refusal == 0 {
		c.Refusal = http.StatusUnauthorized
	}
	s := &Server{config: c, transport: &http.Transport{MaxIdleConnsPerHost: 1024}}
	s.life, s.end = context.WithCancel(context.Background())
	s.tokens.begin(&c)
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.authority, err = newAuthority(); err != nil {
		return nil, fmt.Errorf("workspace: %w", err)
	}
	if s.control, err = s.listen(&s.servers[0], s.serveControl); err != nil {
		return nil, err
	}
	if s.route, err = s.listen(&s.servers[1], s.serveRoute); err != nil {
		return nil, err
	}
	for _, e := range c.Endpoints {
		if err = s.Put(e); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Server) listen(server **http.Server, handler http.HandlerFunc) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(s.config.Listen, "0"))
	if err != nil {
		return nil, fmt.Errorf("workspace: %w", err)
	}
	certificate, err := s.authority.issue(s.config.Listen)
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("workspace: %w", err)
	}
	*server = &http.Server{
		Handler:   handler,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
		ErrorLog:  log.New(io.Discard, "", 0), // a client that goes away is no news here
	}
	own := *server
	s.running.Go(func() { _ = own.ServeTLS(l, "", "") }) // it ends by Close
	return l, nil
}

// Put adds an endpoint, or replaces the one of that name.
func (s *Server) Put(e Endpoint) error {
	n := newEndpoint(e)
	if e.Mock != nil {
		c := *e.Mock
		c.Name = e.Name
		m, err := mock.Start(c, "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("workspace: %w", err)
		}
		m.Observe(n.figures.worked)
		n.mock = m
		n.proxy = &httputil.ReverseProxy{
			Transport: s.transport, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
			Rewrite: func(r *httputil.ProxyRequest) {
				at, _ := url.Parse(m.URL()) // the mock's own words
				r.Out.URL = at
				r.Out.Header.Del("Authorization")
			},
		}
	}
	if old, ok := s.endpoints.Swap(e.Name, n); ok {
		old.(*endpoint).close()
	}
	return nil
}

// Drop takes an endpoint away.
func (s *Server) Drop(name string) {
	if old, ok := s.endpoints.LoadAndDelete(name); ok {
		old.(*endpoint).close()
	}
}

func (s *Server) endpoint(name string) *endpoint {
	if e, ok := s.endpoints.Load(name); ok {
		return e.(*endpoint)
	}
	return nil
}

// Host is the workspace's URL, such as https://127.0.0.1:40123.
func (s *Server) Host() string { return "https://" + s.control.Addr().String() }

// RouteHost is the host name of a route-optimised endpoint, without its port:
// what is to be resolved to RouteAddr.
func (s *Server) RouteHost(name string) string {
	if e := s.endpoint(name); e != nil {
		return e.id + "." + RouteDomain
	}
	return ""
}

// RouteAddr is the address at which route-optimised endpoints are served.
func (s *Server) RouteAddr() string { return s.route.Addr().String() }

// routeURL is an endpoint's own URL.
func (s *Server) routeURL(e *endpoint) string {
	_, port, _ := net.SplitHostPort(s.RouteAddr())
	return fmt.Sprintf(
		"https://%s.%s:%s/%s/serving-endpoints/%s/invocations",
		e.id,
		RouteDomain,
		port,
		workspaceID,
		e.Name,
	)
}

// CA is the authority's certificate as PEM.
func (s *Server) CA() []byte { return s.authority.pem }

// SetLifetime is the life of tokens given out from now on.
func (s *Server) SetLifetime(d time.Duration) { s.tokens.lifetime.Store(int64(d)) }

// Hang is the status of a token endpoint that never answers.
const Hang = -2

// SetOutage makes the token endpoint answer with this status instead of a
// token, until it is set to 0; below 0 it breaks the connection off, and with
// Hang it leaves the client waiting.
func (s *Server) SetOutage(status int) { s.tokens.outage.Store(int64(status)) }

// Revoke makes all tokens given out so far worth nothing.
func (s *Server) Revoke() { s.tokens.revoke() }

// Close ends all connections, and returns once all goroutines have ended.
func (s *Server) Close() {
	s.end()
	for _, server := range s.servers {
		if server != nil {
			_ = server.Close()
		}
	}
	s.running.Wait()
	s.endpoints.Range(func(_, e any) bool {
		e.(*endpoint).close()
		return true
	})
	s.transport.CloseIdleConnections()
}
