package attack

import (
	"testing"
	"time"

	"brunt/attack/clock"
)

// A thread that loses its core while two clocks are compared must not make
// alarms strike early: each wait would then spin until its time has come.
func TestAlarmsAreNeverEarly(t *testing.T) {
	const apart, pause = 1000, 50 * time.Millisecond
	c := clock.From(time.Now())
	for _, held := range []string{"before", "after", "both"} {
		looks := 0
		hold := func() {
			over := c.Now().Add(pause)
			await(func() bool { return c.Now() >= over })
		}
		offset, err := originOf(c, func() (time.Duration, error) {
			looks++
			if held != "after" && looks < 3 {
				hold()
			}
			at := time.Duration(c.Now() + apart)
			if held != "before" && looks < 3 {
				hold()
			}
			return at, nil
		})
		if err != nil || offset < apart || offset > apart+pause {
			t.Errorf("held up %s the reading: the origin is %d off, %v", held, offset-apart, err)
		}
	}
}
