//go:build unix

package panel

import (
	"os"

	"golang.org/x/sys/unix"
)

// foreground reports whether the process may set up the terminal: to one in the
// background it belongs no more than its keys do. One that is no process's own
// is free.
func foreground(terminal *os.File) bool {
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err != nil || group == 0 || group == unix.Getpgrp()
}
