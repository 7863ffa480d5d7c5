package report

import (
	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report/format"
)

// Interval is one stretch of the timeline, from t_s on. Percentiles and max
// are milliseconds of response time; those of merged reports are null, since
// percentiles cannot be merged.
type Interval struct {
	TS          float64  `json:"t_s"`
	WidthS      float64  `json:"width_s"`
	Planned     uint64   `json:"planned"`
	Sent        uint64   `json:"sent"`
	Succeeded   uint64   `json:"succeeded"`
	Failed      uint64   `json:"failed"`
	CutOff      uint64   `json:"cut_off"`
	Completed   uint64   `json:"completed"` // as in throughput
	CompletedOK uint64   `json:"completed_ok"`
	WindowS     *float64 `json:"window_s"`    // how much of it lies within the measured window; null where that is not known
	AskedPerS   *float64 `json:"asked_per_s"` // by the plan, on average over its part of the interval; null without a rate
	InFlight    uint64   `json:"in_flight"`   // at the interval's end
	BytesIn     uint64   `json:"bytes_in"`
	BytesOut    uint64   `json:"bytes_out"`
	P50         *float64 `json:"p50"`
	P90         *float64 `json:"p90"`
	P99         *float64 `json:"p99"`
	Max         *float64 `json:"max"`
	LatenessP99 *float64 `json:"lateness_p99"`
	Chunks      uint64   `json:"chunks"`   // with output that came in streams, whatever became of those
	TTFTP50     *float64 `json:"ttft_p50"` // of the streams that ended, milliseconds
	TTFTP99     *float64 `json:"ttft_p99"`

	// The interval's histograms at full precision, for the page's heat map and
	// percentiles over time, and for IntervalHistograms. JSON leaves them out, so
	// they are empty in a report that was read from it.
	Response histogram.Sketch `json:"-"`
	Service  histogram.Sketch `json:"-"`
	Lateness histogram.Sketch `json:"-"`
	TTFT     histogram.Sketch `json:"-"`
	TPOT     histogram.Sketch `json:"-"`

	// What Slices are made of besides, as in result.Interval.
	Tokens uint64                 `json:"-"`
	Names  []result.IntervalNamed `json:"-"`
	Kinds  []result.KindCount     `json:"-"`
}

// Change is one change of the load while the run was under way; one of the two
// values is null. TS is seconds since the first planned instant, below 0 within
// the warm-up.
type Change struct {
	TS          float64  `json:"t_s"`
	RatePerS    *float64 `json:"rate_per_s"`
	Concurrency *int     `json:"concurrency"`
}

func intervalsOf(intervals []result.Interval, asked *asking) []Interval {
	out := make([]Interval, 0, len(intervals))
	for i := range intervals {
		in := &intervals[i]
		response, lateness := Histogram{in.Response.Histogram()}, Histogram{in.Lateness.Histogram()}
		var ttft Histogram
		if in.TTFT.Count() > 0 {
			ttft.PackedHistogram = in.TTFT.Histogram()
		}
		out = append(out, Interval{
			TS: format.Seconds(in.At), WidthS: format.Seconds(in.Width),
			Planned: in.Planned, Sent: in.Sent, Succeeded: in.Succeeded, Failed: in.Failed, CutOff: in.CutOff,
			Completed: in.Completed, CompletedOK: in.CompletedOK,
			InFlight: in.InFlight, BytesIn: in.BytesIn, BytesOut: in.BytesOut,
			P50: response.At(P50), P90: response.At(P90), P99: response.At(P99), Max: maxOf(response.PackedHistogram),
			LatenessP99: lateness.At(P99),
			Response:    in.Response, Service: in.Service, Lateness: in.Lateness, TTFT: in.TTFT, TPOT: in.TPOT,
			Tokens: in.Tokens, Names: in.Names, Kinds: in.Kinds,
			Chunks: in.Chunks, TTFTP50: ttft.At(P50), TTFTP99: ttft.At(P99),
		})
		asked.fill(&out[i], in)
	}
	return out
}

func changesOf(changes []plan.Change) []Change {
	out := make([]Change, 0, len(changes))
	for _, c := range changes {
		change := Change{TS: format.Seconds(c.At)}
		if c.Concurrency > 0 {
			change.Concurrency = new(c.Concurrency)
		} else {
			change.RatePerS = new(format.Significant(plan.PerSecond(c.Rate), 12))
		}
		out = append(out, change)
	}
	return out
}

func maxOf(h *hdrhistogram.PackedHistogram) *float64 {
	if h == nil || h.TotalCount() == 0 {
		return nil
	}
	return format.Millis(float64(h.Max()))
}
