package live

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"brunt/attack/quiet"
	"brunt/payloads/needs"
	"brunt/report/live/guard"
)

// floods are what somebody without a token does with a connection. What it
// leaves open stays open.
var floods = map[string]func(c net.Conn){
	"nothing said":  func(net.Conn) {},
	"half closed":   func(c net.Conn) { c.(*net.TCPConn).CloseWrite() },
	"slow header":   func(c net.Conn) { io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nA: ") },
	"body promised": func(c net.Conn) { io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n") },
	"body promised, HEAD": func(c net.Conn) {
		io.WriteString(c, "HEAD /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
	},
	"chunks promised": func(c net.Conn) {
		io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nab")
	},
	"wrong token, no body": func(c net.Conn) {
		io.WriteString(c, "POST /api/start HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	},
	"wrong token, large body": func(c net.Conn) {
		io.WriteString(c, "POST /api/start HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\nContent-Length: 10000000\r\n\r\n"+strings.Repeat("x", 100_000))
	},
	"expects to go on": func(c net.Conn) {
		io.WriteString(c, "POST /api/start HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
	},
	"kept alive": func(c net.Conn) {
		io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		c.Read(make([]byte, 1))
	},
	"pipelined": func(c net.Conn) {
		io.WriteString(c, strings.Repeat("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 100))
	},
	"large header": func(c net.Conn) {
		io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 64<<10))
	},
	"looks and does not read": func(c net.Conn) {
		c.(*net.TCPConn).SetReadBuffer(2 << 10)
		io.WriteString(c, "GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
	},
	"loads and does not read": func(c net.Conn) {
		c.(*net.TCPConn).SetReadBuffer(2 << 10)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /download/report.html HTTP/1.1\r\nHost: x\r\n\r\n")
	},
}

// besiege opens many connections at once and then, until the end, one after the
// other; all stay open on this side.
func besiege(t *testing.T, address string, secure bool, act func(net.Conn)) (end func()) {
	t.Helper()
	const atOnce, later = 300, 200
	ctx, cancel := context.WithCancel(t.Context())
	var all []net.Conn
	open := func() {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return
		}
		all = append(all, c)
		c.SetDeadline(time.Now().Add(2 * time.Second))
		if secure {
			s := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
			if s.Handshake() != nil {
				return
			}
			c = s
		}
		act(c)
	}
	for range atOnce {
		open()
	}
	var group sync.WaitGroup
	group.Go(func() {
		pace := time.NewTicker(10 * time.Millisecond)
		defer pace.Stop()
		for range later {
			select {
			case <-ctx.Done():
				return
			case <-pace.C:
				open()
			}
		}
	})
	return func() {
		cancel()
		group.Wait()
		for _, c := range all {
			c.Close()
		}
	}
}

// ownerEnters has the owner come 60 times, each time anew: a newcomer has as long
// as so many others take to follow it, which is time enough where it has a core.
func ownerEnters(t *testing.T, v *View) {
	t.Helper()
	quiet.Repeat(t, func() error { return ownerCame(v) })
}

func ownerCame(v *View) error {
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	through := 0
	var last error
	for range 60 {
		req := request(http.MethodGet, v.at("/api/runs"), "")
		req.Header.Set("Authorization", "Bearer "+testToken)
		resp, err := client.Do(req)
		if err != nil {
			last = err
			continue
		}
		if _, err = io.Copy(io.Discard, resp.Body); err == nil && resp.StatusCode == http.StatusOK {
			through++
		} else {
			last = fmt.Errorf("%s, %w", resp.Status, err)
		}
		resp.Body.Close()
	}
	if through != 60 {
		return fmt.Errorf("the owner came through %d of 60 times: %w", through, last)
	}
	return nil
}

// TestFlood: whatever is done by somebody who has no token, from the owner's own
// address, the owner comes in, and the page's connections stay few.
func TestFlood(t *testing.T) {
	for name, act := range floods {
		t.Run(name, func(t *testing.T) {
			v := serve(t, func(c *Config) { c.ServeToken, c.ServeOpen = testToken, strings.Contains(name, "does not read") })
			end := besiege(t, strings.TrimPrefix(v.at(""), "http://"), false, act)
			defer end()
			ownerEnters(t, v)
			open, known := v.connections.Count()
			if open-known > guard.MaxAnonymous || known > guard.MaxAuthenticated {
				t.Errorf("%d connections, %d of them known", open, known)
			}
		})
	}
}

// TestFloodOverTLS: the same over TLS, where strangers may also begin the
// handshake and not end it.
func TestFloodOverTLS(t *testing.T) {
	needs.Time(t)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	makeCertificate(t, cert, key)
	for name, act := range map[string]func(net.Conn){
		"nothing said": floods["nothing said"], "body promised": floods["body promised"], "kept alive": floods["kept alive"], "hello": nil,
	} {
		t.Run(name, func(t *testing.T) {
			v := serve(t, func(c *Config) { c.ServeToken, c.ServeCert, c.ServeKey = testToken, cert, key })
			secure := act != nil
			if !secure {
				act = func(c net.Conn) { io.WriteString(c, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") }
			}
			end := besiege(t, strings.TrimPrefix(v.at(""), "https://"), secure, act)
			defer end()
			ownerEnters(t, v)
		})
	}
}

// TestFloodOfBodies: on loopback, where nobody needs a token, whoever begins
// orders and does not end them keeps nobody out either.
func TestFloodOfBodies(t *testing.T) {
	v := serve(t, nil)
	address := strings.TrimPrefix(v.at(""), "http://")
	end := besiege(t, address, false, func(c net.Conn) {
		io.WriteString(c, "POST /api/start HTTP/1.1\r\nHost: "+address+"\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	})
	defer end()
	ownerEnters(t, v)
}

// TestFloodOfPages: twenty pages see their run to the end while strangers
// come and go.
func TestFloodOfPages(t *testing.T) {
	v := serve(t, nil)
	var pages []*stream
	for range 20 {
		s := v.stream(t, "")
		s.next()
		pages = append(pages, s)
	}
	end := besiege(t, strings.TrimPrefix(v.at(""), "http://"), false, floods["body promised"])
	defer end()
	v.post(t, "/api/start", "{}")
	for _, s := range pages {
		s.untilState("done")
	}
}

// A body that nobody wants is answered before it has come, and who sends one
// finds the answer; an order's body keeps its connection.
func TestUnwantedBodies(t *testing.T) {
	needs.Time(t)
	v := serve(t, func(c *Config) { c.ServeToken = testToken })
	host := strings.TrimPrefix(v.at(""), "http://")
	for _, head := range []string{
		"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n",
		"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET /api/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + testToken + "\r\nContent-Length: 100\r\n\r\n",
		"POST /api/start HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + testToken + "\r\nContent-Length: 100\r\n\r\n", // of no JSON
		"DELETE /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n",
	} {
		c, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, head)
		c.SetDeadline(time.Now().Add(15 * time.Second))
		answer, err := io.ReadAll(c) // to the end: it is closed
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 ") || !strings.Contains(string(answer), "Connection: close") {
			t.Errorf("%.40q: %v, %.200q", head, err, answer)
		}
	}
	// The server waits for half a second for the client to find the answer.
	quiet.Repeat(t, func() error {
		resp, err := http.DefaultClient.Do(request(http.MethodPost, v.at("/api/start"), strings.Repeat("x", 200_000)))
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Error(resp.Status)
		}
		return nil
	})
	order := request(http.MethodPost, v.at("/api/stop"), "{}")
	order.Header.Set("Authorization", "Bearer "+testToken)
	resp, err := http.DefaultClient.Do(order)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.Close {
		t.Error("an order's connection is closed")
	}
}
