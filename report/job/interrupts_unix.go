//go:build unix

package job

import (
	"os"
	"syscall"
)

var (
	withstood = []os.Signal{syscall.SIGPIPE, syscall.SIGXFSZ, syscall.SIGTTIN, syscall.SIGTTOU}
	exhausted = []os.Signal{syscall.SIGXCPU}
)
