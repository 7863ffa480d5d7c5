//go:build unix

package outfile

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a file the owner and group of another, unless it has them.
func keepOwner(path string, of fs.FileInfo) error {
	mine, err := os.Stat(path)
	if err != nil {
		return err
	}
	want, ok := of.Sys().(*syscall.Stat_t)
	have, too := mine.Sys().(*syscall.Stat_t)
	if !ok || !too || want.Uid == have.Uid && want.Gid == have.Gid {
		return nil
	}
	return os.Chown(path, int(want.Uid), int(want.Gid))
}
