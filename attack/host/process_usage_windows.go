package host

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// CPUTime is the process's user and kernel time.
func CPUTime() time.Duration {
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user) != nil {
		return 0
	}
	ticks := func(f windows.Filetime) int64 { return int64(f.HighDateTime)<<32 | int64(f.LowDateTime) }
	return time.Duration(100 * (ticks(kernel) + ticks(user)))
}

var getProcessMemoryInfo = windows.NewLazySystemDLL("kernel32.dll").NewProc("K32GetProcessMemoryInfo")

// rssPeak is the process's largest working set in bytes.
func rssPeak() uint64 {
	var m struct {
		size, faults                  uint32
		peakWorkingSet, workingSet    uintptr
		_, _, _, _, pagefile, peakPag uintptr
	}
	m.size = uint32(unsafe.Sizeof(m))
	if ok, _, _ := getProcessMemoryInfo.Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&m)), uintptr(m.size)); ok == 0 {
		return 0
	}
	return uint64(m.peakWorkingSet)
}

// MaxFiles is the limit of open files, 0 where there is none.
func MaxFiles() uint64 { return 0 }
