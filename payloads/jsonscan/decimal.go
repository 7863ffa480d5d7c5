package jsonscan

import (
	"bytes"
	"math"
	"strconv"
)

// Decimal is a number's value times 10 to the power of digits, exact as long as
// it fits, and rounded towards zero behind these digits; false for what is no
// JSON number, or too large.
func Decimal(value []byte, digits int) (int64, bool) {
	if len(value) == 0 || SkipNumber(value, 0) != len(value) {
		return 0, false
	}
	if bytes.ContainsAny(value, "eE") {
		x, err := strconv.ParseFloat(string(value), 64)
		x *= math.Pow10(digits)
		return int64(x), err == nil && math.Abs(x) < math.MaxInt64
	}
	whole, part, _ := bytes.Cut(value, []byte{'.'})
	part = part[:min(len(part), digits)]
	text := append(append([]byte(nil), whole...), part...)
	text = append(text, "000000000000"[:digits-len(part)]...)
	n, err := strconv.ParseInt(string(text), 10, 64)
	return n, err == nil
}
