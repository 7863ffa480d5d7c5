package attack

import (
	"net/http"
	"os"
	"time"

	"brunt/payloads/setting"
)

// await returns when found does, or after two minutes; the caller finds out which.
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

// lines are texts with the settings called by their plain names.
func lines(texts []setting.Text) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = text.String()
	}
	return out
}

// long says that tests are to run at the size that a release is held to.
var long = os.Getenv("BRUNT_LONG") != ""

// scale is a test's size: a small one by default, or that of a long run.
func scale[T any](small, large T) T {
	if long {
		return large
	}
	return small
}
