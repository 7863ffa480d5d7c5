package file

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Fault makes an error of what recover returned in a goroutine that reads
// bodies and has called debug.SetPanicOnFault(true). A mapped file that is
// cut short has no memory behind its end any more, and reading there would
// otherwise kill the process. Nil gives nil; any panic other than a memory
// fault goes on.
//
// A system call that is handed such memory does not fault but fails with
// EFAULT ("bad address"); [Mapping.Changed] then says what happened.
func Fault(recovered any) error {
	if recovered == nil {
		return nil
	}
	f, ok := recovered.(interface {
		runtime.Error
		Addr() uintptr
	})
	if !ok {
		panic(recovered)
	}
	const remedy = "shrank while in use; leave payload files alone during a run, and run again"
	if name := mappedAt(f.Addr()); name != "" {
		return fmt.Errorf("payload file %s %s", name, remedy)
	}
	return fmt.Errorf("payload file %s", remedy)
}

// Guard calls f, which reads mapped memory in this goroutine only.
func Guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := Fault(recover()); fault != nil {
			err = fault
		}
	}()
	return f()
}
