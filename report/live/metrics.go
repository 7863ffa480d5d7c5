package live

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"brunt/attack"
	"brunt/attack/figure"
	"brunt/report"
)

// metricsHandler serves the present run's figures to Prometheus. Counters
// begin anew with each run, which Prometheus takes for what it is.
func metricsHandler(r *room) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(&collector{r})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{DisableCompression: true})
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("brunt_"+name, help, labels, nil)
}

var (
	descInfo        = desc("build_info", "Version of brunt.", "version")
	descState       = desc("run_state", "1 for the state that the run is in.", "state")
	descRun         = desc("run", "Number of the present run in this process, 0 while idle.")
	descRate        = desc("asked_requests_per_second", "Rate that is asked for now, 0 for a constant concurrency.")
	descConcurrency = desc("asked_concurrency", "Concurrency that is asked for now, 0 where none is.")
	descInFlight    = desc("in_flight_requests", "Requests sent and not yet ended.")
	descPlanned     = desc("planned_requests_total", "Requests of the present run whose planned instant has come, warm-up excluded.")
	descSent        = desc("sent_requests_total", "Requests of the present run that were begun, warm-up excluded.")
	descRequests    = desc("requests_total", "Requests of the present run that ended, by outcome, warm-up excluded.", "outcome")
	descCompleted   = desc("completed_requests_total", "Complete replies that came within the measured time, whoever planned them, by whether they succeeded.", "outcome")
	descReceived    = desc("received_bytes_total", "Bytes of replies.")
	descTransmitted = desc("sent_bytes_total", "Bytes of requests.")
	descConnections = desc("connections_total", "Connections opened, warm-up excluded.")
	descResponse    = desc("response_time_seconds", "From the planned instant to the last byte of the reply, of successes.")
	descService     = desc("service_time_seconds", "From the first byte sent to the last byte of the reply, of successes.")

	descTrust = desc("run_trust", "How far the present run's figures can be trusted: 1 for the grade that holds.", "trust")
	descLimit = desc("run_limited_by", "What bounds the present run's load: 1 for the one that does, none where nobody has judged.", "by")
	descError = desc("run_trust_error_seconds", "By how much a percentile may be too high at the most, for brunt's own delays.")

	// Of successes that were streams; none of these is there without one.
	descStreams      = desc("streams_total", "Streams, by what their output tokens were counted from.", "tokens_by")
	descOutputTokens = desc("output_tokens_total", "Output tokens of streams.")
	descPromptTokens = desc("prompt_tokens_total", "Prompt tokens of streams, as far as the endpoint states them.")
	descChunks       = desc("stream_chunks_total", "Events of streams that held output.")
	descTTFT         = desc("ttft_seconds", "From the first byte sent to the first output.")
	descResponseTTFT = desc("response_ttft_seconds", "From the planned instant to the first output.")
	descTPOT         = desc("tpot_seconds", "From the first to the last output, by output tokens less one.")
	descInterChunk   = desc("inter_chunk_seconds", "Between successive chunks with output, all gaps.")
)

// states are all that brunt_run_state has a series for.
var states = []string{
	stateIdle, string(attack.Starting), string(attack.Warming), string(attack.Running), string(attack.Draining), string(attack.Done), stateInterrupted,
}

// Grades and limits that there are series for.
var (
	grades = []string{attack.TrustFull, attack.TrustLimited, attack.TrustNone, "not judged"}
	limits = []string{attack.LimitNone, attack.LimitClient, attack.LimitConnections, attack.LimitEndpoint}
)

// collector reads the present run when it is asked to, and only then.
type collector struct{ room *room }

// Describe names all metrics.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descInfo, descState, descRun, descRate, descConcurrency, descInFlight, descPlanned, descSent,
		descRequests, descCompleted, descReceived, descTransmitted, descConnections, descResponse, descService, descTrust, descLimit, descError,
		descStreams, descOutputTokens, descPromptTokens, descChunks, descTTFT, descResponseTTFT, descTPOT, descInterChunk} {
		out <- d
	}
}

// Collect gives the figures of the newest snapshot.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	now, _, view := c.room.look()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(descInfo, 1, report.Version())
	gauge(descRun, float64(view.Run))
	one := func(d *prometheus.Desc, of []string, holds string) {
		for _, label := range of {
			is := 0.0
			if label == holds {
				is = 1
			}
			gauge(d, is, label)
		}
	}
	one(descState, states, view.State)
	if now == nil {
		return
	}
	gauge(descRate, orZero(view.Load.RatePerS))
	concurrency := 0.0
	if view.Load.Concurrency != nil {
		concurrency = float64(*view.Load.Concurrency)
	}
	gauge(descConcurrency, concurrency)
	s := now.snapshot()
	n := &s.Counts
	gauge(descInFlight, float64(n.Sent-min(n.Sent, n.Succeeded+n.Failed+n.CutOff)))
	one(descTrust, grades, cmp.Or(s.Verdict.Trust, "not judged"))
	one(descLimit, limits, s.Verdict.LimitedBy)
	gauge(descError, s.Verdict.Error.Seconds())
	count := func(d *prometheus.Desc, value uint64, labels ...string) {
		out <- prometheus.MustNewConstMetricWithCreatedTimestamp(d, prometheus.CounterValue, float64(value), s.Started, labels...)
	}
	count(descPlanned, n.Planned)
	count(descSent, n.Sent)
	count(descRequests, n.Succeeded, "succeeded")
	count(descRequests, n.Failed, "failed")
	count(descRequests, n.CutOff, "cut_off")
	count(descCompleted, n.Window.OK, "ok")
	count(descCompleted, n.Window.Completed-n.Window.OK, "failed")
	count(descReceived, n.BytesIn)
	count(descTransmitted, n.BytesOut)
	count(descConnections, n.Connections)
	out <- &histogram{descResponse, s.Latencies[figure.Response], s.Started}
	out <- &histogram{descService, s.Latencies[figure.Service], s.Started}
	if l := &s.Latencies; l.Streamed() {
		count(descStreams, n.Stream.ByUsage, "usage")
		count(descStreams, n.Stream.ByChunks, "chunks")
		count(descOutputTokens, n.Stream.OutputTokens)
		count(descPromptTokens, n.Stream.PromptTokens)
		count(descChunks, n.Stream.Chunks)
		out <- &histogram{descTTFT, l[figure.TTFT], s.Started}
		out <- &histogram{descResponseTTFT, l[figure.ResponseTTFT], s.Started}
		out <- &histogram{descTPOT, l[figure.TPOT], s.Started}
		out <- &histogram{descInterChunk, l[figure.InterChunk], s.Started}
	}
}

func orZero(x *float64) float64 {
	if x == nil {
		return 0
	}
	return *x
}

// Classic buckets: 48 a decade from 0.1 ms to 100 s, each of which ends 4.9 %
// above its start, so that a quantile that Prometheus interpolates within one is
// less than 5 % off. To these come the round bounds that people ask for by name.
const (
	boundsPerDecade = 48
	lowestBound     = 1e-4 // seconds
	decades         = 6
)

var roundBounds = []float64{.0005, .0025, .005, .025, .05, .25, .5, 2.5, 5, 30, 60}

// classicBounds are the upper bounds of the classic buckets, in seconds: 300 and
// one more for what is longer.
var classicBounds = func() []float64 {
	bounds := slices.Clone(roundBounds)
	for i := range decades*boundsPerDecade + 1 {
		bound := lowestBound * math.Pow(10, float64(i)/boundsPerDecade)
		text := strconv.FormatFloat(bound, 'g', 4, 64) // le="0.1049", and no more digits
		bound, _ = strconv.ParseFloat(text, 64)        // of a number just written, so it cannot fail
		bounds = append(bounds, bound)
	}
	slices.Sort(bounds)
	return bounds
}()

// nativeSchema divides each doubling into 2^4 native buckets: each ends 4.4 %
// above its start.
const nativeSchema = 4

// binned is a histogram sorted into Prometheus's buckets. Each of brunt's own,
// which are 0.1 % wide, goes where its highest value belongs.
type binned struct {
	count   uint64
	sum     float64  // seconds
	classic []uint64 // cumulative, by bound
	native  map[int]int64
	zeros   uint64
	first   int
	last    int
}

func bin(h *hdrhistogram.PackedHistogram) *binned {
	b := &binned{classic: make([]uint64, len(classicBounds)), native: map[int]int64{}, first: math.MaxInt, last: math.MinInt}
	for value, count := range h.ForEachBucket {
		seconds := float64(value) / 1e9
		if shift := math.Ilogb(float64(max(value, 1))) - 10; shift > 0 {
			seconds = float64(value+int64(1)<<shift-1) / 1e9
		}
		b.count += uint64(count)
		b.sum += seconds * float64(count)
		if i, _ := slices.BinarySearch(classicBounds, seconds); i < len(classicBounds) {
			b.classic[i] += uint64(count)
		}
		if seconds <= 0 {
			b.zeros += uint64(count)
			continue
		}
		index := int(math.Ceil(math.Log2(seconds) * (1 << nativeSchema)))
		b.native[index] += count
		b.first, b.last = min(b.first, index), max(b.last, index)
	}
	for i := 1; i < len(b.classic); i++ {
		b.classic[i] += b.classic[i-1]
	}
	return b
}
