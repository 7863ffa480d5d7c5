package job

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// process is a worker on this machine that was started for one command.
type process struct {
	name    string
	stdin   io.Closer // it ends with this process
	command *exec.Cmd
	said    *lastLines
	done    chan struct{}
}

// startLocal starts the workers of this machine, which share its cores.
func (w *workers) startLocal() error {
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("--workers local: %w", err)
	}
	n := w.flags.Workers.N
	cores := max(1, runtime.GOMAXPROCS(0)/n)
	for range n {
		p := &process{said: &lastLines{}, done: make(chan struct{})}
		access := w.server.ForWorkers()
		p.command = exec.Command(path, "worker", access.URL, "--once", "--tied")
		p.command.Args[0] = os.Args[0]
		p.command.Env = append(w.environment(), "BRUNT_WORKER_TOKEN="+access.Token, fmt.Sprintf("GOMAXPROCS=%d", cores))
		p.command.Stderr = p.said
		apart(p.command)
		if p.stdin, err = p.command.StdinPipe(); err != nil {
			return fmt.Errorf("--workers local: %w", err)
		}
		if err := p.command.Start(); err != nil {
			return fmt.Errorf("--workers local: %w", err)
		}
		p.name = processName(p.command.Process.Pid)
		go func() {
			_ = p.command.Wait() // how it ended shows in its leases
			close(p.done)
		}()
		w.processes = append(w.processes, p)
	}
	return nil
}

// processName is a local worker's name. Workers are numbered as they come, and a number of
// its own would be mistaken for that.
func processName(pid int) string { return fmt.Sprintf("process %d", pid) }

// credentialVariables are how variables begin that Databricks credentials are in.
var credentialVariables = []string{"DATABRICKS_", "ARM_", "GOOGLE_", "ACTIONS_ID_TOKEN_"}

// environment is what workers of this machine have of this process's: without credentials
// where they are handed some.
func (w *workers) environment() []string {
	if !w.flags.Handed() {
		return os.Environ()
	}
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return slices.ContainsFunc(credentialVariables, func(begin string) bool { return strings.HasPrefix(v, begin) })
	})
}

// endWithin is how long a worker that was sent away may take to end.
const endWithin = 5 * time.Second

// end waits for a process that was sent away.
func (p *process) end() {
	select {
	case <-p.done:
	case <-time.After(endWithin):
		_ = p.command.Process.Kill() // it is gone, or will be
		<-p.done
	}
}

// lastLines keeps the end of what a process has said.
type lastLines struct {
	mu   sync.Mutex
	text []byte
}

const keptSaid = 4 << 10

// Write keeps the last of what is written.
func (l *lastLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	if over := len(l.text) - keptSaid; over > 0 {
		l.text = append(l.text[:0], l.text[over:]...)
	}
	return len(b), nil
}

// last is the last line.
func (l *lastLines) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := bytes.TrimSpace(l.text)
	return string(text[bytes.LastIndexByte(text, '\n')+1:])
}
