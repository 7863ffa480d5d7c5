package format

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// None stands for a figure that is null.
const None = "–"

// Duration writes a measured duration with three significant digits and
// its unit: 143 ms, 1.20 s. Below 1 ms it keeps to milliseconds, so that
// figures of one table compare at sight: 0.04 ms, 0.004 ms.
func Duration(d time.Duration) string { return MS(float64(d) / 1e6) }

// MS is Duration for milliseconds.
func MS(ms float64) string {
	switch size := math.Abs(ms); {
	case size == 0:
		return "0 ms"
	case size < 0.0005:
		return "<0.001 ms"
	case size < 0.00995:
		return strconv.FormatFloat(ms, 'f', 3, 64) + " ms"
	case size < 0.995:
		return strconv.FormatFloat(ms, 'f', 2, 64) + " ms"
	case size < 999.5:
		return threeDigits(ms) + " ms"
	default:
		return threeDigits(ms/1e3) + " s"
	}
}

// OptionalMS is the duration, or a dash for null.
func OptionalMS(ms *float64) string {
	if ms == nil {
		return None
	}
	return MS(*ms)
}

// threeDigits writes three significant digits without an exponent, and all
// digits before the point of larger numbers: 1.20, 12.0, 120, 1,200.
func threeDigits(x float64) string {
	decimals := 2
	switch size := math.Abs(x); {
	case size >= 99.95:
		decimals = 0
	case size >= 9.995:
		decimals = 1
	}
	return grouped(strconv.FormatFloat(x, 'f', decimals, 64))
}

// grouped puts commas between the thousands of a decimal number.
func grouped(s string) string {
	whole, fraction, dotted := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dotted {
		whole += "." + fraction
	}
	return sign + whole
}

// Span writes a length of time that was asked for, exactly: 10 s, 250 ms,
// 1 min 30 s, 2 h.
func Span(d time.Duration) string {
	if d < 0 {
		return "-" + Span(-max(d, -math.MaxInt64))
	}
	if d < time.Second && d > 0 {
		return Number(float64(d)/1e6) + " ms"
	}
	var parts []string
	if h := d / time.Hour; h > 0 {
		parts = append(parts, grouped(strconv.FormatInt(int64(h), 10))+" h")
	}
	if m := d % time.Hour / time.Minute; m > 0 {
		parts = append(parts, strconv.FormatInt(int64(m), 10)+" min")
	}
	if s := d % time.Minute; s > 0 || len(parts) == 0 {
		parts = append(parts, Number(float64(s)/1e9)+" s")
	}
	return strings.Join(parts, " ")
}

// SpanSeconds is Span of seconds, as a report holds them.
func SpanSeconds(seconds float64) string {
	if math.Abs(seconds) > 9e9 {
		return threeDigits(seconds) + " s"
	}
	return Span(time.Duration(math.Round(seconds * 1e9)))
}

// Moment is a place on the timeline, in seconds with one decimal.
func Moment(seconds float64) string { return grouped(strconv.FormatFloat(seconds, 'f', 1, 64)) + " s" }

// Number is the number with no more digits than it needs, at most six after
// the point.
func Number(x float64) string {
	s := strconv.FormatFloat(x, 'f', 6, 64)
	return grouped(strings.TrimRight(strings.TrimRight(s, "0"), "."))
}

// Count writes a count with commas: 5,000.
func Count(n uint64) string { return grouped(strconv.FormatUint(n, 10)) }

// Rate writes a measured rate per second: 498.8/s, 12,346/s, 0.0167/s.
func Rate(perSecond float64) string {
	decimals := 0
	switch size := math.Abs(perSecond); {
	case size == 0:
	case size < 0.9995:
		decimals = 2 - int(math.Floor(math.Log10(size)))
	case size < 9.995:
		decimals = 2
	case size < 999.95:
		decimals = 1
	}
	return grouped(strconv.FormatFloat(perSecond, 'f', min(max(decimals, 0), 9), 64)) + "/s"
}

// AskedRate writes a rate that was asked for, with no more digits than it
// has: 500/s, 0.5/s, 1.5/s.
func AskedRate(perSecond float64) string { return Number(Significant(perSecond, 6)) + "/s" }

// Share writes percent with two significant digits below 10, never 0 or
// 100 for what only rounds to it: 0.24 %, 12 %, <0.01 %, >99.9 %.
func Share(percent float64) string {
	switch {
	case percent == 0 || percent == 100:
		return Number(percent) + " %"
	case percent < 0.01:
		return "<0.01 %"
	case percent < 0.995:
		return strconv.FormatFloat(percent, 'f', 2, 64) + " %"
	case percent < 9.95:
		return strconv.FormatFloat(percent, 'f', 1, 64) + " %"
	case percent < 99:
		return strconv.FormatFloat(percent, 'f', 0, 64) + " %"
	case percent > 99.9:
		return ">99.9 %"
	default:
		return strconv.FormatFloat(percent, 'f', 1, 64) + " %"
	}
}
