package proxytest

import (
	"encoding/binary"
	"io"
	"net"
	"strconv"
)

// Of SOCKS5 [RFC 1928, RFC 1929].
const (
	socksVersion  = 5
	noMethod      = 0xff
	withPassword  = 2
	typeIPv4      = 1
	typeName      = 3
	typeIPv6      = 4
	notAllowed    = 2
	notReached    = 5
	maxSocksField = 255
)

func (s *Server) serveSOCKS(c net.Conn) {
	if !s.greet(c) {
		return
	}
	to, ok := target(c)
	if !ok {
		return
	}
	answer := []byte{socksVersion, 0, 0, typeIPv4, 0, 0, 0, 0, 0, 0}
	if s.config.Refuse != nil && s.config.Refuse(to) > 0 {
		answer[1] = notAllowed
		_, _ = c.Write(answer)
		return
	}
	out, err := s.dial(to)
	if err != nil {
		answer[1] = notReached
		_, _ = c.Write(answer)
		return
	}
	if _, err := c.Write(answer); err != nil {
		out.Close()
		return
	}
	s.join(c, c, out, to)
}

// field reads a length and so many bytes.
func field(c net.Conn) ([]byte, bool) {
	var room [1 + maxSocksField]byte
	if _, err := io.ReadFull(c, room[:1]); err != nil {
		return nil, false
	}
	b := room[1 : 1+room[0]]
	_, err := io.ReadFull(c, b)
	return b, err == nil
}

func (s *Server) greet(c net.Conn) bool {
	var head [1]byte
	if _, err := io.ReadFull(c, head[:]); err != nil || head[0] != socksVersion {
		return false
	}
	methods, ok := field(c)
	if !ok {
		return false
	}
	method := byte(0)
	if s.config.User != "" {
		method = noMethod
		for _, m := range methods {
			if m == withPassword {
				method = m
			}
		}
	}
	if _, err := c.Write([]byte{socksVersion, method}); err != nil || method != withPassword {
		return err == nil && method == 0
	}
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return false
	}
	user, _ := field(c)
	password, ok := field(c)
	status := byte(0)
	if !ok || string(user) != s.config.User || string(password) != s.config.Password {
		status = 1
	}
	_, err := c.Write([]byte{1, status})
	return err == nil && status == 0
}

func target(c net.Conn) (hostPort string, ok bool) {
	var head [4]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return "", false
	}
	host := ""
	switch head[3] {
	case typeName:
		name, ok := field(c)
		if !ok {
			return "", false
		}
		host = string(name)
	case typeIPv4, typeIPv6:
		ip := make(net.IP, 4)
		if head[3] == typeIPv6 {
			ip = make(net.IP, 16)
		}
		if _, err := io.ReadFull(c, ip); err != nil {
			return "", false
		}
		host = ip.String()
	default:
		return "", false
	}
	var port [2]byte
	_, err := io.ReadFull(c, port[:])
	return net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(port[:])))), err == nil
}
