package poll

import (
	"os"
	"runtime"
	"sync"
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
			for c.Now() < over {
				runtime.Gosched()
			}
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

// TestWakeAfterTheEnd: a run that is cut when it is over writes to no file that others
// have opened since.
func TestWakeAfterTheEnd(t *testing.T) {
	p, err := New(clock.From(time.Now()), new(sync.Mutex))
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	var files []*os.File // that have the numbers of the poller's own, among others
	for range 8 {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
	}
	p.Wake()
	for _, f := range files {
		if info, err := f.Stat(); err != nil || info.Size() > 0 {
			t.Errorf("%v; %d bytes in somebody else's file", err, info.Size())
		}
	}
}
