package workspacetest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// bounds are those of the histograms that are exported, in milliseconds, from
// the least to the greatest that were seen of the platform's own.
var bounds = []float64{
	5,
	10,
	25,
	50,
	100,
	250,
	500,
	1000,
	2500,
	5000,
	10_000,
	30_000,
	60_000,
	120_000,
	300_000,
	600_000,
}

// figures are what an endpoint knows of the requests that it has served.
type figures struct {
	mu       sync.Mutex
	statuses []reading // of which value is the status
	request  []reading // milliseconds, as the two below
	model    []reading
	queue    []reading
}

// reading is one value, and when it was had.
type reading struct {
	at    time.Time
	value float64
}

func milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }

// answered notes a request whose answer is out.
func (f *figures) answered(took time.Duration, status int) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.statuses = append(f.statuses, reading{now, float64(status)})
	f.request = append(f.request, reading{now, milliseconds(took)})
}

// worked notes how long a request waited for the model and kept it busy.
func (f *figures) worked(queued, held time.Duration) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, reading{now, milliseconds(queued)})
	f.model = append(f.model, reading{now, milliseconds(held)})
}

// between are the values of a stretch of time.
func between(all []reading, from, to time.Time) (values []float64) {
	for _, r := range all {
		if r.at.After(from) && !r.at.After(to) {
			values = append(values, r.value)
		}
	}
	return values
}

// sum adds values up.
func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}

// setMax counts the values that do not exceed a bound.
func setMax(values []float64, bound float64) (n int) {
	for _, v := range values {
		if v <= bound {
			n++
		}
	}
	return n
}

// metrics is the export of the endpoint's own figures, of the last minute.
func (e *endpoint) metrics() string {
	if e.Metrics != "" {
		return e.Metrics
	}
	to := time.Now()
	from := to.Add(-time.Minute)
	e.figures.mu.Lock()
	defer e.figures.mu.Unlock()
	statuses := between(e.figures.statuses, from, to)
	busy := sum(between(e.figures.model, from, to)) / milliseconds(time.Minute) / float64(e.Served[0].MaxConcurrency)

	var b strings.Builder
	labels := fmt.Sprintf("endpoint_name=%q,served_model_name=%q", e.Name, e.Served[0].Name)
	gauge := func(name string, value float64) {
		fmt.Fprintf(&b, "# TYPE %s gauge\n%s{%s} %g %d\n", name, name, labels, value, to.UnixMilli())
	}
	gauge("cpu_usage_percentage", 2+98*min(busy, 1))
	gauge("mem_usage_percentage", 40)
	gauge("provisioned_concurrent_requests_total", float64(e.Served[0].MaxConcurrency))
	gauge("request_count_total", float64(len(statuses)))
	bad, broken := setMax(statuses, 499)-setMax(statuses, 399), len(statuses)-setMax(statuses, 499)
	gauge("request_4xx_count_total", float64(bad))
	gauge("request_5xx_count_total", float64(broken))
	for _, h := range []struct {
		name string
		all  []reading
	}{{"request_latency_ms", e.figures.request}, {"model_prediction_latency_ms", e.figures.model}, {"model_queue_time_ms", e.figures.queue}} {
		values := between(h.all, from, to)
		fmt.Fprintf(&b, "# TYPE %s histogram\n", h.name)
		for _, bound := range bounds {
			fmt.Fprintf(
				&b,
				"%s_bucket{%s,le=\"%.1f\"} %d %d\n",
				h.name,
				labels,
				bound,
				setMax(values, bound),
				to.UnixMilli(),
			)
		}
		fmt.Fprintf(&b, "%s_bucket{%s,le=\"+Inf\"} %d %d\n", h.name, labels, len(values), to.UnixMilli())
		fmt.Fprintf(
			&b,
			"%s_sum{%s} %g %d\n%s_count{%s} %d %d\n",
			h.name,
			labels,
			sum(values),
			to.UnixMilli(),
			h.name,
			labels,
			len(values),
			to.UnixMilli(),
		)
	}
	b.WriteString("# EOF\n")
	return b.String()
}

// watched is an answer whose status is looked at.
type watched struct {
	http.ResponseWriter
	status int
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap gives what is beneath, for streams are flushed there.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// code is the status that was sent.
func (w *watched) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
