package live

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"brunt/report/live/guard"
)

// pingPace keeps proxies from taking a quiet stream for a dead one.
const pingPace = 15 * time.Second

// farewell tells a page that it need not look for brunt any more.
const farewell = "event: end\ndata: {}\n\n"

// events leads a viewer to the newest state, again and again.
func (v *View) events(w http.ResponseWriter, req *http.Request) {
	if err := v.feed.join(); err != nil {
		w.Header().Set("Retry-After", "10")
		answer(w, http.StatusServiceUnavailable, problem{Error: err.Error()})
		return
	}
	defer v.feed.leave()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	// Not in chunks: a stream that ends with its connection is whole, wherever
	// the server closes that.
	w.Header().Set("Transfer-Encoding", "identity")
	flush := http.NewResponseController(w).Flush
	ping := time.NewTicker(pingPace)
	defer ping.Stop()
	at, acts := seen(req.Header.Get("Last-Event-ID")), guard.MayAct(req)
	for {
		frame, there, changed := v.feed.lead(at, acts)
		if frame == nil {
			select {
			case <-changed:
				continue
			case <-ping.C:
				frame = []byte(": ping\n\n")
			case <-req.Context().Done():
				return
			case <-v.feed.quit:
				if frame, _, _ = v.feed.lead(at, acts); frame != nil {
					_, _ = w.Write(frame)
				}
				_, _ = w.Write([]byte(farewell))
				_ = flush() // before the server is told that this viewer has left
				return
			}
		}
		if _, err := w.Write(frame); err != nil || flush() != nil {
			return
		}
		at = there
	}
}

// seen reads an event's id, RUN.EPOCH.N. Anything else has seen nothing.
func seen(id string) position {
	parts := strings.Split(id, ".")
	if len(parts) != 3 {
		return position{}
	}
	run, errRun := strconv.Atoi(parts[0])
	epoch, errEpoch := strconv.ParseInt(parts[1], 10, 64)
	n, errN := strconv.Atoi(parts[2])
	if errRun != nil || errEpoch != nil || errN != nil || run < 0 || n < 0 {
		return position{}
	}
	return position{run: run, epoch: epoch, n: n}
}

// patient gives the reader of an answer time for each piece, and no more: who
// stopped reading is dropped.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
}

func newPatient(w http.ResponseWriter) *patient {
	p := &patient{w, http.NewResponseController(w)}
	p.wait() // the connection may still have an earlier request's deadline
	return p
}

func (p *patient) wait() { _ = p.control.SetWriteDeadline(time.Now().Add(patience)) }

// Write moves the deadline.
func (p *patient) Write(b []byte) (int, error) {
	p.wait()
	return p.ResponseWriter.Write(b)
}

// Unwrap is for response controllers.
func (p *patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

var _ io.Writer = (*patient)(nil)
