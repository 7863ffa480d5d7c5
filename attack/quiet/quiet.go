package quiet

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"brunt/payloads/needs"
)

const (
	// maxTries is how often a stretch is made at most.
	maxTries = 8
	// maxWrong is how many wrong stretches on a quiet machine are one too many: more
	// than one, since what is seen of the machine is seen from one process.
	maxWrong = 3
	// quietTimeout is how long a repetition waits for a quiet moment.
	quietTimeout = 5 * time.Second
	// quietMoment is how long the machine must be quiet for that.
	quietMoment = 250 * time.Millisecond
	// budget is how long the repetitions of a package's tests may take together, so
	// that they end within go test's ten minutes on a machine that is never quiet.
	budget = 2 * time.Minute
)

// spent is how long the repetitions have taken so far, in nanoseconds.
var spent atomic.Int64

// Repeat calls stretch until it returns nil, as one does whose times were
// right. Where it returns an error, the machine decides: when it was busy, the
// stretch is made again, up to 8 times and each time after a wait for a quiet
// moment, as long as all repetitions of the package take less than two minutes.
// The third error on a quiet machine fails the test. A test that is
// never right and never has a quiet stretch is skipped, or fails where BRUNT_CI
// is set: it has found nothing out. What does not depend on time (counts, say)
// is to be checked by t in the stretch, and is not repeated. With -short the test
// is skipped: it takes real time.
func Repeat(t testing.TB, stretch func() error) {
	t.Helper()
	needs.Time(t)
	repeat(t, stretch, observe, await)
}

// repeat is Repeat with what watches the machine (begin returns the function
// that ends the watching and says what was busy, or nothing) and what waits for
// a quiet moment.
func repeat(t testing.TB, stretch func() error, begin func() func() string, wait func()) {
	t.Helper()
	wrong, busy := 0, ""
	var err error
	var again time.Time // since when there are repetitions
	defer func() {
		if !again.IsZero() {
			spent.Add(int64(time.Since(again)))
		}
	}()
	made := 0
	for ; made < maxTries && (made == 0 || spent.Load()+int64(time.Since(again)) < int64(budget)); made++ {
		end := begin()
		err = stretch()
		why := end()
		if err == nil || t.Failed() {
			return
		}
		if made == 0 {
			again = time.Now()
		}
		if why == "" {
			if wrong++; wrong == maxWrong {
				t.Fatalf("%v (%d times while the machine was quiet)", err, maxWrong)
			}
			t.Logf("%v; the machine was quiet: once more", err)
			continue
		}
		busy = why
		t.Logf("%v; but %s: once more", err, why)
		wait()
	}
	needs.Unknown(
		t,
		fmt.Sprintf("this machine was too busy to find out (%d tries): %s; the last time: %v", made, busy, err),
	)
}

const (
	// tick is how often a watcher wants to run.
	tick = 2 * time.Millisecond
	// maxWait is the wait for a core from which a single one counts.
	maxWait = 10 * time.Millisecond
	// lostShare is the share of the time from which all waits of the watcher
	// count, and pressureShare that in which some thread of the machine waited.
	lostShare, pressureShare = 0.02, 0.2
)

// observe watches the machine until the function returned is called, which
// says in what it was busy, or nothing where it was quiet: by how late a
// goroutine that sleeps is woken, on any system, and by the kernel's own account of
// the time in which some thread had no core, where there is one.
func observe() (end func() string) {
	began, before := time.Now(), pressure()
	stop, done := make(chan struct{}), make(chan struct{})
	var lost, worst time.Duration
	go func() {
		defer close(done)
		timer := time.NewTimer(tick)
		defer timer.Stop()
		for last := time.Now(); ; {
			select {
			case <-stop:
				return
			case <-timer.C:
			}
			now := time.Now()
			late := now.Sub(last) - tick
			worst = max(worst, late)
			if late > tick { // less is a timer's own accuracy
				lost += late
			}
			last = now
			timer.Reset(tick)
		}
	}()
	return func() string {
		close(stop)
		<-done
		wall := time.Since(began)
		return judge(wall, lost, worst, pressure()-before)
	}
}

// judge says in what a machine was busy over so long, or nothing.
func judge(wall, lost, worst, waited time.Duration) string {
	share := func(d time.Duration) float64 { return d.Seconds() / wall.Seconds() }
	var busy []string
	if share(waited) >= pressureShare {
		busy = append(
			busy,
			fmt.Sprintf(
				"some thread of the machine had no core for %.0f %% of %v",
				100*share(waited),
				wall.Round(time.Millisecond),
			),
		)
	}
	if worst >= maxWait || share(lost) >= lostShare {
		busy = append(
			busy,
			fmt.Sprintf(
				"the test itself waited for a core for up to %v, and for %.0f %% of %v",
				worst.Round(time.Millisecond),
				100*share(lost),
				wall.Round(time.Millisecond),
			),
		)
	}
	return strings.Join(busy, ", ")
}

// pressure is how long since the machine started some thread that could have
// run had no core (Linux, Documentation/accounting/psi.rst, the first line of
// /proc/pressure/cpu); 0 where the system does not tell.
func pressure() time.Duration {
	text, err := os.ReadFile("/proc/pressure/cpu")
	if err != nil {
		return 0
	}
	some, _, _ := strings.Cut(string(text), "\n")
	_, total, found := strings.Cut(some, "total=")
	micros, err := time.ParseDuration(total + "us")
	if !found || err != nil {
		return 0
	}
	return micros
}

// await returns at the end of a quiet moment, or after quietTimeout.
func await() {
	for end := time.Now().Add(quietTimeout); time.Now().Before(end); {
		over := observe()
		<-time.After(quietMoment)
		if over() == "" {
			return
		}
	}
}
