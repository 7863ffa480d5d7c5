package live_test

import (
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// page matches functions that belong to the page alone, by their full names.
var page = regexp.MustCompile(`^(brunt/report/live|brunt/report/page|net/http\.\(\*Server\)|github\.com/prometheus/|github\.com/pkg/browser)`)

// allocated is what each function of the page's has allocated so far, counted
// by whoever is on the stack.
func allocated() map[string]int64 {
	runtime.GC()
	runtime.GC() // a profile is of the last but one
	var records []runtime.MemProfileRecord
	for n := 1000; ; n *= 2 {
		records = make([]runtime.MemProfileRecord, n)
		if got, all := runtime.MemProfile(records, true); all {
			records = records[:got]
			break
		}
	}
	sum := map[string]int64{}
	for i := range records {
		frames := runtime.CallersFrames(records[i].Stack())
		for {
			frame, more := frames.Next()
			if page.MatchString(frame.Function) {
				sum[frame.Function] += records[i].AllocBytes
				break
			}
			if !more {
				break
			}
		}
	}
	return sum
}

// A run without --serve has no goroutine of the page's, and allocates nothing
// for it.
func TestNothingWithoutServe(t *testing.T) {
	rate := runtime.MemProfileRate
	runtime.MemProfileRate = 1 // each allocation from here on
	defer func() { runtime.MemProfileRate = rate }()
	s := newSession(t, "mock://?latency=1ms&overhead=0ms&sigma=0", "-r", "200", "-d", "300ms")
	before := allocated()
	ended := make(chan error, 1)
	go func() { ended <- s.Once() }()
	var stacks strings.Builder
	for looking := true; looking; {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			looking = false
		case <-time.After(20 * time.Millisecond):
			text := make([]byte, 1<<20)
			stacks.Write(text[:runtime.Stack(text, true)])
		}
	}
	if len(s.published) != 1 || s.published[0].Requests.Sent != 60 {
		t.Fatalf("%d reports", len(s.published))
	}
	seen := 0
	for line := range strings.Lines(stacks.String()) {
		if strings.HasPrefix(line, "brunt/attack") {
			seen++
		}
		if page.MatchString(line) && !strings.Contains(line, "_test.") && !strings.Contains(line, "/live.Test") { // nor a test that waits for its turn
			t.Errorf("a goroutine of the page's: %s", line)
		}
	}
	if seen == 0 {
		t.Error("not even the run's own goroutines were seen")
	}
	for function, bytes := range allocated() {
		if more := bytes - before[function]; more > 0 && !strings.Contains(function, "_test.") {
			t.Errorf("%s allocated %d bytes", function, more)
		}
	}
}

// Being linked in costs hardly anything at the start: what the page's packages
// initialise is bounded.
func TestInitIsCheap(t *testing.T) {
	path, err := os.Executable()
	must(err)
	cmd := exec.Command(path, "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	line := regexp.MustCompile(`(?m)^init (\S+) @\S+ ms, (\S+) ms clock, (\d+) bytes, (\d+) allocs$`)
	for _, m := range line.FindAllStringSubmatch(string(out), -1) {
		bytes, _ := strconv.Atoi(m[3])
		if strings.HasPrefix(m[1], "brunt/") || strings.HasPrefix(m[1], "github.com/prometheus/") || strings.HasPrefix(m[1], "google.golang.org/protobuf") {
			t.Logf("%s: %s ms, %d bytes", m[1], m[2], bytes)
		}
		if (m[1] == "brunt/report/live" || m[1] == "brunt/report/page") && bytes > 64<<10 {
			t.Errorf("%s allocates %d bytes before main", m[1], bytes)
		}
	}
}
