//go:build !windows

package attack

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"brunt/attack/endpoint"
	"brunt/payloads"
)

const serveEnv = "BRUNT_TEST_SERVE"

// TestMain is also the server process that tests pause.
func TestMain(m *testing.M) {
	if os.Getenv(serveEnv) == "" {
		goleak.VerifyTestMain(m)
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	// It keeps its own log of arrivals, by the clock that all processes share.
	var mu sync.Mutex
	var log []int64
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path == "/log" {
			_ = json.NewEncoder(w).Encode(log)
			return
		}
		log = append(log, monotonic())
	}))
}

func monotonic() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return ts.Nano()
}

// TestPausedServer stops the endpoint's process for two seconds. Response
// times must agree with the closed form: the tickets planned in the pause
// wait for its end and then for the backlog to drain, as the endpoint's own
// log of arrivals has it. Service times may hide it. A neighbour who takes the
// cores just then disturbs the drain, so one of three runs must agree; none may
// be below the pause itself.
func TestPausedServer(t *testing.T) {
	for _, slots := range []int{0, 16} {
		t.Run(fmt.Sprintf("slots=%d", slots), func(t *testing.T) {
			for range 3 {
				if pausedRun(t, slots) {
					return
				}
			}
			t.Errorf("the response times of no run agree with the closed form within %v", agreement)
		})
	}
}

func pausedRun(t *testing.T, slots int) (agrees bool) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), serveEnv+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer child.Process.Kill()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p := testPlan(0)
	p.Rate, p.Duration, p.Concurrency = mustRate(t, "1000"), 6*time.Second, slots
	address = strings.TrimSpace(address)
	run := start(t, "http://"+address, p, payloads.Single("test", body), endpoint.Options{})
	instants := make(chan int64, 2)
	time.AfterFunc(2*time.Second, func() {
		_ = child.Process.Signal(syscall.SIGSTOP)
		instants <- run.clock.now()
		time.AfterFunc(2*time.Second, func() {
			instants <- run.clock.now()
			_ = child.Process.Signal(syscall.SIGCONT)
		})
	})
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	paused, resumed := <-instants, <-instants
	arrivals := arrivalLog(t, address)
	if len(arrivals) != 6000 || s.Counts.Succeeded != 6000 {
		t.Fatalf("%d arrived, %d succeeded", len(arrivals), s.Counts.Succeeded)
	}
	offset := monotonic() - run.clock.now()
	var least, model []int64 // without the drain, and with it
	for k := range uint64(6000) {
		at, _ := run.schedule.at(k)
		at += run.start
		wait := int64(0)
		if at >= paused && at < resumed {
			wait = resumed - at
		}
		least = append(least, wait)
		model = append(model, max(0, arrivals[k]-offset-at))
	}
	slices.Sort(least)
	slices.Sort(model)
	agrees = true
	for _, q := range []float64{90, 95, 99} {
		rank := int(q/100*6000) - 1
		want := model[rank]
		got := s.Latencies.Response.ValueAtPercentile(q)
		t.Logf("p%v: response %v, closed form %v, service %v", q, time.Duration(got), time.Duration(want), time.Duration(s.Latencies.Service.ValueAtPercentile(q)))
		if got < least[rank] {
			t.Errorf("p%v of the response time is %v, less than the pause's own %v", q, time.Duration(got), time.Duration(least[rank]))
		}
		agrees = agrees && math.Abs(float64(got)/float64(want)-1) <= agreement
	}
	// With few slots only the requests in flight at the pause show it in their
	// service time.
	if service := s.Latencies.Service.ValueAtPercentile(95); slots > 0 && service > int64(time.Second) {
		t.Errorf("p95 of the service time is %v with %d slots", time.Duration(service), slots)
	}
	return agrees
}

func arrivalLog(t *testing.T, address string) (log []int64) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	reply, err := client.Get("http://" + address + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if err := json.NewDecoder(reply.Body).Decode(&log); err != nil {
		t.Fatal(err)
	}
	slices.Sort(log)
	return log
}
