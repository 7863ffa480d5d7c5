//go:build !windows

package attack

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"brunt/payloads/needs"
)

// proxy is a real one before the oracle, with a log of its own.
type proxy struct {
	proxyKind
	t       *testing.T
	program string
	dir     string
	address string
	child   *exec.Cmd
	old     []*exec.Cmd // that were told to finish
}

// The proxies' time-outs of idle connections, shorter than the gaps between
// requests, and of a server that is slower still. The others are forever.
const (
	proxyKeepAlive = 50 * time.Millisecond
	proxyTimeout   = 500 * time.Millisecond
	forever        = 30 * time.Second
)

const nginxConfig = `daemon off;
worker_processes 1;
pid DIR/pid;
error_log DIR/errors;
events { worker_connections 4096; }
http {
	log_format own escape=none '$status $request_body';
	access_log DIR/log own;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi;
	scgi_temp_path DIR/scgi;
	client_body_buffer_size 64k;
	keepalive_timeout KEEPALIVEms;
	keepalive_requests REQUESTS;
	server {
		listen ADDRESS LISTEN;
		TLS
		location / {
			proxy_pass http://BACKEND;
			proxy_next_upstream off;
			proxy_read_timeout TIMEOUTms;
		}
	}
}
`

const haproxyConfig = `global
	stats socket DIR/socket mode 600 level admin expose-fd listeners
	log stdout format raw local0
	nbthread 1
defaults
	mode http
	log global
	log-format "%ST %[capture.req.hdr(0)]"
	option http-buffer-request
	timeout client 10s
	timeout http-keep-alive KEEPALIVE
	timeout connect TIMEOUT
	timeout server TIMEOUT
	retries 0
frontend front
	bind ADDRESS LISTEN
	http-request capture req.body len 64
	default_backend back
backend back
	option http-server-close
	server one BACKEND
`

// endless is as many requests on a connection as nobody counts.
const endless = 1_000_000

// startProxy starts nginx or haproxy before the backend.
func startProxy(t *testing.T, kind proxyKind, backend string, keepAlive, timeout time.Duration) *proxy {
	t.Helper()
	return startRetiring(t, kind, backend, keepAlive, timeout, endless)
}

// startRetiring starts one that has clients leave a connection after so many
// requests, if it is nginx.
func startRetiring(t *testing.T, kind proxyKind, backend string, keepAlive, timeout time.Duration, requests int) *proxy {
	t.Helper()
	program := needs.Program(t, kind.name)
	// The name of a socket in it must be short.
	dir, err := os.MkdirTemp("", "proxy")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &proxy{t: t, proxyKind: kind, program: program, dir: dir, address: freeAddress(t)}
	listen, tls := kind.words()
	config := map[string]string{"nginx": nginxConfig, "haproxy": haproxyConfig}[kind.name]
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	config = strings.NewReplacer("LISTEN", listen, "TLS", tls, "REQUESTS", strconv.Itoa(requests)).Replace(config)
	config = strings.NewReplacer("DIR", dir, "ADDRESS", p.address, "BACKEND", backend,
		"KEEPALIVE", ms(keepAlive), "TIMEOUT", ms(timeout)).Replace(config)
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if kind.secure() {
		writeCertificate(t, dir)
	}
	p.start()
	t.Cleanup(p.stop)
	return p
}

// freeAddress is one on which nobody listens, nor will: its host is the test's
// own, where there are many on the loopback interface.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", ownHost()+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// hosts is how many hosts have been given out.
var hosts atomic.Uint32

// ownHost is an address of the loopback interface that nobody else uses, so that a
// server may stop listening and start again without losing its port to another
// test; 127.0.0.1 where the system has no other.
func ownHost() string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1"
	}
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 64+hosts.Add(1)%128, pid>>8&255, pid&255)
}

// command runs the proxy's program on its configuration.
func (p *proxy) command(words ...string) *exec.Cmd {
	if p.name == "nginx" {
		return exec.Command(p.program, append([]string{"-p", p.dir, "-e", filepath.Join(p.dir, "errors"), "-c", filepath.Join(p.dir, "config")}, words...)...)
	}
	return exec.Command(p.program, append([]string{"-f", filepath.Join(p.dir, "config")}, words...)...)
}

func (p *proxy) start(words ...string) {
	p.t.Helper()
	child := p.command(words...)
	if p.name == "haproxy" {
		// One for each process: haproxy makes its output one that does not block,
		// nor append.
		log, err := os.Create(filepath.Join(p.dir, fmt.Sprintf("log%d", len(p.old))))
		if err != nil {
			p.t.Fatal(err)
		}
		defer log.Close()
		child.Stdout = log
	}
	if err := child.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.child = child
	var up bool
	await(func() bool {
		c, err := net.Dial("tcp", p.address)
		if err != nil {
			return false
		}
		defer c.Close()
		// Before the proxy listens the port may be given to whoever asks for it:
		// it is connected to itself then.
		up = c.LocalAddr().String() != c.RemoteAddr().String()
		return up
	})
	if up {
		return
	}
	p.stop()
	p.t.Fatalf("%s does not listen: %s", p.name, p.errors())
}

// reload has the proxy read its configuration again, by which new processes
// take over from old ones.
func (p *proxy) reload() {
	p.t.Helper()
	if p.name == "nginx" {
		if out, err := p.command("-s", "reload").CombinedOutput(); err != nil {
			p.t.Errorf("%v: %s", err, out)
		}
		return
	}
	p.old = append(p.old, p.child)
	p.start("-x", filepath.Join(p.dir, "socket"), "-sf", strconv.Itoa(p.child.Process.Pid))
}

// stop ends all of its processes, once they have written down what they
// answered: a reply is sent before its line is written, and a signal to end at
// once may come between.
func (p *proxy) stop() {
	if p.child == nil {
		return
	}
	all := append(p.old, p.child)
	p.child, p.old = nil, nil
	gently := map[string]syscall.Signal{"nginx": syscall.SIGQUIT, "haproxy": syscall.SIGUSR1}[p.name]
	for _, c := range all {
		_ = c.Process.Signal(gently)
	}
	atOnce := time.AfterFunc(5*time.Second, func() {
		for _, c := range all {
			_ = c.Process.Signal(syscall.SIGTERM)
		}
	})
	defer atOnce.Stop()
	for _, c := range all {
		_ = c.Wait()
	}
}

func (p *proxy) errors() string {
	text, _ := os.ReadFile(filepath.Join(p.dir, "errors"))
	return string(text)
}

var proxyLine = regexp.MustCompile(`(?m)^(\d+) \{"i":(\d+),`)

// logged ends the proxy, and gives the status that its log has of each index.
// No index may be in it twice.
func (p *proxy) logged() map[uint64]int {
	p.t.Helper()
	p.stop()
	var text []byte
	files, _ := filepath.Glob(filepath.Join(p.dir, "log*"))
	for _, name := range files {
		one, err := os.ReadFile(name)
		if err != nil {
			p.t.Fatal(err)
		}
		text = append(text, one...)
	}
	all := map[uint64]int{}
	for _, m := range proxyLine.FindAllSubmatch(text, -1) {
		status, _ := strconv.Atoi(string(m[1]))
		index, _ := strconv.ParseUint(string(m[2]), 10, 64)
		if _, twice := all[index]; twice {
			p.t.Errorf("%s saw request %d twice", p.name, index)
		}
		all[index] = status
	}
	return all
}
