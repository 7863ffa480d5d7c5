//go:build !windows

package attack

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// proxy is a real one before the oracle, with a log of its own.
type proxy struct {
	t       *testing.T
	name    string
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
	proxyPatience  = 500 * time.Millisecond
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
	keepalive_requests 1000000;
	server {
		listen ADDRESS;
		location / {
			proxy_pass http://BACKEND;
			proxy_next_upstream off;
			proxy_read_timeout PATIENCEms;
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
	timeout connect PATIENCE
	timeout server PATIENCE
	retries 0
frontend front
	bind ADDRESS
	http-request capture req.body len 64
	default_backend back
backend back
	option http-server-close
	server one BACKEND
`

// startProxy starts nginx or haproxy before the backend.
func startProxy(t *testing.T, name, backend string, keepAlive, patience time.Duration) *proxy {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		lacking(t, name)
	}
	// The name of a socket in it must be short.
	dir, err := os.MkdirTemp("", "proxy")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &proxy{t: t, name: name, program: program, dir: dir, address: freeAddress(t)}
	config := map[string]string{"nginx": nginxConfig, "haproxy": haproxyConfig}[name]
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	config = strings.NewReplacer("DIR", dir, "ADDRESS", p.address, "BACKEND", backend,
		"KEEPALIVE", ms(keepAlive), "PATIENCE", ms(patience)).Replace(config)
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p.start()
	t.Cleanup(p.stop)
	return p
}

// freeAddress is one on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
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
		if up = err == nil; up {
			c.Close()
		}
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

// stop ends all of its processes.
func (p *proxy) stop() {
	if p.child == nil {
		return
	}
	all := append(p.old, p.child)
	p.child, p.old = nil, nil
	for _, c := range all {
		_ = c.Process.Signal(syscall.SIGTERM)
	}
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

// forProxies runs a test before each proxy in each protocol.
func forProxies(t *testing.T, test func(t *testing.T, name string, plan func(n uint64) Plan)) {
	for _, name := range []string{"nginx", "haproxy"} {
		for protocol, plan := range map[string]func(uint64) Plan{"HTTP1": testPlan} {
			t.Run(name+" "+protocol, func(t *testing.T) { test(t, name, plan) })
		}
	}
}

// through makes a run through the proxy, with something done in the middle of
// it, and holds the three logs against each other: brunt's, the proxy's and
// the oracle's.
func through(t *testing.T, p *proxy, o *oracle, plan Plan, pad int, middle func(run *Run)) (s *Snapshot, sum oracleSummary) {
	t.Helper()
	var records []Record
	run := startWith(t, "http://"+p.address+"/", plan, Request{}, indexedBodies(t, int(plan.Requests), pad), func(_ time.Time, batch []Record) error {
		records = append(records, batch...)
		return nil
	})
	if middle != nil {
		middle(run)
	}
	<-run.Done()
	s = run.Snapshot()
	checkBooks(t, s)
	logged := p.logged()
	sum = o.summary()
	t.Logf("%d sent, %d unsent, %d succeeded, %d reconnected, %d connections, statuses %v; %d in the proxy's log, %d at the oracle; %+v",
		s.Counts.Sent, unsent(s), s.Counts.Succeeded, s.Counts.Reconnected, s.Counts.Connections, s.Status, len(logged), sum.Arrived, s.Failures)
	// Every complete reply is in the proxy's log with the same status; one that
	// never came is there as the proxy's failure, or met a connection that the
	// proxy was closing: of that it says nothing.
	unseen, wrong := uint64(0), 0
	for _, r := range records {
		status, seen := logged[r.Index]
		ok := true
		switch {
		case r.Status > 0:
			ok = r.Status == status
		case r.Sent == 0:
			ok = !seen
		case seen:
			ok = status >= 400
		default:
			unseen++
		}
		if wrong++; ok {
			wrong--
		} else if wrong < 5 {
			t.Errorf("the proxy's log has status %d of %+v", status, r)
		}
	}
	if closed := closedOn(s); unseen != s.Counts.Sent-unsent(s)-uint64(len(logged)) || unseen > closed {
		t.Errorf("%d unseen by the proxy, %d connections closed on a request, %d sent less unsent, %d in the proxy's log", unseen, closed, s.Counts.Sent-unsent(s), len(logged))
	}
	if sum.Arrived > uint64(len(logged))+unseen {
		t.Errorf("%d arrived at the oracle, %d in the proxy's log, %d unseen", sum.Arrived, len(logged), unseen)
	}
	return s, sum
}

// closedOn are the kinds of a connection that was closed on a request.
func closedOn(s *Snapshot) uint64 {
	return countOf(s, KindReset, KindClosedEarly, KindStaleConnection)
}

// TestProxyIdle sends seldom: each time the proxy has closed the connection.
// No failure may come of it.
func TestProxyIdle(t *testing.T) {
	forProxies(t, func(t *testing.T, name string, plan func(uint64) Plan) {
		o := startOracle(t, 1000)
		p := startProxy(t, name, o.address, proxyKeepAlive, forever)
		pl := plan(uint64(scale(12, 300)))
		pl.Rate = mustRate(t, "8")
		s, _ := through(t, p, o, pl, 5, nil)
		if s.Counts.Succeeded != pl.Requests || s.Counts.Reconnected < pl.Requests*3/4 {
			t.Errorf("%d of %d succeeded, %d reconnected: %+v", s.Counts.Succeeded, pl.Requests, s.Counts.Reconnected, s.Failures)
		}
	})
}

// TestProxyReloaded reloads the proxy under load, twice. It closes idle
// connections then, and a request that was on its way on one of them is lost:
// there may be one per connection and reload.
func TestProxyReloaded(t *testing.T) {
	forProxies(t, func(t *testing.T, name string, plan func(uint64) Plan) {
		n := scale(6_000, 200_000)
		o := startOracle(t, 2*n)
		p := startProxy(t, name, o.address, forever, forever)
		pl := plan(uint64(n))
		pl.Rate, pl.Concurrency = mustRate(t, "2000"), 16
		s, _ := through(t, p, o, pl, 1000, func(run *Run) {
			for i := range 2 {
				awaitArrivals(o, run, uint64(n/3*(i+1)))
				p.reload()
			}
		})
		lost := closedOn(s)
		if most := uint64(2 * pl.Concurrency); s.Counts.Failed != lost || lost > most || s.Counts.Sent != pl.Requests {
			t.Errorf("%d failed, of which %d on a closed connection, at most %d can have been: %+v", s.Counts.Failed, lost, most, s.Failures)
		}
	})
}

// awaitArrivals waits until so many requests have arrived, or the run ends.
func awaitArrivals(o *oracle, run *Run, mark uint64) {
	for o.arrived() < mark {
		select {
		case <-run.Done():
			return
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// allowedSilence counts the requests that haproxy does not answer: where the
// server behind it ends a connection on a request that is not its
// connection's first, it closes that one in turn, logs nothing, and leaves it
// to clients to try again. nginx answers always.
func allowedSilence(name string, s *Snapshot) uint64 {
	if name == "haproxy" {
		return closedOn(s)
	}
	return 0
}

// TestProxyBackend has the server behind the proxy be away, or slow, for some
// of the time: what the proxy answers then is what brunt reports.
func TestProxyBackend(t *testing.T) {
	t.Run("away", func(t *testing.T) {
		forProxies(t, func(t *testing.T, name string, plan func(uint64) Plan) {
			n := scale(1_500, 50_000)
			o := startOracle(t, 2*n)
			p := startProxy(t, name, o.address, forever, forever)
			pl := plan(uint64(n))
			pl.Rate, pl.Concurrency = mustRate(t, "1000"), 16
			s, _ := through(t, p, o, pl, 0, func(run *Run) {
				awaitArrivals(o, run, uint64(n/3))
				o.kill()
				before := countFailed(run)
				await(func() bool { return countFailed(run) >= before+50 || run.over() })
				o.start()
			})
			if away := s.Status[502] + s.Status[503] + s.Status[504]; away < 40 || s.Counts.Failed != away+allowedSilence(name, s) {
				t.Errorf("statuses %v, %+v", s.Status, s.Failures)
			}
		})
	})
	t.Run("slow", func(t *testing.T) {
		forProxies(t, func(t *testing.T, name string, plan func(uint64) Plan) {
			n := scale(300, 10_000)
			o := startOracle(t, 2*n, "-faults", "slow=0.05,halfclose=0.1", "-slow", fmt.Sprint(2*proxyPatience))
			p := startProxy(t, name, o.address, forever, proxyPatience)
			pl := plan(uint64(n))
			pl.Rate, pl.Concurrency = mustRate(t, "300"), 64
			s, sum := through(t, p, o, pl, 0, nil)
			ended := s.Status[502] + allowedSilence(name, s)
			if s.Status[504] < sum.Answers["slow"] || ended != sum.Answers["halfclose"] || s.Counts.Failed != s.Status[504]+ended || sum.Arrived != uint64(n) {
				t.Errorf("statuses %v, %+v", s.Status, s.Failures)
			}
		})
	})
}
