package payloads

import (
	"runtime"
	"sync"
	"sync/atomic"

	"brunt/payloads/file"
)

// processors is how many goroutines work at once.
func processors() int { return runtime.GOMAXPROCS(0) }

// inParallel calls f for each k from 0 to n-1 on that many workers: goroutines
// numbered from 0, each guarded against files that shrink. After an error no
// further calls are begun.
func inParallel(workers, n int, f func(worker, k int) error) error {
	var (
		wg     sync.WaitGroup
		next   atomic.Int64
		failed atomic.Pointer[error]
	)
	for worker := range min(workers, n) {
		wg.Go(func() {
			err := file.Guard(func() error {
				for failed.Load() == nil {
					k := int(next.Add(1)) - 1
					if k >= n {
						return nil
					}
					if err := f(worker, k); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				failed.CompareAndSwap(nil, &err)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}
