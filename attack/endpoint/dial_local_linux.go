package endpoint

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// bindLate has the system choose a connection's port once it knows where the connection
// goes: then one port serves many addresses.
func bindLate(_, _ string, raw syscall.RawConn) (err error) {
	fault := raw.Control(func(fd uintptr) {
		err = os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1))
	})
	if fault != nil {
		return fault
	}
	return err
}
