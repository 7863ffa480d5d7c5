package proxytest

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
)

// Config is what a proxy does.
type Config struct {
	User, Password string // wanted of everybody; none for an empty user
	SOCKS          bool   // it speaks SOCKS5, and not HTTP
	TLS            *tls.Config
	// Refuse, which may be nil, gives the status with which a CONNECT to host:port is
	// answered; 0 lets it through.
	Refuse func(hostPort string) int
	// Known, which may be nil, are addresses of names, as host:port both, that only the
	// proxy knows.
	Known map[string]string
}

// Server is a proxy.
type Server struct {
	Tunnels   atomic.Int64 // connections that were made for clients
	Forwarded atomic.Int64 // requests that were passed on

	config   Config
	listener net.Listener
	behind   *http.Transport
	group    sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	to    []string
}

// Start starts a proxy.
func Start(config Config) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if config.TLS != nil {
		l = tls.NewListener(l, config.TLS)
	}
	s := &Server{config: config, listener: l, behind: &http.Transport{MaxIdleConnsPerHost: 1000}, conns: map[net.Conn]struct{}{}}
	s.group.Go(s.accept)
	return s, nil
}

// URL is the proxy's, with its user and password.
func (s *Server) URL() string {
	u := url.URL{Scheme: "http", Host: s.Address()}
	switch {
	case s.config.SOCKS:
		u.Scheme = "socks5"
	case s.config.TLS != nil:
		u.Scheme = "https"
	}
	if s.config.User != "" {
		u.User = url.UserPassword(s.config.User, s.config.Password)
	}
	return u.String()
}

// Address is its host:port.
func (s *Server) Address() string { return s.listener.Addr().String() }

// To lists the host:port of each tunnel, and the host of each request that was passed on,
// each once.
func (s *Server) To() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.to...)
}

// Close ends the proxy, and all connections through it.
func (s *Server) Close() {
	s.listener.Close()
	s.mu.Lock()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.group.Wait()
	s.behind.CloseIdleConnections()
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.keep(c)
		s.group.Go(func() {
			defer s.drop(c)
			if s.config.SOCKS {
				s.serveSOCKS(c)
			} else {
				s.serveHTTP(c)
			}
		})
	}
}

func (s *Server) keep(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
}

func (s *Server) drop(c net.Conn) {
	c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (s *Server) went(to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, known := range s.to {
		if known == to {
			return
		}
	}
	s.to = append(s.to, to)
}

func (s *Server) serveHTTP(c net.Conn) {
	in := bufio.NewReader(c)
	if first, err := in.Peek(1); err == nil && first[0] < 'A' {
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
		return
	}
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if !s.known(r.Header.Get("Proxy-Authorization")) {
			_, _ = io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n")
			return
		}
		if r.Method == http.MethodConnect {
			s.tunnel(c, in, r.Host)
			return
		}
		if !s.forward(c, r) {
			return
		}
	}
}

func (s *Server) known(authorization string) bool {
	pair := s.config.User + ":" + s.config.Password
	return s.config.User == "" || authorization == "Basic "+base64.StdEncoding.EncodeToString([]byte(pair))
}

// tunnel answers a CONNECT, in the same packet with whatever a hasty target says first.
func (s *Server) tunnel(c net.Conn, in *bufio.Reader, to string) {
	if s.config.Refuse != nil {
		if status := s.config.Refuse(to); status > 0 {
			_, _ = fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nContent-Length: 0\r\n\r\n", status, http.StatusText(status))
			return
		}
	}
	out, err := s.dial(to)
	if err != nil {
		_, _ = io.WriteString(c, "HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\nContent-Length: 0\r\n\r\n")
		return
	}
	_, err = io.WriteString(c, "HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n")
	if err == nil {
		s.join(c, in, out, to)
	}
}

func (s *Server) dial(to string) (net.Conn, error) {
	if address, known := s.config.Known[to]; known {
		to = address
	}
	return net.Dial("tcp", to)
}

// join copies in both directions until one of them ends.
func (s *Server) join(c net.Conn, in io.Reader, out net.Conn, to string) {
	s.went(to)
	s.Tunnels.Add(1)
	s.keep(out)
	defer s.drop(out)
	s.group.Go(func() {
		_, _ = io.Copy(c, out)
		c.Close()
	})
	_, _ = io.Copy(out, in)
}

// forward passes a request on whose request line says where to.
func (s *Server) forward(c net.Conn, r *http.Request) bool {
	if r.URL.Host == "" {
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nServer: squid/5.7\r\nContent-Length: 0\r\n\r\n")
		return false
	}
	s.went(r.URL.Host)
	r.RequestURI = ""
	for _, name := range []string{"Proxy-Authorization", "Proxy-Connection", "Connection"} {
		r.Header.Del(name)
	}
	resp, err := s.behind.RoundTrip(r)
	if err != nil {
		_, _ = io.WriteString(c, "HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\nContent-Length: 0\r\n\r\n")
		return true
	}
	defer resp.Body.Close()
	s.Forwarded.Add(1)
	resp.Header.Set("Via", "1.1 test")
	return resp.Write(c) == nil && !resp.Close
}
