package live

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/report"
	"brunt/report/live/metrics"
	"brunt/report/page"
)

const (
	// maxBody is more than any order takes.
	maxBody = 64 << 10
	// haste is how long a body that nobody wants may take, so that the sender
	// finds the answer.
	haste = time.Second
	// patience is how long a reader may take for a piece of an answer, and a
	// sender for a body.
	patience = 10 * time.Second
	byPage   = "from the page"
)

// problem is an error's answer.
type problem struct {
	Error string  `json:"error"`
	State string  `json:"state,omitempty"`
	Field *string `json:"field,omitempty"`
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // whoever asked is gone
}

// routes are the paths of the live view.
func (v *View) routes(files map[string]page.File) http.Handler {
	mux := http.NewServeMux()
	for path, file := range files {
		if path == "/" {
			path = "/{$}"
		}
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, req *http.Request) { serveFile(w, req, &file) })
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /api/events", v.events)
	mux.HandleFunc("GET /api/report", v.wholeReport)
	mux.HandleFunc("GET /api/runs", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"runs": v.room.lines()})
	})
	mux.HandleFunc("GET /api/runs/{run}", v.earlierRun)
	mux.Handle("GET /metrics", metrics.Handler(states, v.room.scraped))
	mux.HandleFunc("GET /download/{file}", v.download)
	mux.HandleFunc("POST /api/start", v.acting(v.start))
	mux.HandleFunc("POST /api/stop", v.acting(v.stop))
	mux.HandleFunc("POST /api/change", v.acting(v.change))
	mux.HandleFunc("POST /api/reset", v.acting(v.reset))
	return mux
}

func serveFile(w http.ResponseWriter, req *http.Request, file *page.File) {
	h := w.Header()
	h.Set("Content-Type", file.Type)
	h.Set("ETag", file.ETag)
	h.Set("Cache-Control", "no-cache") // kept, but asked for again
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(file.Bytes))
}

// acting takes a JSON body and answers with the state after the action.
func (v *View) acting(act func(body []byte) error) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			answer(w, http.StatusUnsupportedMediaType, problem{Error: "expected Content-Type: application/json"})
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(patience))
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
		if err == nil { // what follows takes its time, during which the connection is read from
			_ = control.SetReadDeadline(time.Time{})
			w.Header().Del("Connection")
			v.conns.Welcome(req)
		} else {
			_ = control.SetReadDeadline(time.Now().Add(haste))
		}
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			answer(w, http.StatusRequestEntityTooLarge, problem{Error: "body: larger than 64 KB"})
			return
		} else if err != nil {
			answer(w, http.StatusBadRequest, problem{Error: "body: ended early"})
			return
		}
		if err := act(body); err != nil {
			reject(w, err)
			return
		}
		_, _, state := v.room.look()
		answer(w, http.StatusOK, state)
	}
}

func reject(w http.ResponseWriter, err error) {
	if conflict := (*ConflictError)(nil); errors.As(err, &conflict) {
		answer(w, http.StatusConflict, problem{Error: conflict.Text, State: conflict.State})
		return
	}
	answer(w, http.StatusUnprocessableEntity, problem{Error: inForm(err), Field: new(fieldOf(err))})
}

func (v *View) start(body []byte) error {
	f, err := readFields(body, startKeys...)
	if err != nil {
		return err
	}
	return v.room.Start(func(form Order) (Order, error) {
		o, err := f.order(form)
		if err == nil {
			o.unhide(form.Target, v.room.given)
			err = v.permitted(&o, &form)
		}
		return o, err
	}, byPage)
}

// permitted refuses targets and files that are not on the form.
func (v *View) permitted(o, form *Order) error {
	if o.Target != form.Target && !v.room.form.AnyTarget {
		return wrong("target", "this page loads %s only; brunt started with --serve-any-target loads others too", endpoint.SafeTarget(form.Target))
	}
	for _, file := range o.Payloads {
		if !v.room.form.offers(file) {
			return wrong("payloads", "%.80q is none of the files that brunt was started with", file)
		}
	}
	return nil
}

func (v *View) stop(body []byte) error {
	f, err := readFields(body, "how")
	if err != nil {
		return err
	}
	how := string(attack.Drain)
	if err := f.word("how", &how); err != nil {
		return err
	}
	if how != string(attack.Drain) && how != string(attack.Cut) {
		return wrong("how", "%.40q is neither drain nor cut", how)
	}
	return v.room.Stop(attack.AtEnd(how), byPage)
}

func (v *View) change(body []byte) error {
	f, err := readFields(body, "rate_per_s", "concurrency")
	if err != nil {
		return err
	}
	var rate vegeta.Rate
	var concurrency int
	if err := f.rate(&rate); err != nil {
		return err
	}
	if err := f.concurrency(&concurrency); err != nil {
		return err
	}
	if (rate.Freq == 0) == (concurrency == 0) {
		return wrong("rate_per_s", "give either a rate or a concurrency")
	}
	return v.room.Change(rate, concurrency, byPage)
}

func (v *View) reset(body []byte) error {
	if _, err := readFields(body); err != nil {
		return err
	}
	return v.room.Reset(byPage)
}

// asked is the run that a request is about, and its final report where it is
// over; without a number, the present or else last one. The answer is given
// where there is none.
func (v *View) asked(w http.ResponseWriter, number string) (*round, *final) {
	n := 0
	if number != "" {
		var err error
		if n, err = strconv.Atoi(number); err != nil || n <= 0 {
			answer(w, http.StatusNotFound, problem{Error: fmt.Sprintf("run %.20q: expected a number from 1", number)})
			return nil, nil
		}
	}
	found, final := v.room.find(n)
	if found == nil {
		text := "no run yet"
		if n > 0 {
			text = fmt.Sprintf("run %d is not here: the last %d runs of this process are kept, as far as %d MB have room for them", n, wholeRuns, int(wholeBytes/1e6))
		}
		answer(w, http.StatusNotFound, problem{Error: text})
	}
	return found, final
}

func (v *View) wholeReport(w http.ResponseWriter, req *http.Request) {
	found, final := v.asked(w, req.URL.Query().Get("run"))
	if found == nil {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = report.JSON(w, found.reportOf(final, v.room.rules))
}

func (v *View) earlierRun(w http.ResponseWriter, req *http.Request) {
	found, final := v.asked(w, req.PathValue("run"))
	if found == nil {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(found.whole(final, v.room.rules))
}
