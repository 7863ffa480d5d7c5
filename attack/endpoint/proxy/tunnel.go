package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	socks "golang.org/x/net/proxy"
)

// maxAnswer is the longest answer to a CONNECT that is read, in bytes.
const maxAnswer = 64 << 10

// Secure makes the connection to the proxy itself secure, where its URL is of https. Of
// a failure the connection is closed.
func (p *Proxy) Secure(ctx context.Context, conn net.Conn) (net.Conn, error) {
	if p.tls == nil {
		return conn, nil
	}
	c := tls.Client(conn, p.tls)
	if err := c.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, p.Unreached(fmt.Errorf("TLS: %w", err))
	}
	return c, nil
}

// Tunnel has the proxy, by a connection to it that Secure gave, connect to host:port.
// From then on that is a connection to there. Of a failure it is closed; the error is a
// *RefusedError, or ctx's.
func (p *Proxy) Tunnel(ctx context.Context, conn net.Conn, hostPort string) error {
	var err error
	if p.SOCKS() {
		err = p.askSOCKS(ctx, conn, hostPort)
	} else {
		err = p.connect(ctx, conn, hostPort)
	}
	if err == nil {
		return nil
	}
	conn.Close()
	if refused := (*RefusedError)(nil); errors.As(err, &refused) || ctx.Err() == context.Canceled {
		return err
	}
	if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return p.refused(Upstream, 0, "no answer within the time-out")
	}
	return p.refused(Upstream, 0, "it broke the connection off: "+err.Error())
}

// connect asks by CONNECT.
func (p *Proxy) connect(ctx context.Context, conn net.Conn, hostPort string) error {
	free := bound(ctx, conn)
	head := "CONNECT " + hostPort + " HTTP/1.1\r\nHost: " + hostPort + "\r\nUser-Agent: brunt\r\n"
	if auth := p.Authorization(); auth != "" {
		head += "Proxy-Authorization: " + auth + "\r\n"
	}
	if _, err := io.WriteString(conn, head+"\r\n"); err != nil {
		free()
		return err
	}
	// What comes after the answer is the target's, and is not to be read.
	in := bufio.NewReader(io.LimitReader(byteByByte{conn}, maxAnswer))
	answer, err := http.ReadResponse(in, &http.Request{Method: http.MethodConnect})
	if ended := free(); err == nil && ended != nil {
		err = ended
	}
	switch {
	case err != nil && strings.Contains(err.Error(), "malformed HTTP"):
		return p.refused(Refused, 0, "its answer is no HTTP: see whether it is a proxy of another kind, such as socks5://")
	case err != nil:
		return err
	}
	switch status := answer.StatusCode; {
	case status/100 == 2:
		return nil
	case status == http.StatusProxyAuthRequired:
		return p.refused(Auth, status, answer.Status)
	case status >= 500:
		return p.refused(Upstream, status, answer.Status)
	default:
		return p.refused(Refused, status, answer.Status)
	}
}

// bound has the connection's calls end with ctx; free ends that, and gives ctx's error
// where it has come to that.
func bound(ctx context.Context, conn net.Conn) (free func() error) {
	if at, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(at) // which TCP always takes
	}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = conn.SetDeadline(time.Unix(1, 0))
		close(done)
	})
	return func() error {
		if !stop() {
			<-done
			return ctx.Err()
		}
		return conn.SetDeadline(time.Time{})
	}
}

// byteByByte reads no byte that is not asked for.
type byteByByte struct{ io.Reader }

func (r byteByByte) Read(b []byte) (int, error) { return r.Reader.Read(b[:min(len(b), 1)]) }

// askSOCKS asks a proxy that speaks SOCKS5.
func (p *Proxy) askSOCKS(ctx context.Context, conn net.Conn, hostPort string) error {
	var auth *socks.Auth
	if user := p.url.User; user != nil {
		password, _ := user.Password()
		auth = &socks.Auth{User: user.Username(), Password: password}
	}
	dialer, err := socks.SOCKS5("tcp", net.JoinHostPort(p.Host, p.Port), auth, nil)
	if err != nil {
		return err
	}
	// The library's own connection would hide the socket.
	asker, ok := dialer.(interface {
		DialWithConn(ctx context.Context, c net.Conn, network, address string) (net.Addr, error)
	})
	if !ok {
		return errors.ErrUnsupported
	}
	if _, err = asker.DialWithConn(ctx, conn, "tcp", hostPort); err == nil {
		return nil
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		err = op.Err // before it are both addresses
	}
	text := strings.TrimPrefix(err.Error(), "unknown error ")
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, new(*net.OpError)):
		return err
	case strings.Contains(text, "authentication"), strings.Contains(text, "username/password"):
		return p.refused(Auth, 0, text)
	case strings.Contains(text, "unexpected protocol version"):
		return p.refused(Refused, 0, "its answer is no SOCKS5: see whether it is a proxy of another kind, such as http://")
	case strings.Contains(text, "not allowed"), strings.Contains(text, "not supported"):
		return p.refused(Refused, 0, text)
	}
	return p.refused(Upstream, 0, text)
}
