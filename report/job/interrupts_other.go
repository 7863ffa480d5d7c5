//go:build !unix

package job

import (
	"os"
	"syscall"
)

var (
	withstood = []os.Signal{syscall.SIGPIPE}
	exhausted []os.Signal
)
