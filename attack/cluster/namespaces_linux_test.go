package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"brunt/attack/figure"
	"brunt/payloads/needs"
)

// hubVariable makes the test binary the hub of a test in namespaces of its own: endpoint,
// NATS server and coordinator. It holds the names of the workers' namespaces.
const hubVariable = "BRUNT_TEST_HUB"

// hubAddress is the hub's in the network of the test's own.
const hubAddress = "10.77.0.1"

// figures are what one run measured, in ns.
type figures struct {
	Sent, Arrived uint64
	Response      map[string]int64 // by percentile
	Lateness      int64            // p99
}

// quantiles are those that are compared.
var quantiles = map[string]float64{"p50": 50, "p90": 90, "p99": 99}

// TestNamespaces has one process send a plan, and then four in network namespaces of
// their own, whose requests take a hundredth longer from one to the next: the figures are
// the same, as far as what the runs say of their own delays.
func TestNamespaces(t *testing.T) {
	needs.Time(t)
	names := network(t, "", 5)
	for attempt := 1; ; attempt++ {
		one, four := runInHub(t, names)
		if one.Sent != four.Sent || one.Arrived != four.Arrived || four.Sent != four.Arrived {
			t.Fatalf("one process sent %d and %d arrived, four sent %d and %d arrived", one.Sent, one.Arrived, four.Sent, four.Arrived)
		}
		off := ""
		for name := range quantiles {
			a, b := float64(one.Response[name]), float64(four.Response[name])
			noise := float64(one.Lateness+four.Lateness) + float64(time.Millisecond)
			if math.Abs(a-b) > 0.001*a+noise {
				off += fmt.Sprintf(" %s %s and %s;", name, time.Duration(a), time.Duration(b))
			}
		}
		if off == "" {
			return
		}
		if attempt == 3 { // the machine may have been busy with something else
			t.Fatalf("one process and four:%s lateness p99 %s and %s", off, time.Duration(one.Lateness), time.Duration(four.Lateness))
		}
	}
}

// network makes a namespace for the hub and some for workers, with a bridge between, and
// gives their names, the hub's first. Tests that run at a time have different tags.
func network(t *testing.T, tag string, workers int) (names []string) {
	t.Helper()
	if os.Getuid() != 0 {
		needs.Lacking(t, "root", "only root makes namespaces")
	}
	needs.Program(t, "ip")
	ip := func(words ...string) {
		t.Helper()
		if out, err := exec.Command("ip", words...).CombinedOutput(); err != nil {
			needs.Lacking(t, "netns", fmt.Sprintf("ip %v: %v %s", words, err, out))
		}
	}
	add := func(name string) {
		ip("netns", "add", name)
		names = append(names, name)
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name).Run() })
		ip("-n", name, "link", "set", "lo", "up")
	}
	hub := fmt.Sprintf("brunt-%d%s", os.Getpid(), tag)
	add(hub)
	ip("-n", hub, "link", "add", "br0", "type", "bridge")
	ip("-n", hub, "addr", "add", hubAddress+"/24", "dev", "br0")
	ip("-n", hub, "link", "set", "br0", "up")
	for i := range workers {
		name := fmt.Sprintf("%s-%d", hub, i)
		add(name)
		port := fmt.Sprintf("v%d", i)
		ip("-n", hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name)
		ip("-n", hub, "link", "set", port, "master", "br0", "up")
		ip("-n", name, "addr", "add", fmt.Sprintf("10.77.0.%d/24", 10+i), "dev", "eth0")
		ip("-n", name, "link", "set", "eth0", "up")
	}
	return names
}

// runInHub makes both runs, in a process within the hub's namespace.
func runInHub(t *testing.T, names []string) (one, four figures) {
	t.Helper()
	text, _ := json.Marshal(names[1:])
	c := exec.Command("ip", "netns", "exec", names[0], os.Args[0])
	c.Env, c.Stderr = append(os.Environ(), hubVariable+"="+string(text), "TMPDIR="+t.TempDir()), os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var both [2]figures
	if err := json.Unmarshal(out, &both); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return both[0], both[1]
}

func init() { hub = serveHub }

// serveHub is the hub's process.
func serveHub(text string) int {
	var names []string
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return 2
	}
	one, err := measure(names[:1])
	if err == nil {
		var four figures
		if four, err = measure(names[1:]); err == nil {
			err = json.NewEncoder(os.Stdout).Encode([]figures{one, four})
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// measure makes one run with a worker in each namespace.
func measure(names []string) (f figures, err error) {
	dir, err := os.MkdirTemp("", "hub")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(dir)
	arrived := make(chan struct{}, 1<<16)
	listener, err := net.Listen("tcp", hubAddress+":0")
	if err != nil {
		return f, err
	}
	endpoint := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var line struct{ I int }
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &line) != nil {
			return
		}
		arrived <- struct{}{}
		// From 40 to 139 ms, a hundredth more from one worker's requests to the next's.
		each := time.Duration(40+line.I/4%100) * time.Millisecond
		<-time.After(each * time.Duration(100+line.I%4) / 100)
	})}
	go func() { _ = endpoint.Serve(listener) }()
	defer endpoint.Close()
	path := filepath.Join(dir, "bodies.jsonl")
	if err := writeLines(path, 1000); err != nil {
		return f, err
	}
	session := NewSession()
	server, err := StartServer(ServerOptions{Listen: hubAddress + ":0", Session: session})
	if err != nil {
		return f, err
	}
	defer server.Close()
	own := server.Own()
	own.URL = server.url(hubAddress)
	c, err := Open(Options{Access: own, Session: session, Workers: len(names), Version: "test", Tell: func(string) {}})
	if err != nil {
		return f, err
	}
	for _, name := range names {
		o, _ := json.Marshal(childOptions{URL: own.URL, Token: server.Token(), Name: name, Version: "test", Cache: filepath.Join(dir, name)})
		worker := exec.Command("ip", "netns", "exec", name, os.Args[0])
		worker.Env = append(os.Environ(), workerVariable+"="+string(o), hubVariable+"=")
		if err := worker.Start(); err != nil {
			return f, err
		}
		defer func() { _ = worker.Wait() }()
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	body, _ := json.Marshal(testOrder{URL: "http://" + listener.Addr().String(), Path: path})
	if err := c.Prepare(ctx, body, []string{path}, func(string) {}); err != nil {
		return f, err
	}
	run, err := c.Start(openPlan(250, 4*time.Second))
	if err != nil {
		return f, err
	}
	run.Obey(nil, func() {})
	s := run.Snapshot()
	f = figures{Sent: s.Counts.Sent, Arrived: uint64(len(arrived)), Response: map[string]int64{}}
	for name, q := range quantiles {
		f.Response[name] = s.Latencies[figure.Response].ValueAtPercentile(q)
	}
	f.Lateness = s.Latencies[figure.Lateness].ValueAtPercentile(99)
	return f, nil
}
