package live

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"brunt/attack/figure"
	"brunt/report"
)

// What /metrics has of each histogram: see live/metrics.
const (
	classicBounds = 300
	nativeSchema  = 4
)

// scrape reads /metrics as Prometheus does, in one of its formats.
func (v *View) scrape(t *testing.T, format expfmt.FormatType) map[string]*dto.MetricFamily {
	t.Helper()
	req := request(http.MethodGet, v.at("/metrics"), "")
	req.Header.Set("Accept", string(expfmt.NewFormat(format)))
	r := do(t, req)
	if format == expfmt.TypeTextPlain {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		return families
	}
	families := map[string]*dto.MetricFamily{}
	decoder := expfmt.NewDecoder(bytes.NewReader(r.body), expfmt.ResponseFormat(r.header))
	for {
		var f dto.MetricFamily
		if err := decoder.Decode(&f); err == io.EOF {
			return families
		} else if err != nil {
			t.Fatal(err)
		}
		families[f.GetName()] = &f
	}
}

// What Prometheus reads is what the report says, in both kinds of buckets.
func TestMetrics(t *testing.T) {
	v := serve(t, nil)
	if f := v.scrape(t, expfmt.TypeTextPlain); f["brunt_requests_total"] != nil || value(t, f, "brunt_run_state", "idle") != 1 {
		t.Errorf("idle: %v", f)
	}
	v.post(t, "/api/start", "{}")
	v.untilState(t, "done")
	rep := v.Last()
	for _, format := range []expfmt.FormatType{expfmt.TypeTextPlain, expfmt.TypeProtoDelim} {
		f := v.scrape(t, format)
		for _, row := range []struct {
			name, label string
			want        float64
		}{
			{"brunt_requests_total", "succeeded", float64(rep.Requests.Succeeded)}, {"brunt_requests_total", "failed", 0}, {"brunt_requests_total", "cut_off", 0},
			{"brunt_completed_requests_total", "ok", float64(rep.Throughput.CompletedOK)}, {"brunt_completed_requests_total", "failed", 0},
			{"brunt_planned_requests_total", "", float64(rep.Requests.Planned)}, {"brunt_sent_bytes_total", "", float64(rep.Throughput.BytesOut)},
			{"brunt_received_bytes_total", "", float64(rep.Throughput.BytesIn)}, {"brunt_in_flight_requests", "", 0},
			{"brunt_asked_requests_per_second", "", 100}, {"brunt_run_state", "done", 1}, {"brunt_run_state", "idle", 0}, {"brunt_run", "", 1},
		} {
			if got := value(t, f, row.name, row.label); got != row.want {
				t.Errorf("%v: %s{%s} is %g, want %g", format, row.name, row.label, got, row.want)
			}
		}
		for name, mean := range map[string]float64{"brunt_response_time_seconds": *rep.LatencyMS[figure.Response].Mean, "brunt_service_time_seconds": *rep.LatencyMS[figure.Service].Mean} {
			h := f[name].GetMetric()[0].GetHistogram()
			if h.GetSampleCount() != rep.Requests.Succeeded || math.Abs(h.GetSampleSum()/float64(h.GetSampleCount())*1000/mean-1) > 0.001 {
				t.Errorf("%v: %s counts %d of %d, mean %g s, reported %g ms", format, name, h.GetSampleCount(), rep.Requests.Succeeded, h.GetSampleSum()/float64(h.GetSampleCount()), mean)
			}
			if buckets := h.GetBucket(); len(buckets) < classicBounds || buckets[classicBounds-1].GetCumulativeCount() != h.GetSampleCount() {
				t.Errorf("%v: %s: classic buckets %v", format, name, buckets)
			}
			if format == expfmt.TypeProtoDelim {
				checkNative(t, h)
			}
		}
	}
}

// Streams have series of their own, which a run without them has not.
func TestStreamMetrics(t *testing.T) {
	v := serve(t, func(c *Config) {
		c.Start = func(_ context.Context, o Settings, _ func(string)) (*Job, error) {
			return launchOn("mock://?ttft=5ms&token-gap=1ms&tokens=4&sigma=0", `{"messages":[{"role":"user","content":"x"}],"stream":true}`, o)
		}
	})
	v.post(t, "/api/start", "{}")
	v.untilState(t, "done")
	rep := v.Last()
	f := v.scrape(t, expfmt.TypeTextPlain)
	n := float64(rep.Stream.Streams)
	for _, row := range []struct {
		name, label string
		want        float64
	}{
		{"brunt_streams_total", "usage", n}, {"brunt_streams_total", "chunks", 0},
		{"brunt_output_tokens_total", "", float64(rep.Stream.OutputTokens)}, {"brunt_stream_chunks_total", "", float64(rep.Stream.Chunks)},
	} {
		if got := value(t, f, row.name, row.label); got != row.want || n == 0 {
			t.Errorf("%s{%s} is %g, want %g", row.name, row.label, got, row.want)
		}
	}
	for name, count := range map[string]float64{"brunt_ttft_seconds": n, "brunt_response_ttft_seconds": n, "brunt_tpot_seconds": n, "brunt_inter_chunk_seconds": float64(rep.Stream.Chunks) - n} {
		if got := f[name].GetMetric()[0].GetHistogram().GetSampleCount(); float64(got) != count {
			t.Errorf("%s counts %d, want %g", name, got, count)
		}
	}
	v = serve(t, nil)
	v.post(t, "/api/start", "{}")
	v.untilState(t, "done")
	if f := v.scrape(t, expfmt.TypeTextPlain); f["brunt_ttft_seconds"] != nil || f["brunt_streams_total"] != nil {
		t.Error("series of streams where there were none")
	}
}

// checkNative adds up the native buckets.
func checkNative(t *testing.T, h *dto.Histogram) {
	t.Helper()
	sum, count, buckets := h.GetZeroCount(), int64(0), 0
	for _, delta := range h.GetPositiveDelta() {
		count += delta
		sum += uint64(count)
	}
	for _, span := range h.GetPositiveSpan() {
		buckets += int(span.GetLength())
	}
	if sum != h.GetSampleCount() || buckets != len(h.GetPositiveDelta()) || h.GetSchema() != nativeSchema {
		t.Errorf("native buckets hold %d of %d, %d in spans, %d deltas", sum, h.GetSampleCount(), buckets, len(h.GetPositiveDelta()))
	}
}

func value(t *testing.T, families map[string]*dto.MetricFamily, name, label string) float64 {
	t.Helper()
	for _, m := range families[name].GetMetric() {
		if label == "" && len(m.GetLabel()) == 0 || len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == label {
			if c := m.GetCounter(); c != nil {
				return c.GetValue()
			}
			return m.GetGauge().GetValue()
		}
	}
	t.Errorf("no %s{%s}", name, label)
	return math.NaN()
}

// A page of metrics stays small: a run's two histograms, and six with streams.
func TestMetricsSize(t *testing.T) {
	v := serve(t, nil)
	v.post(t, "/api/start", "{}")
	v.untilState(t, "done")
	if n := v.Last().Requests.Succeeded; n < report.P50.Needs() {
		t.Fatalf("%d successes", n)
	}
	r := do(t, request("GET", v.at("/metrics"), ""))
	series := 0
	for line := range strings.Lines(string(r.body)) {
		if !strings.HasPrefix(line, "#") {
			series++
		}
	}
	t.Logf("%d series, %d bytes", series, len(r.body))
	if series < 2*classicBounds || series > 700 || len(r.body) > 50_000 {
		t.Errorf("%d series in %d bytes", series, len(r.body))
	}
}
