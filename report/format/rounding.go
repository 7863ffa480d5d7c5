package format

import (
	"math"
	"strconv"
	"time"
)

// Millis turns nanoseconds into milliseconds, rounded as Summary says.
func Millis(ns float64) *float64 {
	if ns >= 1e6 {
		return new(math.Round(ns/1e3) / 1e3)
	}
	return new(math.Round(ns) / 1e6)
}

// Seconds turns a duration into seconds, rounded to 1 µs.
func Seconds(d time.Duration) float64 {
	return math.Round(float64(d)/1e3) / 1e6
}

// Per is count by time, 0 where there is no time, rounded to 7 significant
// digits, which keeps JSON short and lies below the clock's own error.
func Per(count, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return Significant(count/seconds, 7)
}

// Significant rounds to a number of significant digits; what is not finite
// becomes 0, because JSON cannot hold it.
func Significant(x float64, digits int) float64 {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', digits, 64), 64)
	if err != nil {
		return 0
	}
	return rounded
}
