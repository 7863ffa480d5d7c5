package histogram

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Histogram bounds: nanoseconds from 1 to 1 h at 3 significant digits. What
// lies beyond is recorded at the bound and counted apart.
const (
	Max    = int64(time.Hour)
	Digits = 3
)

// New returns an empty histogram of nanoseconds with brunt's bounds,
// so that any two of them merge without loss.
func New() *hdrhistogram.PackedHistogram {
	return hdrhistogram.NewPacked(1, Max, Digits)
}

// Recordable is the length in the nanoseconds that a histogram can hold; fits is
// false where that is not the length itself.
func Recordable(length time.Duration) (ns int64, fits bool) {
	ns = min(max(int64(length), 0), Max)
	return ns, ns == int64(length)
}
