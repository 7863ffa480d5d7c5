//go:build !windows

package host

import (
	"runtime"
	"syscall"
	"time"
)

// CPUTime is the process's user and system time.
func CPUTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rssPeak is the process's largest resident size in bytes, mapped payload
// pages included.
func rssPeak() uint64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return uint64(u.Maxrss)
	}
	return uint64(u.Maxrss) << 10
}

// MaxFiles is the limit of open files, 0 where there is none.
func MaxFiles() uint64 {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil || l.Cur > 1<<40 {
		return 0
	}
	return uint64(l.Cur)
}
