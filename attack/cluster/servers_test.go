//go:build !windows

package cluster

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"brunt/payloads/needs"
)

// natsOptions are those of one server of a cluster, as a process.
type natsOptions struct {
	Name, Dir     string
	Port, Cluster int   // where clients and where the other servers find it
	Routes        []int // ports of all of them
}

// serveNATS is a server's process, until it is killed.
func serveNATS(o *natsOptions) int {
	var routes []*url.URL
	for _, port := range o.Routes {
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)})
	}
	s, err := server.NewServer(&server.Options{
		ServerName: o.Name, Host: "127.0.0.1", Port: o.Port, NoSigs: true, NoLog: true, JetStream: true, StoreDir: o.Dir,
		Routes: routes, Cluster: server.ClusterOpts{Name: "three", Host: "127.0.0.1", Port: o.Cluster},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, o.Name+":", err)
		return 1
	}
	s.Start()
	select {}
}

// freePorts are so many of this machine's that nothing listens at.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// threeServers starts a cluster of three processes, and gives them by name; access reaches
// any of them.
func threeServers(t *testing.T) (servers map[string]*exec.Cmd, access Access) {
	t.Helper()
	const n = 3
	ports := freePorts(t, 2*n)
	servers = map[string]*exec.Cmd{}
	said := &rig{t: t} // which keeps what they say
	var urls []string
	for i := range n {
		name := fmt.Sprintf("n%d", i)
		c := said.process(childOptions{NATS: &natsOptions{Name: name, Dir: t.TempDir(), Port: ports[i], Cluster: ports[n+i], Routes: ports[n:]}})
		t.Cleanup(func() {
			_ = c.Process.Kill()
			_ = c.Wait()
		})
		servers[name] = c
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", ports[i]))
	}
	access = Access{URL: strings.Join(urls, ",")}
	await(t, "a cluster that keeps three copies", func() bool { return keepsThree(t.Context(), access) })
	return servers, access
}

// keepsThree reports whether the cluster has a leader, and all three servers.
func keepsThree(ctx context.Context, a Access) bool {
	conn, js, err := a.connect("test", newDenials())
	if err != nil {
		return false
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "three", Subjects: []string{"three"}, Replicas: 3}); err != nil {
		return false
	}
	return js.DeleteStream(ctx, "three") == nil
}

// TestClusterOfServers has one of three NATS servers, each a process, be killed in
// mid-run: the one that leads the stream of snapshots. Nothing is lost.
func TestClusterOfServers(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	servers, access := threeServers(t)
	r := newRigOf(t, rigOptions{workers: 2, bodies: 3000, loss: Redistribute, access: &access})
	p := openPlan(100, 12*time.Second)
	run := r.start(p)
	r.awaitRequests(200)
	info, err := r.c.stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Cluster == nil || len(info.Cluster.Replicas) != 2 || servers[info.Cluster.Leader] == nil {
		t.Fatalf("the stream of snapshots has no leader with two others: %+v", info.Cluster)
	}
	if err := servers[info.Cluster.Leader].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	s := r.wait(run, bound(&p))
	r.check(s)
	r.all(s, 1200)
	after, err := r.c.stream.Info(t.Context())
	if err != nil || after.Cluster.Leader == info.Cluster.Leader {
		t.Errorf("%s leads the stream though it was killed: %v", info.Cluster.Leader, err)
	}
}
