package needs

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// fast is the value of BRUNT_CI with which -short is meant.
const fast = "fast"

// Time is for a test that takes seconds: the fast loop, go test -short, leaves it
// out. In CI that fails, unless BRUNT_CI is "fast".
func Time(t testing.TB) {
	t.Helper()
	if testing.Short() {
		leave(t, "it takes seconds, and -short leaves it out", os.Getenv("BRUNT_CI") == fast)
	}
}

// Program is where a program lies that a test needs.
func Program(t testing.TB, name string) (path string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Lacking(t, name, err)
	}
	return path
}

// Lacking ends a test for which this machine lacks something, which what names in
// one word, for a reason. BRUNT_DENIED lists what CI has found to be denied to it.
func Lacking(t testing.TB, what string, why any) {
	t.Helper()
	denied := slices.Contains(strings.Fields(os.Getenv("BRUNT_DENIED")), what)
	leave(t, fmt.Sprintf("this machine lacks %s: %v", what, why), denied)
}

// Unknown ends a test that could find nothing out, for a reason.
func Unknown(t testing.TB, why string) {
	t.Helper()
	leave(t, why, false)
}

// leave skips a test, and fails it in CI unless that is allowed.
func leave(t testing.TB, why string, allowed bool) {
	t.Helper()
	if os.Getenv("BRUNT_CI") != "" && !allowed {
		t.Fatal(why)
	} else {
		t.Skip(why)
	}
}
