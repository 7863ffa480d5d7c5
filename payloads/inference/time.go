package inference

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// The columns that say when a request came: milliseconds since 1970 in old
// tables, an instant in new ones.
const (
	stampColumn = "timestamp_ms"
	clockColumn = "request_time"
)

// requestTime is when a request came, by the first of the two columns that has
// something in it.
func requestTime(stamp, clock []byte) int64 {
	for _, c := range []struct {
		text []byte
		unit float64 // of small numbers, ns
	}{{stamp, 1e6}, {clock, 1e9}} {
		if text := strings.TrimSpace(string(c.text)); text != "" && text != "null" {
			return ParseTime(text, c.unit)
		}
	}
	return NoTime
}

// ParseTime reads a date and time (UTC where no zone is said), or a number since
// 1970. The unit of the number follows from its size, since exports write instants
// in all units: from 1973 on milliseconds, microseconds and
// nanoseconds can be distinguished. Smaller numbers have the unit given.
func ParseTime(s string, unit float64) int64 {
	if x, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case x >= 1e17:
			unit = 1
		case x >= 1e14:
			unit = 1e3
		case x >= 1e11:
			unit = 1e6
		}
		if !(x >= 0 && x*unit < math.MaxInt64) { // NaN, or after 2262
			return BadTime
		}
		if whole, err := strconv.ParseInt(s, 10, 64); err == nil { // which floats hold up to 2⁵³ only
			return whole * int64(unit)
		}
		return int64(math.Round(x * unit))
	}
	s = strings.TrimSuffix(strings.Replace(s, " ", "T", 1), " UTC")
	s = strings.Replace(s, " ", "", 1) // before the zone
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999",
		"2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1970 && t.Year() < 2200 {
			return t.UnixNano()
		}
	}
	return BadTime
}
