package plan

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/payloads/regex"
	"brunt/payloads/setting"
)

// OffsetOf is when ticket i of a constant rate is planned, counted from
// the schedule's start: floor(i·per/freq) nanoseconds, in 128-bit arithmetic,
// so that it neither drifts nor overflows. ok is false where the instant lies
// beyond the 292 years that a duration can hold.
func OffsetOf(rate vegeta.Rate, i uint64) (at time.Duration, ok bool) {
	hi, lo := bits.Mul64(i, uint64(rate.Per))
	if hi >= uint64(rate.Freq) {
		return math.MaxInt64, false
	}
	q, _ := bits.Div64(hi, lo, uint64(rate.Freq))
	if q > math.MaxInt64 {
		return math.MaxInt64, false
	}
	return time.Duration(q), true
}

// Tickets is the number of tickets of a constant rate whose instant lies in
// [0, d): the smallest i whose instant is not below d.
func Tickets(rate vegeta.Rate, d time.Duration) uint64 {
	if d <= 0 {
		return 0
	}
	// floor(i·per/freq) < d  ⇔  i·per < d·freq  ⇔  i < ceil(d·freq/per)
	hi, lo := bits.Mul64(uint64(d), uint64(rate.Freq))
	if hi >= uint64(rate.Per) {
		return math.MaxUint64
	}
	q, r := bits.Div64(hi, lo, uint64(rate.Per))
	if r > 0 {
		q++
	}
	return q
}

// PerSecond is the rate in requests per second.
func PerSecond(rate vegeta.Rate) float64 {
	if rate.Per == 0 {
		return 0
	}
	return float64(rate.Freq) / rate.Per.Seconds()
}

// exponent is a number such as 1e6.
var exponent = regex.Lazy(`^[0-9]+(\.[0-9]*)?[eE][+-]?[0-9]{1,2}$`)

// ParseRate reads a rate: N, N/s or N/m, with decimals or an exponent ("0.5",
// "90/m", "1e3"). The value is kept exactly, as a fraction. The error is a
// *setting.FieldError.
func ParseRate(s string) (vegeta.Rate, error) {
	bad := func(why string) (vegeta.Rate, error) {
		return vegeta.Rate{}, &setting.FieldError{
			Field:  setting.Rate,
			Given:  strconv.Quote(s),
			Reason: setting.Plain(why),
			Form:   "500, 500/s or 90/m",
		}
	}
	number, unit, slash := strings.Cut(strings.TrimSpace(s), "/")
	per := time.Second
	if slash {
		switch strings.TrimSpace(unit) {
		case "s":
		case "m":
			per = time.Minute
		default:
			return bad("the unit is neither /s nor /m")
		}
	}
	number = strings.TrimSpace(number)
	if value, err := strconv.ParseFloat(number, 64); err == nil && exponent().MatchString(number) {
		number = strconv.FormatFloat(value, 'f', -1, 64)
	}
	whole, fraction, _ := strings.Cut(number, ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > 6 {
		return bad("more than 6 decimals")
	}
	if whole == "" && fraction == "" {
		return bad("not a number")
	}
	freq, err := strconv.ParseUint("0"+whole+fraction, 10, 63)
	if errors.Is(err, strconv.ErrRange) || err == nil && len(whole) > 12 {
		return bad("must be above 0 and at most 10,000,000/s")
	}
	if err != nil {
		return bad("not a number")
	}
	for range fraction {
		per *= 10
	}
	rate := vegeta.Rate{Freq: int(freq), Per: per}
	if freq == 0 || PerSecond(rate) > MaxRatePerSecond {
		return bad("must be above 0 and at most 10,000,000/s")
	}
	return rate, nil
}

// ParseDuration reads a length of time, which always carries a unit.
func ParseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(s))
	switch {
	case err != nil:
		return 0, fmt.Errorf("duration %q: write it with its unit, as 500ms, 30s, 5m or 1h30m", s)
	case d < 0:
		return 0, fmt.Errorf("duration %q: must not be negative", s)
	}
	return d, nil
}
