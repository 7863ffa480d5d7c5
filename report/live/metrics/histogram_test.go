package metrics

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"brunt/attack/figure"
	"brunt/attack/histogram"
)

// latencies are shapes of latency, in seconds, from 0.5 ms to 60 s.
var latencies = map[string]func(*rand.Rand) float64{
	"0.5 ms, narrow":    func(r *rand.Rand) float64 { return 0.0005 * math.Exp(0.02*r.NormFloat64()) },
	"62 ms, p99 at 65":  func(r *rand.Rand) float64 { return 0.062 * math.Exp(0.02*r.NormFloat64()) },
	"log-normal 20 ms":  func(r *rand.Rand) float64 { return 0.02 * math.Exp(0.5*r.NormFloat64()) },
	"constant 26 ms":    func(*rand.Rand) float64 { return 0.026 },
	"constant 1.1 s":    func(*rand.Rand) float64 { return 1.1 },
	"uniform 1 to 3 s":  func(r *rand.Rand) float64 { return 1 + 2*r.Float64() },
	"exponential 0.3 s": func(r *rand.Rand) float64 { return 0.001 + 0.3*r.ExpFloat64() },
	"two humps": func(r *rand.Rand) float64 {
		hump := 0.004
		if r.IntN(40) == 0 {
			hump = 0.9
		}
		return hump * (1 + 0.1*r.Float64())
	},
	"12 s, of LLM replies": func(r *rand.Rand) float64 { return 12 * math.Exp(0.2*r.NormFloat64()) },
	"55 s, near the limit": func(r *rand.Rand) float64 { return min(60, 55*math.Exp(0.03*r.NormFloat64())) },
}

// What Prometheus makes of /metrics' buckets, both as text and as native ones,
// is the report's percentile within 5 %.
func TestQuantilesOfBuckets(t *testing.T) {
	for name, draw := range latencies {
		t.Run(name, func(t *testing.T) {
			rng, h := rand.New(rand.NewPCG(7, 7)), histogram.New()
			for range 20_000 {
				if err := h.RecordValue(int64(draw(rng) * 1e9)); err != nil {
					t.Fatal(err)
				}
			}
			text, native := exposed(t, h)
			for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
				want := float64(h.ValueAtPercentile(100*q)) / 1e9
				for form, got := range map[string]float64{"classic": classicQuantile(q, text), "native": nativeQuantile(q, native)} {
					if off := got/want - 1; math.Abs(off) > 0.05 {
						t.Errorf("p%g of the %s buckets is %.5g s, the report's %.5g s: %+.1f %%", 100*q, form, got, want, 100*off)
					}
				}
			}
		})
	}
}

// Each bucket ends less than 5 % above its start, and the bounds of earlier
// versions are there, for queries that name them.
func TestClassicBounds(t *testing.T) {
	if !slices.IsSorted(classicBounds) || len(classicBounds) != 300 {
		t.Errorf("%d bounds, sorted: %t", len(classicBounds), slices.IsSorted(classicBounds))
	}
	for i := 1; i < len(classicBounds); i++ {
		if ratio := classicBounds[i] / classicBounds[i-1]; ratio <= 1 || ratio > 1.05 {
			t.Errorf("from %g to %g s it is %.2f %%", classicBounds[i-1], classicBounds[i], 100*(ratio-1))
		}
	}
	for _, bound := range []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60} {
		if !slices.Contains(classicBounds, bound) {
			t.Errorf("no bucket up to %g s", bound)
		}
	}
}

// exposed is the histogram as Prometheus reads it, as text and as protobuf.
func exposed(t *testing.T, h *hdrhistogram.PackedHistogram) (text, native *dto.Histogram) {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(single{newHistogram(histograms[figure.Response], h, time.Unix(1, 0))})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := expfmt.MetricFamilyToText(&b, families[0]); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(b.String(), "\n"); lines > 310 || b.Len() > 20_000 {
		t.Errorf("a histogram takes %d lines, %d bytes", lines, b.Len())
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	parsed, err := parser.TextToMetricFamilies(&b)
	if err != nil {
		t.Fatal(err)
	}
	return parsed["brunt_response_time_seconds"].GetMetric()[0].GetHistogram(), families[0].GetMetric()[0].GetHistogram()
}

type single struct{ metric *bothKinds }

func (s single) Describe(out chan<- *prometheus.Desc) { out <- s.metric.Desc() }
func (s single) Collect(out chan<- prometheus.Metric) { out <- s.metric }

// classicQuantile is histogram_quantile of classic buckets: linear within the
// bucket that the rank falls into [prometheus/promql/quantile.go].
func classicQuantile(q float64, h *dto.Histogram) float64 {
	rank := q * float64(h.GetSampleCount())
	start, before := 0.0, 0.0
	for _, b := range h.GetBucket() {
		if count := float64(b.GetCumulativeCount()); count >= rank {
			if math.IsInf(b.GetUpperBound(), 1) {
				return start
			}
			return start + (b.GetUpperBound()-start)*(rank-before)/(count-before)
		}
		start, before = b.GetUpperBound(), float64(b.GetCumulativeCount())
	}
	return math.NaN()
}

// nativeQuantile is histogram_quantile of native buckets: exponential within
// the bucket that the rank falls into.
func nativeQuantile(q float64, h *dto.Histogram) float64 {
	rank := q*float64(h.GetSampleCount()) - float64(h.GetZeroCount())
	width := math.Exp2(math.Exp2(-float64(h.GetSchema())))
	index, delta, count, before := 0, 0, int64(0), 0.0
	for _, span := range h.GetPositiveSpan() {
		index += int(span.GetOffset())
		for range span.GetLength() {
			count += h.GetPositiveDelta()[delta]
			if before+float64(count) >= rank {
				return math.Pow(width, float64(index-1)+(rank-before)/float64(count))
			}
			before += float64(count)
			index, delta = index+1, delta+1
		}
	}
	return math.NaN()
}

// Each value lies in the native bucket, and in the classic ones, that its own
// highest equivalent belongs to.
func TestBinsHoldTheirValues(t *testing.T) {
	for _, ns := range []int64{0, 1, 999, 1000, 1_000_000, 4_999_999, 5_000_000, 5_010_000, 123_456_789, 60_000_000_000, histogram.Max} {
		h := histogram.New()
		_ = h.RecordValue(ns) // within its bounds
		b := bucketsOf(h)
		seconds := float64(h.Max()) / 1e9
		for _, bound := range classicBounds {
			if want := seconds <= bound; (b.classic[bound] == 1) != want {
				t.Errorf("%d ns: in bucket %g: %d", ns, bound, b.classic[bound])
			}
		}
		if ns == 0 {
			if b.zeros != 1 || len(b.native) != 0 {
				t.Errorf("zero: %+v", b)
			}
			continue
		}
		if len(b.native) != 1 {
			t.Errorf("%d ns: native buckets %v", ns, b.native)
		}
		for index := range b.native {
			low, high := math.Pow(2, float64(index-1)/16), math.Pow(2, float64(index)/16)
			if seconds <= low*(1-1e-12) || seconds > high*(1+1e-12) || math.Abs(b.sum-seconds) > 1e-15*seconds {
				t.Errorf("%d ns: native bucket from %g to %g, sum %g", ns, low, high, b.sum)
			}
		}
	}
}
