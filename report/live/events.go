package live

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"brunt/report/live/guard"
)

// pingInterval keeps proxies from closing a stream on which nothing happens.
const pingInterval = 15 * time.Second

// endEvent tells a page not to connect again: brunt has ended.
const endEvent = "event: end\ndata: {}\n\n"

// events sends a subscriber the newest state, again and again.
func (v *View) events(w http.ResponseWriter, req *http.Request) {
	if err := v.feed.subscribe(); err != nil {
		w.Header().Set("Retry-After", "10")
		writeJSON(w, http.StatusServiceUnavailable, apiError{Error: err.Error()})
		return
	}
	defer v.feed.unsubscribe()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	// Not chunked: a stream that ends with its connection is complete wherever the
	// server closes it.
	w.Header().Set("Transfer-Encoding", "identity")
	flush := http.NewResponseController(w).Flush
	ping := time.NewTicker(pingInterval)
	defer ping.Stop()
	at, acts := parseCursor(req.Header.Get("Last-Event-ID")), guard.MayAct(req)
	for {
		event, after, published := v.feed.next(at, acts)
		if event == nil {
			select {
			case <-published:
				continue
			case <-ping.C:
				event = []byte(": ping\n\n")
			case <-req.Context().Done():
				return
			case <-v.feed.quit:
				if event, _, _ = v.feed.next(at, acts); event != nil {
					_, _ = w.Write(event)
				}
				_, _ = w.Write([]byte(endEvent))
				_ = flush() // before unsubscribe, after which the server may close
				return
			}
		}
		if _, err := w.Write(event); err != nil || flush() != nil {
			return
		}
		at = after
	}
}

// parseCursor reads an event's id, RUN.EPOCH.N; anything else is the cursor of a
// subscriber that has been sent nothing.
func parseCursor(id string) cursor {
	parts := strings.Split(id, ".")
	if len(parts) != 3 {
		return cursor{}
	}
	run, errRun := strconv.Atoi(parts[0])
	epoch, errEpoch := strconv.ParseInt(parts[1], 10, 64)
	n, errN := strconv.Atoi(parts[2])
	if errRun != nil || errEpoch != nil || errN != nil || run < 0 || n < 0 {
		return cursor{}
	}
	return cursor{run: run, epoch: epoch, n: n}
}

var _ io.Writer = (*deadlineWriter)(nil)
