package endpoint

import "golang.org/x/sys/windows"

// The system's words for what can go wrong with a connection.
const (
	errRefused       = windows.WSAECONNREFUSED
	errReset         = windows.WSAECONNRESET
	errAborted       = windows.WSAECONNABORTED
	errPipe          = windows.ERROR_BROKEN_PIPE
	errNoPorts       = windows.WSAEADDRNOTAVAIL
	errNoFiles       = windows.WSAEMFILE
	errNoFilesSystem = windows.WSAENOBUFS
	errNoRoute       = windows.WSAEHOSTUNREACH
	errNoNetwork     = windows.WSAENETUNREACH
)
