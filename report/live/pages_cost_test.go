//go:build cost && linux

package live_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"brunt/report"
)

// TestPagesCost measures what 50 pages that look on, of which half do not
// read, cost a run: CPU time per request of a closed loop at full speed,
// lateness of an open loop at 2,000/s, CPU time of one at 50/s, and memory.
// brunt has one core to itself, nginx and the pages have another; rounds
// without and with pages take turns. On a machine that others use, too, the
// ratio at full speed is noise. What pages cost depends on the clock and not
// on the load, so the loop that has next to nothing else to do tells it best:
// what they take of the core there is what a full one would lose. It and the
// memory are held to bounds, the rest is only told:
//
//	go test -tags cost -run ViewersCost -v -timeout 10m ./report/live
//
// BRUNT_ROUNDS is how many (5), BRUNT_FOR how long each run takes (4s).
func TestPagesCost(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "brunt")
	if out, err := exec.Command("go", "build", "-o", binary, "brunt").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c := &cost{t: t, binary: binary, url: nginx(t, dir), duration: "4s"}
	if d := os.Getenv("BRUNT_FOR"); d != "" {
		c.duration = d
	}
	rounds := 5
	if n, err := strconv.Atoi(os.Getenv("BRUNT_ROUNDS")); err == nil {
		rounds = n
	}
	var cpu, rate, late, lateAlone, memory, share []float64 // with and without, by round
	for round := range rounds {
		order := []int{0, 50}
		if round%2 == 1 {
			order = []int{50, 0}
		}
		full, open, calm := map[int]*report.Report{}, map[int]*report.Report{}, map[int]*report.Report{}
		for _, pages := range order {
			full[pages] = c.run(pages, "-c", "32")
			open[pages] = c.run(pages, "-r", "2000")
			calm[pages] = c.run(pages, "-r", "50")
		}
		cpu = append(cpu, *full[50].Client.CPUPerRequestUS / *full[0].Client.CPUPerRequestUS)
		rate = append(rate, full[50].Throughput.SucceededPerS/full[0].Throughput.SucceededPerS)
		late, lateAlone = append(late, *open[50].LatenessMS.P99), append(lateAlone, *open[0].LatenessMS.P99)
		memory = append(memory, full[50].Client.RSSPeakMB-full[0].Client.RSSPeakMB)
		share = append(share, 100*(busy(calm[50])-busy(calm[0])))
		t.Logf("round %d: %.2f and %.2f µs of CPU per request (×%.4f); %.0f and %.0f/s; lateness p99 %.3f and %.3f ms; at 50/s %.2f %% and %.2f %% of the core; %.1f and %.1f MB", round+1,
			*full[0].Client.CPUPerRequestUS, *full[50].Client.CPUPerRequestUS, cpu[round], full[0].Throughput.SucceededPerS, full[50].Throughput.SucceededPerS,
			lateAlone[round], late[round], 100*busy(calm[0]), 100*busy(calm[50]), full[0].Client.RSSPeakMB, full[50].Client.RSSPeakMB)
	}
	t.Logf("medians: CPU per request ×%.4f, rate ×%.4f, lateness p99 %.3f ms without and %.3f ms with, pages take %.2f %% of the core, %+.1f MB", median(cpu), median(rate), median(lateAlone), median(late), median(share), median(memory))
	if median(share) > 3 {
		t.Errorf("50 pages take %.2f %% of the core, more than 3 %%", median(share))
	}
	if median(memory) > 50*0.5 {
		t.Errorf("50 pages take %.1f MB, more than half a megabyte each", median(memory))
	}
}

// busy is the share of its core that a run took.
func busy(r *report.Report) float64 { return r.Client.CPUS / r.Client.WallS }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

type cost struct {
	t                     *testing.T
	binary, url, duration string
}

// run makes one run with so many pages from its start to its end.
func (c *cost) run(pages int, load ...string) *report.Report {
	c.t.Helper()
	args := append([]string{"-c", "1", c.binary, "attack", c.url, "-d", c.duration, "--warmup", "500ms", "-o", "json", "--serve=127.0.0.1:0", "--slo", "p99<1s"}, load...)
	cmd := exec.Command("taskset", args...)
	var out bytes.Buffer
	cmd.Stdout = &out
	said, err := cmd.StderrPipe()
	must(err)
	must(cmd.Start())
	line, err := bufio.NewReader(said).ReadString('\n')
	must(err)
	u, err := url.Parse(strings.TrimPrefix(strings.TrimSpace(line), "live view: "))
	must(err)
	for i := range pages {
		c.view(u.Host, i%2 == 0)
	}
	_ = cmd.Wait() // the rule may be broken
	var rep report.Report
	must(json.Unmarshal(out.Bytes(), &rep))
	return &rep
}

// view attaches one page until the test's end.
func (c *cost) view(host string, reads bool) {
	conn, err := net.Dial("tcp", host)
	must(err)
	c.t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET /api/events HTTP/1.1\r\nHost: %s\r\n\r\n", host)
	if reads {
		go io.Copy(io.Discard, conn)
	}
}

// nginx answers with a few bytes and keeps connections.
func nginx(t *testing.T, dir string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	address := l.Addr().String()
	l.Close()
	config := filepath.Join(dir, "nginx.conf")
	must(os.WriteFile(config, []byte(`daemon off; worker_processes 1; error_log /dev/null; pid `+dir+`/pid;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000000; server { listen `+address+`; location / { return 200 "ok"; } } }`), 0o600))
	cmd := exec.Command("taskset", "-c", "0", "nginx", "-c", config)
	must(cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	if !await(func() bool {
		resp, err := http.Get("http://" + address)
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	}) {
		t.Fatal("nginx does not answer")
	}
	return "http://" + address
}
