package metrics

import (
	"cmp"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"brunt/attack/figure"
	"brunt/attack/result"
	"brunt/report"
)

// Now is what there is to know of a run when it is asked for.
type Now struct {
	State       string
	Run         int              // number of the present run in this process, 0 while idle
	RatePerS    float64          // that is asked for, 0 for a constant concurrency
	Concurrency int              // that is asked for, 0 where none is
	Snapshot    *result.Snapshot // nil while idle
}

// Handler serves what source gives at each scrape; states are all that there are.
func Handler(states []string, source func() Now) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(&collector{states, source})
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
	descTrust       = desc(
		"run_trust",
		"How far the present run's figures can be trusted: 1 for the grade that holds.",
		"trust",
	)
	descLimit = desc(
		"run_limited_by",
		"What bounds the present run's load: 1 for the one that does, none where nobody has judged.",
		"by",
	)
	descError = desc(
		"run_trust_error_seconds",
		"By how much a percentile may be too high at the most, for brunt's own delays.",
	)
)

// descTokens is of runs that have had tokens only.
var descTokens = desc(
	"output_tokens_per_second",
	"Output tokens that came within the measured time so far, each with its chunk or its whole reply, by its length.",
)

// gauges are the metrics above.
var gauges = []*prometheus.Desc{
	descInfo,
	descState,
	descRun,
	descRate,
	descConcurrency,
	descInFlight,
	descTrust,
	descLimit,
	descError,
	descTokens,
}

// counter is a metric that counts, with one value for each of its label's values.
type counter struct {
	desc   *prometheus.Desc
	values []labelled
}

type labelled struct {
	of     func(*result.Counts) uint64
	labels []string
}

func counts(name, help string, of func(*result.Counts) uint64) counter {
	return counter{desc(name, help), []labelled{{of, nil}}}
}

// counters are of all runs, those of streams only of runs that have had one.
var (
	counters = []counter{
		counts(
			"planned_requests_total",
			"Requests of the present run whose planned instant has come, warm-up excluded.",
			func(c *result.Counts) uint64 { return c.Planned },
		),
		counts("sent_requests_total", "Requests of the present run that were begun, warm-up excluded.",
			func(c *result.Counts) uint64 { return c.Sent }),
		{
			desc("requests_total", "Requests of the present run that ended, by outcome, warm-up excluded.", "outcome"),
			[]labelled{
				{func(c *result.Counts) uint64 { return c.Succeeded }, []string{"succeeded"}},
				{func(c *result.Counts) uint64 { return c.Failed }, []string{"failed"}},
				{func(c *result.Counts) uint64 { return c.CutOff }, []string{"cut_off"}},
			},
		},
		{
			desc(
				"completed_requests_total",
				"Complete replies that came within the measured time, whoever planned them, by whether they succeeded.",
				"outcome",
			),
			[]labelled{
				{func(c *result.Counts) uint64 { return c.Window.OK }, []string{"ok"}},
				{func(c *result.Counts) uint64 { return c.Window.Completed - c.Window.OK }, []string{"failed"}},
			},
		},
		counts(
			"completed_output_tokens_total",
			"Output tokens that came within the measured time, of replies that succeeded, counted when those have ended.",
			func(c *result.Counts) uint64 { return c.Window.Tokens.Streamed + c.Window.Tokens.Whole },
		),
		counts("received_bytes_total", "Bytes of replies.", func(c *result.Counts) uint64 { return c.BytesIn }),
		counts("sent_bytes_total", "Bytes of requests.", func(c *result.Counts) uint64 { return c.BytesOut }),
		counts(
			"connections_total",
			"Connections opened, warm-up excluded.",
			func(c *result.Counts) uint64 { return c.Connections },
		),
	}
	streamCounters = []counter{
		{desc("streams_total", "Streams, by what their output tokens were counted from.", "tokens_by"), []labelled{
			{func(c *result.Counts) uint64 { return c.Stream.ByUsage }, []string{"usage"}},
			{func(c *result.Counts) uint64 { return c.Stream.ByChunks }, []string{"chunks"}},
			{func(c *result.Counts) uint64 { return c.Stream.ByNothing }, []string{"unknown"}},
		}},
		counts(
			"output_tokens_total",
			"Output tokens of streams.",
			func(c *result.Counts) uint64 { return c.Stream.OutputTokens },
		),
		counts("prompt_tokens_total", "Prompt tokens of streams, as far as the endpoint states them.",
			func(c *result.Counts) uint64 { return c.Stream.PromptTokens }),
		counts(
			"stream_chunks_total",
			"Pieces of output that came in streams.",
			func(c *result.Counts) uint64 { return c.Stream.Chunks },
		),
	}
)

// histograms are the figures that are served, each by its metric.
var histograms = map[figure.Figure]*prometheus.Desc{
	figure.Response:     desc("response_time_seconds", figure.Response.Meaning()),
	figure.Service:      desc("service_time_seconds", figure.Service.Meaning()),
	figure.TTFT:         desc("ttft_seconds", figure.TTFT.Meaning()),
	figure.ResponseTTFT: desc("response_ttft_seconds", figure.ResponseTTFT.Meaning()),
	figure.TPOT:         desc("tpot_seconds", figure.TPOT.Meaning()),
	figure.InterChunk:   desc("inter_chunk_seconds", figure.InterChunk.Meaning()),
	figure.FirstVisible: desc("first_visible_seconds", figure.FirstVisible.Meaning()),
}

// Grades and limits that there are series for.
var (
	grades = []string{result.TrustFull, result.TrustLimited, result.TrustNone, report.NotJudged}
	limits = []string{result.LimitNone, result.LimitClient, result.LimitConnections, result.LimitEndpoint}
)

// collector reads the present run when it is asked to, and only then.
type collector struct {
	states []string
	source func() Now
}

// Describe names all metrics.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range gauges {
		out <- d
	}
	for _, list := range [][]counter{counters, streamCounters} {
		for _, counter := range list {
			out <- counter.desc
		}
	}
	for _, d := range histograms {
		out <- d
	}
}

// Collect gives the figures of the newest snapshot.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	now := c.source()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	oneOf := func(d *prometheus.Desc, labels []string, holds string) {
		for _, label := range labels {
			is := 0.0
			if label == holds {
				is = 1
			}
			gauge(d, is, label)
		}
	}
	gauge(descInfo, 1, report.Version())
	gauge(descRun, float64(now.Run))
	oneOf(descState, c.states, now.State)
	s := now.Snapshot
	if s == nil {
		return
	}
	gauge(descRate, now.RatePerS)
	gauge(descConcurrency, float64(now.Concurrency))
	n := &s.Counts
	gauge(descInFlight, float64(n.InFlight()))
	oneOf(descTrust, grades, cmp.Or(s.Verdict.Trust, report.NotJudged))
	oneOf(descLimit, limits, s.Verdict.LimitedBy)
	gauge(descError, s.Verdict.Error.Seconds())
	if w := &n.Window; w.Tokens.Total() > 0 && w.Length > 0 {
		gauge(descTokens, float64(w.Tokens.Total())/w.Length.Seconds())
	}
	collectCounters(out, counters, s)
	if s.Latencies.Streamed() {
		collectCounters(out, streamCounters, s)
	}
	for f, d := range histograms {
		if h := s.Latencies[f]; h != nil {
			out <- newHistogram(d, h, s.Started)
		}
	}
}

func collectCounters(out chan<- prometheus.Metric, list []counter, s *result.Snapshot) {
	for _, counter := range list {
		for _, value := range counter.values {
			out <- prometheus.MustNewConstMetricWithCreatedTimestamp(
				counter.desc, prometheus.CounterValue, float64(value.of(&s.Counts)), s.Started, value.labels...)
		}
	}
}
