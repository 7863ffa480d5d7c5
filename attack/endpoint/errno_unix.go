//go:build !windows

package endpoint

import "syscall"

// The system's words for what can go wrong with a connection.
const (
	errRefused       = syscall.ECONNREFUSED
	errReset         = syscall.ECONNRESET
	errAborted       = syscall.ECONNABORTED
	errPipe          = syscall.EPIPE
	errNoPorts       = syscall.EADDRNOTAVAIL
	errNoFiles       = syscall.EMFILE
	errNoFilesSystem = syscall.ENFILE
	errNoRoute       = syscall.EHOSTUNREACH
	errNoNetwork     = syscall.ENETUNREACH
)
