//go:build unix

package job

import (
	"os/exec"
	"syscall"
)

// apart has a worker not get the interrupts of this process's terminal: the coordinator
// tells it what to do.
func apart(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
