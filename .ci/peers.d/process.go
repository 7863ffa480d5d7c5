package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// spent is what one process cost.
type spent struct {
	cpu    time.Duration // user and system, children included
	wall   time.Duration
	peak   uint64 // resident set at its largest, bytes
	out    []byte // standard output
	exited bool   // by itself, with whatever status
}

// run starts a command on one core or several, waits for it, and gives what it spent. A
// command that outlives limit is killed, with all it started.
func run(ctx context.Context, cores string, limit time.Duration, environment []string, argv ...string) (spent, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", cores}, argv...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = append(os.Environ(), environment...)
	// A group of its own to kill, and death should this program be killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return spent{}, err
	}
	begun := time.Now()
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() { peak <- watchPeak(cmd.Process.Pid, stop) }()
	err := cmd.Wait()
	close(stop)
	s := spent{peak: <-peak, out: out.Bytes(), wall: time.Since(begun)}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.exited = cmd.ProcessState.Exited()
	if ctx.Err() == context.DeadlineExceeded {
		err = fmt.Errorf("not done after %s, killed", limit)
	}
	if err != nil {
		err = fmt.Errorf("%w: %s", err, lastLine(errs.String()+out.String()))
	}
	return s, err
}

// watchPeak reads a process's largest resident set until told to stop. The
// kernel's ru_maxrss will not do: a child inherits that of its parent.
func watchPeak(pid int, stop <-chan struct{}) uint64 {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	path := fmt.Sprintf("/proc/%d/status", pid)
	var peak uint64
	for {
		select {
		case <-stop:
			return peak
		case <-tick.C:
			status, _ := os.ReadFile(path)
			peak = max(peak, highWater(string(status)))
		}
	}
}

// highWater finds VmHWM in a /proc status, in bytes.
func highWater(status string) uint64 {
	_, after, found := strings.Cut(status, "VmHWM:")
	fields := strings.Fields(after)
	if !found || len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseUint(fields[0], 10, 64)
	return kilobytes << 10
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
