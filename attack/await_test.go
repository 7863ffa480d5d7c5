package attack

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// lacking ends a test for which this machine lacks something: it fails where
// all must run, unless that is among what the machine was found to deny.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("BRUNT_CI") != "" && !strings.Contains(" "+os.Getenv("BRUNT_DENIED")+" ", " "+what+" ") {
		t.Fatal("this machine lacks ", what)
	}
	t.Skip("this machine lacks ", what)
}

// await looks until there is what it looks for, or too much time has passed;
// whoever called finds out which.
func await(found func() bool) {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for end := time.After(2 * time.Minute); !found(); {
		select {
		case <-look.C:
		case <-end:
			return
		}
	}
}

// takes is for a handler that answers after so long, unless its client leaves.
func takes(d time.Duration, r *http.Request) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}

// slow leaves a test out of the fast loop, go test -short: it takes seconds.
func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds: left out by -short")
	}
}
