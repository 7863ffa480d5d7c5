package endpoint

import (
	"fmt"
	"strings"
	"time"

	"brunt/payloads/regex"
)

var (
	zeroParts = regex.Lazy(`([hm])0[ms](?:0s)?$`)
	parts     = regex.Lazy(`[0-9.]+[a-zµ]+`)
	units     = strings.NewReplacer("ns", " ns", "µs", " µs", "ms", " ms", "h", " h", "m", " min", "s", " s")
)

// Exactly writes a length of time with blanks before its units, and nothing
// rounded: 500 ms, 20.434 s, 1 min 30 s, 2 h.
func Exactly(d time.Duration) string {
	text := zeroParts().ReplaceAllString(d.String(), "$1")
	written := parts().FindAllString(text, -1)
	for i, part := range written {
		written[i] = units.Replace(part)
	}
	if sign := ""; len(written) > 0 {
		if d < 0 {
			sign = "-"
		}
		return sign + strings.Join(written, " ")
	}
	return text
}

// Span is a duration as one would say it, to the second at the finest.
func Span(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return Exactly(d.Round(time.Second))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()+0.5))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()+0.5))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
