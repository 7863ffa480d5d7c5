package export

import (
	"io"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/histogram"
	"brunt/report"
)

// HistogramLog writes the intervals in HdrHistogram's log format (1.3):
// response and service times under these tags, in nanoseconds, the interval's
// maximum in milliseconds. A report that was read from JSON has no intervals'
// histograms and gives a log without lines.
func HistogramLog(w io.Writer, r *report.Report) error {
	if r.Started == nil {
		return nil
	}
	start := r.Started.UnixMilli()
	log := hdrhistogram.NewHistogramLogWriter(w)
	if err := log.OutputLogFormatVersion(); err != nil {
		return err
	}
	if err := log.OutputComment("[brunt: nanoseconds, tags response and service]"); err != nil {
		return err
	}
	if err := log.OutputStartTime(start); err != nil {
		return err
	}
	if err := log.OutputLegend(); err != nil {
		return err
	}
	for i := range r.Intervals {
		v := &r.Intervals[i]
		for _, line := range []struct {
			tag string
			of  histogram.Sketch
		}{{"response", v.Response}, {"service", v.Service}} {
			if line.of.Count() == 0 {
				continue
			}
			h := line.of.Histogram()
			h.SetTag(line.tag)
			h.SetStartTimeMs(start + int64(v.TS*1000))
			h.SetEndTimeMs(start + int64((v.TS+v.WidthS)*1000))
			if err := log.OutputIntervalPackedHistogram(h); err != nil {
				return err
			}
		}
	}
	return nil
}
