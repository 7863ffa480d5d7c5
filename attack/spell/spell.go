package spell

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Span is a time for people, to three digits: 8.12 ms, 20.4 s, 3 min 20 s.
func Span(d time.Duration) string {
	switch s := d.Seconds(); {
	case s >= 119.5:
		whole := d.Round(time.Second)
		if rest := whole % time.Minute / time.Second; rest > 0 {
			return fmt.Sprintf("%d min %d s", whole/time.Minute, rest)
		}
		return fmt.Sprintf("%d min", whole/time.Minute)
	case s >= 0.9995:
		return threeDigits(s) + " s"
	default:
		return threeDigits(1e3*s) + " ms"
	}
}

func threeDigits(x float64) string {
	switch {
	case x >= 99.95:
		return fmt.Sprintf("%.0f", x)
	case x >= 9.995:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.2f", x)
	}
}

// Percent writes a share for people: two digits below 10 %, none above, and
// never all where it is not all.
func Percent(share float64) string {
	switch p := 100 * share; {
	case p > 0 && p < 0.01:
		return "under 0.01 %"
	case p > 0 && p < 10:
		return fmt.Sprintf("%.2g %%", p)
	case p >= 99.995 && p < 100:
		return "over 99.99 %"
	case p >= 99 && p < 100:
		return strings.TrimRight(fmt.Sprintf("%.2f", p), "0.") + " %"
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}

// Counted is a number of things: 1 request, 20 requests.
func Counted(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return Grouped(n) + " " + what + "s"
}

// Grouped writes a count with a comma between thousands.
func Grouped(n uint64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// OneLine makes text fit for one line: no control characters, no more than
// limit bytes.
func OneLine(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Join(
		strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }),
		" ",
	)
	if len(s) <= limit {
		return s
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// Rate is a rate in words: 1,200/s, 0.5/s.
func Rate(perSecond float64) string {
	if perSecond == math.Trunc(perSecond) {
		return Grouped(uint64(perSecond)) + "/s"
	}
	return fmt.Sprintf("%.4g/s", perSecond)
}
