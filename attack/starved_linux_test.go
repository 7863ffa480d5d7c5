//go:build !race

package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/needs"
)

// ordeal is the run that a starved child makes.
type ordeal struct {
	URL, Rate   string
	Concurrency int
	KeepAlive   bool
	Garbage     bool // it collects garbage all the while
	Warmup      time.Duration
	Duration    time.Duration
}

func init() { children["starved"] = makeOrdeal }

// ordealVariable holds the run that a child is to make.
const ordealVariable = "BRUNT_TEST_ORDEAL"

// blame is what a verdict says, in words that go from one process to another.
type blame struct{ Headline, Words, LimitedBy, Trust string }

// makeOrdeal makes the run asked for and prints its verdict.
func makeOrdeal() int {
	var o ordeal
	if err := json.Unmarshal([]byte(os.Getenv(ordealVariable)), &o); err != nil {
		return complain(err)
	}
	p := testPlan(0)
	p.Concurrency, p.KeepAlive, p.Warmup, p.Duration = o.Concurrency, o.KeepAlive, o.Warmup, o.Duration
	if o.Rate != "" {
		rate, err := plan.ParseRate(o.Rate)
		if err != nil {
			return complain(err)
		}
		p.Rate = rate
	}
	target, err := endpoint.Open(context.Background(), o.URL, endpoint.Options{}, time.Second)
	if err != nil {
		return complain(err)
	}
	defer target.Close()
	run, err := Start(p, Request{UserAgent: "test"}, payloads.Single("test", body), target, nil)
	if err != nil {
		return complain(err)
	}
	var collectors sync.WaitGroup
	for range 4 {
		if o.Garbage {
			collectors.Go(func() { collect(run.Done()) })
		}
	}
	<-run.Done()
	collectors.Wait()
	v := run.Snapshot().Verdict
	text, _ := json.Marshal(blame{v.Headline.String(), v.Headline.String() + "; " + strings.Join(append(lines(v.Notes), v.Reasons...), "; "), v.LimitedBy, v.Trust})
	fmt.Printf("verdict %s\n", text)
	return 0
}

func complain(err error) int {
	fmt.Println(err)
	return 1
}

// collect keeps a heap of many pointers and has it looked through again and
// again.
func collect(done <-chan struct{}) {
	heap := make([]*[4]*int, 1<<20)
	for i := range heap {
		heap[i] = &[4]*int{new(int)}
	}
	for {
		select {
		case <-done:
			runtime.KeepAlive(heap)
			return
		default:
			runtime.GC()
		}
	}
}

// suffer has the ordeal made by a child, under the command given in front of
// it, and returns the verdict.
func suffer(t *testing.T, o ordeal, before ...string) blame {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	asked, _ := json.Marshal(o)
	args := append(before, self)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childVariable+"=starved", ordealVariable+"="+string(asked))
	out, err := cmd.CombinedOutput()
	_, text, found := strings.Cut(string(out), "verdict ")
	if err != nil || !found {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
	var v blame
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// blamed is the verdict on an ordeal, which must name this limit and say this as
// a reason. A machine that starves the client of something else makes that the
// truth.
func blamed(t *testing.T, limit, reason string, o ordeal, before ...string) (v blame) {
	t.Helper()
	quiet.Repeat(t, func() error {
		v = suffer(t, o, before...)
		if v.Trust != result.TrustNone || v.LimitedBy != limit || !strings.Contains(v.Words, reason) {
			return fmt.Errorf("want limited by %s, with %q in the reasons; got %+v", limit, reason, v)
		}
		return nil
	})
	return v
}

// quick is a server of another process's cores that answers at once, and for so
// little that it is not the one to lack a core where other tests take both.
func quick(t *testing.T) string {
	url := rawServer(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	return url
}

// lastCore is a core that this process may use, for taskset.
func lastCore() string { return strconv.Itoa(runtime.NumCPU() - 1) }

// crowd keeps the last core busy with n other processes until the test ends, or
// about a minute should the test be killed.
func crowd(t *testing.T, n int) {
	t.Helper()
	for range n {
		cmd := exec.Command("taskset", "-c", lastCore(), "sh", "-c", "i=0; while [ $i -lt 20000000 ]; do i=$((i+1)); done")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
}

func TestStarvedByNeighbours(t *testing.T) {
	needs.Program(t, "taskset")
	url := quick(t)
	crowd(t, 12)
	for _, o := range []ordeal{{URL: url, Concurrency: 1000, KeepAlive: true, Duration: 3 * time.Second}, {URL: url, Rate: "20000", Concurrency: 200, KeepAlive: true, Duration: 3 * time.Second}} {
		v := blamed(t, result.LimitClient, "something else keeps the cores busy", o, "taskset", "-c", lastCore())
		if strings.Contains(v.Words, "garbage") {
			t.Errorf("waiting for a core is called garbage collection: %+v", v)
		}
	}
}

// controlGroup makes a CPU control group with a limit of a tenth of a core and
// returns the file that takes its members.
func controlGroup(t *testing.T) (members string) {
	t.Helper()
	for _, version := range []struct{ root, file, limit string }{
		{"/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "10000"}, {"/sys/fs/cgroup", "cpu.max", "10000 100000"},
	} {
		dir := filepath.Join(version.root, fmt.Sprintf("brunt-test-%d", os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		if os.WriteFile(filepath.Join(dir, version.file), []byte(version.limit), 0o644) == nil {
			return filepath.Join(dir, "cgroup.procs")
		}
	}
	needs.Lacking(t, "cgroup", "no control group can be made")
	return ""
}

func TestStarvedByQuota(t *testing.T) {
	members := controlGroup(t)
	url := quick(t)
	for _, o := range []ordeal{{URL: url, Concurrency: 16, KeepAlive: true, Duration: 3 * time.Second}, {URL: url, Rate: "5000", Concurrency: 500, KeepAlive: true, Duration: 3 * time.Second}} {
		blamed(t, result.LimitClient, "limit of 0.1 cores", o, "sh", "-c", `echo $$ > "$0" && exec "$@"`, members)
	}
}

func TestStarvedOfFiles(t *testing.T) {
	o := ordeal{URL: "mock://?latency=500ms&concurrency=1000", Rate: "500", KeepAlive: true, Warmup: time.Second, Duration: 2 * time.Second}
	blamed(t, result.LimitConnections, "ulimit -n", o, "sh", "-c", `ulimit -n 64 && exec "$@"`, "sh")
}

func TestStarvedOfPorts(t *testing.T) {
	needs.Program(t, "unshare")
	needs.Program(t, "ip")
	if err := exec.Command("unshare", "-n", "true").Run(); err != nil {
		needs.Lacking(t, "netns", err)
	}
	o := ordeal{URL: "mock://?latency=50ms&concurrency=1000", Concurrency: 200, KeepAlive: true, Duration: 2 * time.Second}
	blamed(t, result.LimitConnections, "ip_local_port_range", o, "unshare", "-n", "sh", "-c", `ip link set lo up && echo 20000 20063 > /proc/sys/net/ipv4/ip_local_port_range && exec "$@"`, "sh")
}

func TestStarvedByGarbage(t *testing.T) {
	needs.Program(t, "taskset")
	o := ordeal{URL: quick(t), Rate: "1500", Concurrency: 100, KeepAlive: true, Garbage: true, Duration: 4 * time.Second}
	blamed(t, result.LimitClient, "garbage collection", o, "taskset", "-c", lastCore())
}

// TestEndpointsFault has endpoints that cannot cope: the client is not blamed,
// unless the machine starves it.
func TestEndpointsFault(t *testing.T) {
	for name, c := range map[string]struct {
		o     ordeal
		limit string
	}{
		"slow":     {ordeal{URL: "mock://?latency=300ms&concurrency=1000", Rate: "100", KeepAlive: true}, result.LimitNone},
		"queueing": {ordeal{URL: "mock://?latency=20ms&concurrency=2&queue=0", Rate: "200", Concurrency: 50, KeepAlive: true}, result.LimitConnections},
		"429":      {ordeal{URL: "mock://?latency=20ms&concurrency=1&queue=1", Rate: "200", KeepAlive: true}, result.LimitEndpoint},
		"closed":   {ordeal{URL: "mock://?latency=20ms&concurrency=1&queue=0", Concurrency: 20, KeepAlive: true}, result.LimitNone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// What a process makes when it first needs it takes the race
			// detector's tens of milliseconds.
			c.o.Warmup, c.o.Duration = time.Second, 2*time.Second
			quiet.Repeat(t, func() error {
				if v := suffer(t, c.o); v.LimitedBy != c.limit || v.Trust == result.TrustNone && c.limit == result.LimitNone {
					return fmt.Errorf("want limited by %s, got %+v", c.limit, v)
				}
				return nil
			})
		})
	}
}

// TestStoppedClient stops the client's own process in a closed loop. The time is
// not the endpoint's: neither a pause of it nor a slow reply.
func TestStoppedClient(t *testing.T) {
	needs.Time(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	asked, _ := json.Marshal(ordeal{URL: quick(t), Concurrency: 4, KeepAlive: true, Duration: 6 * time.Second})
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"=starved", ordealVariable+"="+string(asked))
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := time.AfterFunc(2*time.Second, func() { _ = cmd.Process.Signal(syscall.SIGSTOP) })
	resume := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Signal(syscall.SIGCONT) })
	defer stop.Stop()
	defer resume.Stop()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	_, text, _ := strings.Cut(out.String(), "verdict ")
	var v blame
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&v); err != nil {
		t.Fatal(err)
	}
	if v.Trust == result.TrustFull || !strings.Contains(v.Words, "could not run for") || strings.Contains(v.Headline, "pause") {
		t.Errorf("%+v", v)
	}
}
