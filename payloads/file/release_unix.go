//go:build unix

package file

import "golang.org/x/sys/unix"

// release gives the pages of mapped memory back to the system.
func release(pages []byte) { _ = unix.Madvise(pages, unix.MADV_DONTNEED) } // costs memory only where it fails
