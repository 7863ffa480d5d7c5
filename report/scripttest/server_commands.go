package scripttest

import (
	"net"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// arrivals counts the requests at one script's server.
type arrivals struct {
	*httptest.Server
	n atomic.Int64
}

// arrived N: the server has seen exactly N requests.
func arrived(ts *testscript.TestScript, _ bool, args []string) {
	if got := strconv.FormatInt(ts.Value("server").(*arrivals).n.Load(), 10); got != args[0] {
		ts.Fatalf("%s requests arrived, not %s", got, args[0])
	}
}

// awaits N: waits until N more requests have arrived; awaits all N: until N have.
func awaits(ts *testscript.TestScript, _ bool, args []string) {
	more, err := strconv.ParseInt(args[len(args)-1], 10, 64)
	ts.Check(err)
	server := ts.Value("server").(*arrivals)
	want := server.n.Load() + more
	if args[0] == "all" {
		want = more
	}
	if !until(func() bool { return server.n.Load() >= want }) {
		ts.Fatalf("%d of %d requests arrived", server.n.Load(), want)
	}
}

// listens ADDR: waits until something listens there.
func listens(ts *testscript.TestScript, _ bool, args []string) {
	if !until(func() bool {
		c, err := net.Dial("tcp", args[0])
		return err == nil && c.Close() == nil
	}) {
		ts.Fatalf("nothing listens at %s", args[0])
	}
}

// until looks until there is what it looks for; false where that does not come.
func until(found func() bool) bool {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	end := time.After(2 * time.Minute)
	for !found() {
		select {
		case <-look.C:
		case <-end:
			return false
		}
	}
	return true
}
