package endpoint

import (
	"testing"
	"time"
)

// TestExactly: a blank before each unit, as in every other figure.
func TestExactly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 500 * time.Millisecond: "500 ms", 20434 * time.Millisecond: "20.434 s", 90 * time.Second: "1 min 30 s", 2 * time.Hour: "2 h",
		time.Minute: "1 min", time.Hour + time.Second: "1 h 0 min 1 s", time.Hour + time.Minute: "1 h 1 min", 1500 * time.Microsecond: "1.5 ms", 10 * time.Minute: "10 min", -time.Second: "-1 s", 20 * time.Minute: "20 min",
	} {
		if got := Exactly(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
	for d, want := range map[time.Duration]string{20434 * time.Millisecond: "20 s", 90 * time.Second: "1 min 30 s", 119 * time.Minute: "119 min"} {
		if got := Span(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
}
