package quiet

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// book is a test that notes how it ends, instead of failing.
type book struct {
	testing.TB
	failed, ended string
}

func (b *book) Helper()             {}
func (b *book) Logf(string, ...any) {}
func (b *book) Failed() bool        { return b.failed != "" }
func (b *book) Fatal(args ...any)   { b.end("failed: ", fmt.Sprint(args...)) }
func (b *book) Skip(args ...any)    { b.end("skipped: ", fmt.Sprint(args...)) }
func (b *book) Fatalf(format string, args ...any) {
	b.end("failed: ", fmt.Sprintf(format, args...))
}

func (b *book) end(how, text string) {
	b.ended = how + text
	runtime.Goexit()
}

// TestRepeat has stretches that are wrong (!) or right (.) on machines that are
// busy (b) or quiet (q).
func TestRepeat(t *testing.T) {
	for _, c := range []struct {
		name, stretches, ci, ended string
		calls, waits               int
	}{
		{"right at once", ".q", "", "", 1, 0},
		{"right though busy", ".b", "", "", 1, 0},
		{"wrong twice on a quiet machine", "!q!q.q", "", "", 3, 0},
		{"wrong thrice on a quiet machine", "!q!b!q!q", "", "failed: wrong (3 times", 4, 1},
		{"wrong as long as it is busy", "!b!b!b!b!b!b.q", "", "", 7, 6},
		{"never quiet", strings.Repeat("!b", maxTries), "", "skipped: this machine was too busy to find out (8 tries): busy; the last time: wrong", maxTries, maxTries},
		{"never quiet where all must run", strings.Repeat("!b", maxTries), "1", "failed: this machine was too busy", maxTries, maxTries},
		{"a count is wrong", "xb", "", "", 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("BRUNT_CI", c.ci)
			b, calls, waits := &book{}, 0, 0
			stretch := func() error {
				calls++
				switch c.stretches[2*calls-2] {
				case 'x':
					b.failed = "a count"
					fallthrough
				case '!':
					return errors.New("wrong")
				}
				return nil
			}
			begin := func() func() string {
				return func() string { return map[byte]string{'b': "busy"}[c.stretches[2*calls-1]] }
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				repeat(b, stretch, begin, func() { waits++ })
			}()
			<-done
			if calls != c.calls || waits != c.waits || !strings.HasPrefix(b.ended, c.ended) || c.ended == "" && b.ended != "" {
				t.Errorf("%d calls, %d waits, ended %q", calls, waits, b.ended)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name                string
		lost, worst, waited time.Duration
		want                string
	}{
		{"quiet", 0, 2 * ms, 100 * ms, ""},
		{"one long wait", 11 * ms, 11 * ms, 0, "waited for a core for up to 11ms, and for 1 % of 1s"},
		{"many short waits", 60 * ms, 5 * ms, 0, "for 6 % of 1s"},
		{"others wait", 0, 0, 400 * ms, "had no core for 40 % of 1s"},
	} {
		if got := judge(time.Second, c.lost, c.worst, c.waited); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// TestBudget: once repetitions have taken too long, a stretch is made only once.
func TestBudget(t *testing.T) {
	defer spent.Store(spent.Swap(int64(budget)))
	t.Setenv("BRUNT_CI", "")
	b, calls := &book{}, 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		repeat(b, func() error { calls++; return errors.New("wrong") }, func() func() string { return func() string { return "busy" } }, func() {})
	}()
	<-done
	if calls != 1 || !strings.HasPrefix(b.ended, "skipped: this machine was too busy to find out (1 tries)") {
		t.Errorf("%d calls, ended %q", calls, b.ended)
	}
}

// TestObserve: where time passes only as asked for, a watcher is never late.
func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := observe()
		<-time.After(time.Second)
		if got := end(); strings.Contains(got, "the test itself waited") {
			t.Error(got)
		}
	})
}
