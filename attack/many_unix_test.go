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
	"brunt/attack/host"
	"brunt/payloads"
	"brunt/payloads/needs"
)

func init() { children["many"] = serveMany }

// serveMany is the server of TestManyConnections, which runs it in a process of
// its own, for the files of both would be too many for one.
func serveMany() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1
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
	return 0
}

// TestManyConnections has so many requests in flight at once, each on its
// own connection.
func TestManyConnections(t *testing.T) {
	needs.Time(t)
	if limit := host.MaxFiles(); limit > 0 && limit < many+100 {
		needs.Lacking(t, "files", limit)
	}
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), childVariable+"=many")
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
