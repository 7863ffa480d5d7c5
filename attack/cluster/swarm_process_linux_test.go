package cluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"syscall"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/sys/unix"

	"brunt/attack/plan"
)

// swarmVariable makes the test binary one process of a swarm's; it holds a swarmOptions.
const swarmVariable = "BRUNT_TEST_SWARM"

// What a swarm of simulated workers is. BRUNT_SWARM=WORKERS,SECONDS makes it larger, and
// BRUNT_SWARM_PROFILE=FILE writes a CPU profile of its coordinator:
//
//	BRUNT_SWARM=1000,60 go test -v -run TestSwarm ./attack/cluster
const (
	swarmWorkers = 100
	swarmSeconds = 4
	swarmRate    = 300 // requests a second and worker
)

type swarmOptions struct {
	Role             string // "nats" or "coordinator"
	URL, Password    string
	Workers, Seconds int
	Profile          string
}

// swarmFigures are what a process of a swarm tells of itself.
type swarmFigures struct {
	URL, Token, Password string // of the server, once it is up

	CPU, Wall               float64 // seconds
	Ready, Begun            float64 // seconds until all workers were ready, and then until all had begun
	PeakRSS                 int64   // bytes
	InMsgs, OutMsgs, InSize int64   // of the server
	Stored                  int64   // bytes on its disk
	Looks                   []swarmLook
	Sent, Succeeded         uint64
	Planned                 uint64
	Lost                    int
	Notes                   []string
}

// swarmLook is how many requests were merged at an instant.
type swarmLook struct {
	At   time.Time
	Sent uint64
}

// init, since a process of a swarm is none of the tests' others.
func init() {
	text := os.Getenv(swarmVariable)
	if text == "" {
		return
	}
	var o swarmOptions
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	role := swarmServer
	if o.Role == "coordinator" {
		role = swarmCoordinator
	}
	if err := role(&o); err != nil {
		fmt.Fprintln(os.Stderr, o.Role+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// tellFigures writes what a process tells, with its peak of memory.
func tellFigures(f *swarmFigures) error {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return err
	}
	f.CPU, f.PeakRSS = cpuOf(&used), used.Maxrss<<10
	return json.NewEncoder(os.Stdout).Encode(f)
}

func cpuOf(u *unix.Rusage) float64 {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// swarmServer is a NATS server, which tells its figures for each line that it reads.
func swarmServer(*swarmOptions) error {
	s, err := StartServer(ServerOptions{Listen: "127.0.0.1:0", Session: swarmSession})
	if err != nil {
		return err
	}
	defer s.Close()
	lines := bufio.NewScanner(os.Stdin)
	for {
		v, err := s.nats.Varz(nil)
		if err != nil {
			return err
		}
		stored, err := sizeOf(s.dir)
		if err != nil {
			return err
		}
		f := swarmFigures{
			Stored: stored, URL: s.url("127.0.0.1"), Token: s.token, Password: s.password,
			InMsgs: v.InMsgs, OutMsgs: v.OutMsgs, InSize: v.InBytes,
		}
		if err := tellFigures(&f); err != nil || !lines.Scan() {
			return err
		}
	}
}

// sizeOf is how many bytes a directory's files take on the disk.
func sizeOf(dir string) (sum int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // the server has removed it meanwhile
		}
		if about, err := entry.Info(); err == nil {
			sum += about.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return nil
	})
	return sum, err
}

const swarmSession = "swarm"

// swarmCoordinator makes one run, and looks at what is merged each second, as a panel
// does.
func swarmCoordinator(o *swarmOptions) error {
	c, err := Open(Options{
		Access:  Access{URL: o.URL, user: "coordinator", password: o.Password},
		Session: swarmSession, Workers: o.Workers, Version: "swarm", Tell: func(line string) { fmt.Fprintln(os.Stderr, line) },
	})
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	opened := time.Now()
	if err = c.Prepare(ctx, nil, nil, func(string) {}); err != nil {
		return err
	}
	ready := time.Now()
	rate := swarmRate * o.Workers
	length := time.Duration(o.Seconds) * time.Second
	run, err := c.Start(plan.Plan{
		Rate: vegeta.Rate{Freq: rate, Per: time.Second}, Concurrency: rate, Duration: length, Timeout: 5 * time.Second,
	})
	if err != nil {
		return err
	}
	if o.Profile != "" {
		file, err := os.Create(o.Profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err = pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var before, after unix.Rusage
	if err = unix.Getrusage(unix.RUSAGE_SELF, &before); err != nil {
		return err
	}
	began, f := time.Now(), swarmFigures{}
	f.Ready, f.Begun = ready.Sub(opened).Seconds(), began.Sub(ready).Seconds()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case now := <-tick.C:
			s := run.Snapshot()
			f.Looks = append(f.Looks, swarmLook{now, s.Counts.Sent})
		case <-run.Done():
			over = true
		}
	}
	if err = unix.Getrusage(unix.RUSAGE_SELF, &after); err != nil {
		return err
	}
	s := run.Snapshot()
	f.Wall = time.Since(began).Seconds()
	f.Planned, f.Sent, f.Succeeded = s.Counts.Planned, s.Counts.Sent, s.Counts.Succeeded
	for _, w := range s.Workers {
		if w.Lost != nil {
			f.Lost++
		}
	}
	for _, w := range s.Warnings {
		f.Notes = append(f.Notes, fmt.Sprint(w))
	}
	if err = tellFigures(&f); err != nil { // with all CPU so far
		return err
	}
	f.CPU = cpuOf(&after) - cpuOf(&before)
	return json.NewEncoder(os.Stdout).Encode(&f)
}

// swarmProcess is one of a swarm's.
type swarmProcess struct {
	t    *testing.T
	cmd  *exec.Cmd
	ask  func() error
	tell *json.Decoder
	errs bytes.Buffer
}

func newSwarmProcess(t *testing.T, o swarmOptions) *swarmProcess {
	t.Helper()
	text, err := json.Marshal(&o)
	if err != nil {
		t.Fatal(err)
	}
	p := &swarmProcess{t: t, cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), swarmVariable+"="+string(text))
	p.cmd.Stderr = &p.errs
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.ask = func() error { _, err := in.Write([]byte("\n")); return err }
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.tell = json.NewDecoder(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // which ends the server
		if t.Failed() {
			_ = p.cmd.Process.Kill()
		}
		_ = p.cmd.Wait()
	})
	return p
}

// figures are the next that the process tells.
func (p *swarmProcess) figures() (f swarmFigures) {
	p.t.Helper()
	if err := p.tell.Decode(&f); err != nil {
		p.t.Fatalf("%v: %s", err, p.errs.String())
	}
	return f
}
