package live

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/report"
	"brunt/report/live/metrics"
	"brunt/report/page"
	"brunt/report/rules"
	"brunt/report/saved"
)

const (
	// maxBody is more than the settings of any run take.
	maxBody = 64 << 10
	// discardTimeout is how long a body that is not read may take, so that the client
	// gets the response.
	discardTimeout = time.Second
	// ioTimeout is how long a client may take to read a piece of a response, and to
	// send a body.
	ioTimeout = 10 * time.Second
	fromPage  = "from the page"
)

// apiError is the JSON of an error.
type apiError struct {
	Error string  `json:"error"`
	State string  `json:"state,omitempty"`
	Field *string `json:"field,omitempty"`
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // the client may have gone
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
	mux.HandleFunc("GET /api/compare", v.compareRuns)
	mux.HandleFunc("GET /api/runs", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"runs": v.controller.summaries(), "saved": v.listSaved()})
	})
	mux.HandleFunc("GET /api/runs/{run}", v.runReport)
	mux.Handle("GET /metrics", metrics.Handler(states, v.controller.scraped))
	mux.HandleFunc("GET /download/{file}", v.download)
	mux.HandleFunc("POST /api/start", v.action(v.start))
	mux.HandleFunc("POST /api/stop", v.action(v.stop))
	mux.HandleFunc("POST /api/change", v.action(v.change))
	mux.HandleFunc("POST /api/reset", v.action(v.reset))
	return mux
}

// maxSaved is how many saved runs the page lists, the newest ones.
const maxSaved = 100

// listSaved are those that --save has kept on this machine, newest first; none where
// they cannot be listed.
func (v *View) listSaved() []saved.Run {
	runs, _, err := v.savedRuns.List(saved.MaxListed)
	if err != nil {
		return []saved.Run{}
	}
	return runs[:min(len(runs), maxSaved)]
}

func serveFile(w http.ResponseWriter, req *http.Request, file *page.File) {
	h := w.Header()
	h.Set("Content-Type", file.Type)
	h.Set("ETag", file.ETag)
	h.Set("Cache-Control", "no-cache") // kept, but asked for again
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(file.Bytes))
}

// action takes a JSON body and responds with the state after the action.
func (v *View) action(act func(body []byte) error) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err != nil ||
			kind != "application/json" {
			writeJSON(w, http.StatusUnsupportedMediaType, apiError{Error: "expected Content-Type: application/json"})
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(ioTimeout))
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
		if err == nil { // starting takes its time, during which the server reads from the connection
			_ = control.SetReadDeadline(time.Time{})
			w.Header().Del("Connection")
			v.connections.Authenticated(req)
		} else {
			_ = control.SetReadDeadline(time.Now().Add(discardTimeout))
		}
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			writeJSON(w, http.StatusRequestEntityTooLarge, apiError{Error: "body: larger than 64 KB"})
			return
		} else if err != nil {
			writeJSON(w, http.StatusBadRequest, apiError{Error: "body: ended early"})
			return
		}
		if err := act(body); err != nil {
			writeError(w, err)
			return
		}
		_, _, state := v.controller.view()
		writeJSON(w, http.StatusOK, state)
	}
}

func writeError(w http.ResponseWriter, err error) {
	if conflict := (*ConflictError)(nil); errors.As(err, &conflict) {
		writeJSON(w, http.StatusConflict, apiError{Error: conflict.Text, State: conflict.State})
		return
	}
	writeJSON(w, http.StatusUnprocessableEntity, apiError{Error: pageText(err), Field: new(jsonField(err))})
}

func (v *View) start(body []byte) error {
	f, err := readFields(body, settingsKeys...)
	if err != nil {
		return err
	}
	return v.controller.Start(v.settings(f), fromPage)
}

// checkAllowed refuses targets and files that are not in the form.
func (v *View) checkAllowed(o, form *Settings) error {
	if o.Target != form.Target && !v.controller.form.AnyTarget {
		return fieldError(
			"target",
			"this page loads %s only; brunt started with --serve-any-target loads others too",
			endpoint.RedactTarget(form.Target),
		)
	}
	for _, file := range o.Payloads {
		if !v.controller.form.hasFile(file) {
			return fieldError("payloads", "%.80q is none of the files that brunt was started with", file)
		}
	}
	return nil
}

func (v *View) stop(body []byte) error {
	f, err := readFields(body, "how")
	if err != nil {
		return err
	}
	how := string(plan.Drain)
	if err := f.text("how", &how); err != nil {
		return err
	}
	if how != string(plan.Drain) && how != string(plan.Cut) {
		return fieldError("how", "%.40q is neither drain nor cut", how)
	}
	return v.controller.Stop(plan.AtEnd(how), fromPage)
}

func (v *View) change(body []byte) error {
	f, err := readFields(body, "rate_per_s", "concurrency", "duration_s", "slo")
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
	var length Settings
	var slos []rules.Rule
	if err := cmp.Or(f.end(&length), f.slo(&slos)); err != nil {
		return err
	}
	switch load := rate.Freq > 0 || concurrency > 0; {
	case rate.Freq > 0 && concurrency > 0, !load && !f.has("slo") && !f.has("duration_s"):
		return fieldError("rate_per_s", "give either a rate or a concurrency")
	case load:
		err = v.controller.Change(rate, concurrency, fromPage)
	}
	if err == nil && f.has("duration_s") {
		err = v.controller.Last(length.Duration, fromPage)
	}
	if err == nil && f.has("slo") {
		err = v.controller.Judge(slos, fromPage)
	}
	return err
}

func (v *View) reset(body []byte) error {
	f, err := readFields(body, settingsKeys...)
	if err != nil {
		return err
	}
	if len(f) == 0 {
		return v.controller.Reset(nil, fromPage)
	}
	return v.controller.Reset(v.settings(f), fromPage)
}

// settings reads those that differ from the form, and refuses what is not allowed.
func (v *View) settings(f fields) func(form Settings) (Settings, error) {
	return func(form Settings) (Settings, error) {
		o, err := f.settings(form)
		if err == nil {
			o.unredact(form.Target, v.controller.commandTarget)
			err = v.checkAllowed(&o, &form)
		}
		return o, err
	}
}

func (v *View) wholeReport(w http.ResponseWriter, req *http.Request) {
	if found := v.open(w, req.URL.Query().Get("run")); found != nil {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(v.makeAlone(func(b io.Writer) error { return report.JSON(b, found.report()) }))
	}
}

func (v *View) runReport(w http.ResponseWriter, req *http.Request) {
	if found := v.open(w, req.PathValue("run")); found != nil {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(v.makeAlone(func(b io.Writer) error {
			_, err := b.Write(found.whole())
			return err
		}))
	}
}
