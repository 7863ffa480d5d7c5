//go:build !linux

package host

import "time"

// runDelay is not told by this system.
func runDelay() time.Duration { return 0 }

// quota is unknown here: no control groups.
func quota() (cores float64, throttled time.Duration) { return 0, 0 }
