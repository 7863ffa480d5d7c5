//go:build !windows

package attack

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
)

// childVariable makes the test binary another process of a test's: the child
// that it names.
const childVariable = "BRUNT_TEST_CHILD"

var children = map[string]func() int{}

// oracleProgram is built once, for all tests of the package.
var oracleProgram struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	if child := os.Getenv(childVariable); child != "" {
		os.Exit(children[child]())
	}
	if poller := os.Getenv("BRUNT_TEST_POLLER"); poller != "" { // for all of the package on one
		forcedPoller.Store(plan.Poller(poller))
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "4") // those that run at the same time wait more than they work
	// The race detector has each process wait for a second before it ends.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=10")
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if oracleProgram.dir != "" {
			os.RemoveAll(oracleProgram.dir)
		}
		os.Exit(code)
	}))
}

func buildOracle(t *testing.T) string {
	t.Helper()
	p := &oracleProgram
	p.once.Do(func() {
		if p.dir, p.err = os.MkdirTemp("", "oracle"); p.err != nil {
			return
		}
		build := exec.Command("go", "build", "-o", filepath.Join(p.dir, "oracle"), ".")
		build.Dir = filepath.Join("..", "testdata", "oracle")
		if out, err := build.CombinedOutput(); err != nil {
			p.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if p.err != nil {
		t.Fatal(p.err)
	}
	return filepath.Join(p.dir, "oracle")
}

// oracle is a server process with a log of its own; see testdata/oracle.
type oracle struct {
	t       *testing.T
	words   []string
	log     string
	address string
	child   *exec.Cmd
	out     *bufio.Reader
}

// startOracle starts one that has room for so many requests in its log.
func startOracle(t *testing.T, room int, words ...string) *oracle {
	t.Helper()
	return startOracleAt(t, ownHost()+":0", room, words...)
}

func startOracleAt(t *testing.T, address string, room int, words ...string) *oracle {
	t.Helper()
	o := &oracle{t: t, address: address, log: filepath.Join(t.TempDir(), "log")}
	o.words = append(words, "-log", o.log, "-room", strconv.Itoa(room))
	o.start()
	t.Cleanup(o.kill)
	return o
}

// start starts the process, on the port that it had before.
func (o *oracle) start() {
	o.t.Helper()
	o.child = exec.Command(buildOracle(o.t), append(o.words, "-listen", o.address)...)
	o.child.Stderr = os.Stderr
	out, err := o.child.StdoutPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	// It ends with the test's process, however that ends.
	if _, err := o.child.StdinPipe(); err != nil {
		o.t.Fatal(err)
	}
	if err := o.child.Start(); err != nil {
		o.t.Fatal(err)
	}
	o.out = bufio.NewReader(out)
	line, err := o.out.ReadString('\n')
	if err != nil {
		o.kill()
		o.t.Fatalf("the oracle did not start: %v", err)
	}
	o.address = strings.TrimSpace(line)
}

func (o *oracle) url() string {
	if strings.HasPrefix(o.address, "/") {
		return "unix://" + o.address
	}
	return "http://" + o.address + "/"
}

// kill ends it as a crash would.
func (o *oracle) kill() {
	if o.child == nil {
		return
	}
	_ = o.child.Process.Kill()
	_ = o.child.Wait()
	o.child = nil
}

func (o *oracle) signal(s syscall.Signal) { _ = o.child.Process.Signal(s) }

// pause returns once all of its threads stand still: on a busy machine that is
// some time after the signal.
func (o *oracle) pause() {
	o.t.Helper()
	o.signal(syscall.SIGSTOP)
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(o.child.Process.Pid, &status, unix.WUNTRACED, nil)
		if err != unix.EINTR {
			break
		}
	}
	if !status.Stopped() {
		o.t.Errorf("the oracle did not stop: %v", status)
	}
}

// arrived is the number of requests so far, all its processes taken together.
func (o *oracle) arrived() uint64 {
	f, err := os.Open(o.log)
	if err != nil {
		o.t.Error(err)
		return 0
	}
	defer f.Close()
	var n [8]byte
	if _, err := io.ReadFull(f, n[:]); err != nil {
		o.t.Error(err)
	}
	return binary.NativeEndian.Uint64(n[:])
}

// oracleSummary is what the oracle says at its end.
type oracleSummary struct {
	Arrived, Distinct, Duplicates uint64
	Twice                         []uint32
	Missing                       uint64
	Ranges                        [][2]uint64
	Malformed                     uint64
	Unfinished, Overflow          uint64
	Answers                       map[string]uint64
	Connections, Used, MostOnOne  uint64
}

// summary ends it and returns what arrived.
func (o *oracle) summary() (s oracleSummary) {
	o.t.Helper()
	return o.summaryOf(false)
}

// summaryOf is summary of runs that may have sent bodies in a warm-up, too.
func (o *oracle) summaryOf(warmed bool) (s oracleSummary) {
	o.t.Helper()
	o.signal(syscall.SIGTERM)
	err := json.NewDecoder(o.out).Decode(&s)
	o.kill()
	if err != nil {
		o.t.Fatalf("the oracle's summary: %v", err)
	}
	if s.Overflow > 0 || s.Malformed > 0 || s.Duplicates > 0 && !warmed {
		o.t.Errorf("no index may arrive twice, all bodies must be whole and the log not overflow: %+v", s)
	}
	return s
}

// instants are the arrivals of the indices below n, of its log as it stands,
// by CLOCK_MONOTONIC; 0 for what did not arrive.
func (o *oracle) instants(n int) []int64 {
	o.t.Helper()
	const head, size, first = 64, 16, 2 // as testdata/oracle/log.go has them
	log, err := os.ReadFile(o.log)
	if err != nil {
		o.t.Fatal(err)
	}
	all := make([]int64, n)
	for i := range binary.NativeEndian.Uint64(log) {
		r := log[head+size*i:]
		if index := binary.NativeEndian.Uint32(r[8:]); index >= first && int(index-first) < n {
			all[index-first] = int64(binary.NativeEndian.Uint64(r))
		}
	}
	return all
}

func monotonic() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return ts.Nano()
}

// sinceStart turns CLOCK_MONOTONIC into the time since start, by the closest
// of several pairs of readings.
func sinceStart(start time.Time) func(at int64) time.Duration {
	best, offset := time.Duration(1<<62), int64(0)
	for range 100 {
		before := time.Since(start)
		at := monotonic()
		if gap := time.Since(start) - before; gap < best {
			best, offset = gap, at-int64(before+gap/2)
		}
	}
	return func(at int64) time.Duration { return time.Duration(at - offset) }
}

// indexedBodies are n bodies with their index at both ends; each pad-th is too
// large for one buffer with its head. Sent in order, each is sent once.
func indexedBodies(t *testing.T, n int, pad int) *payloads.Set {
	t.Helper()
	name := filepath.Join(t.TempDir(), "indexed.jsonl")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	large := strings.Repeat("x", maxCopied)
	var line []byte
	for i := range int64(n) {
		line = strconv.AppendInt(append(line[:0], `{"i":`...), i, 10)
		line = append(line, `,"inputs":[0.5,1],"pad":"`...)
		if pad > 0 && i%int64(pad) == 0 {
			line = append(line, large...)
		}
		line = strconv.AppendInt(append(line, `","end":`...), i, 10)
		_, _ = w.Write(append(line, "}\n"...))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	set, err := payloads.Open([]payloads.Spec{{Path: name, Weight: 1}}, payloads.Options{Order: payloads.Sequential})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

// attackWith makes a run of the bodies to its end and checks its books.
func attackWith(t *testing.T, url string, p plan.Plan, request Request, set *payloads.Set, sink Sink) *result.Snapshot {
	t.Helper()
	run := startWith(t, url, p, request, set, sink)
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	return s
}

func startWith(t *testing.T, url string, p plan.Plan, request Request, set *payloads.Set, sink Sink) *Run {
	t.Helper()
	return startVia(t, url, endpoint.Options{}, p, request, set, sink)
}

func startVia(t *testing.T, url string, o endpoint.Options, p plan.Plan, request Request, set *payloads.Set, sink Sink) *Run {
	t.Helper()
	target, err := endpoint.Open(t.Context(), url, o, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	run, err := Start(p, request, set, target, sink)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// unsent are the failures from before a request's first byte: no server can
// have seen those.
func unsent(s *result.Snapshot) uint64 {
	return countOf(s, endpoint.Refused, endpoint.DNS, endpoint.TLS, endpoint.TimeoutConnect, endpoint.Unreachable, endpoint.NoPorts, endpoint.NoFiles, endpoint.NoHTTP2, endpoint.ProxyUnreachable, endpoint.ProxyAuth, endpoint.ProxyRefused, endpoint.ProxyUpstream, result.KindConnectRate, result.KindNoStream, result.KindTurnedAway)
}
