//go:build !windows

package attack

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/payloads"
)

const (
	many = 10_000
	// manyEnv makes TestManyServer serve.
	manyEnv = "BRUNT_TEST_MANY"
)

// TestManyServer is the server of TestManyConnections, which runs it in a
// process of its own, for the files of both would be too many for one.
func TestManyServer(t *testing.T) {
	if os.Getenv(manyEnv) == "" {
		t.Skip("serves another test only")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(l.Addr())
	// Nobody is answered until all are there. It is this side that closes, lest
	// the client's ports be of no use to other tests for a minute.
	var arrived atomic.Int64
	all := make(chan struct{})
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		if arrived.Add(1) == many {
			close(all)
		}
		<-all
	}))
}

// TestManyConnections has 10,000 requests in flight at once, each on its
// own connection.
func TestManyConnections(t *testing.T) {
	if limit := maxFiles(); limit > 0 && limit < many+100 {
		t.Skipf("this process may open %d files only (ulimit -Hn)", limit)
	}
	if agreement > 0.05 {
		t.Skip("the race detector makes it last too long")
	}
	server := exec.Command(os.Args[0], "-test.run=^TestManyServer$")
	server.Env = append(os.Environ(), manyEnv+"=1")
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		server.Process.Kill()
		server.Wait()
	}()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p := testPlan(many)
	p.Concurrency, p.ConnectRate, p.Timeout = many, 10_000, 30*time.Second
	run := start(t, "http://"+strings.TrimSpace(address), p, payloads.Single("test", body), endpoint.Options{})
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	if s.Counts.Succeeded != many || s.Counts.Connections != many {
		t.Errorf("%+v %+v", s.Counts, s.Failures)
	}
	t.Logf("%d connections, %v of CPU, %d MiB, %v", s.Counts.Connections, s.Client.CPU, s.Client.RSSPeak>>20, s.Elapsed)
}
