package attack

import (
	"net/http"
	"time"
)

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
