package export

import (
	"encoding/csv"
	"io"
	"strconv"

	"brunt/report"
)

// Intervals writes the intervals as CSV, with the names that they have in
// JSON; what is null there is empty here.
func Intervals(w io.Writer, rep *report.Report) error {
	out := csv.NewWriter(w)
	out.Write([]string{"t_s", "width_s", "planned", "sent", "succeeded", "failed", "cut_off", "in_flight",
		"bytes_in", "bytes_out", "p50", "p90", "p99", "max", "lateness_p99", "chunks", "ttft_p50", "ttft_p99",
		"completed", "completed_ok", "window_s", "asked_per_s"})
	for i := range rep.Intervals {
		in := &rep.Intervals[i]
		row := []string{csvNumber(&in.TS), csvNumber(&in.WidthS)}
		for _, n := range []uint64{
			in.Planned, in.Sent, in.Succeeded, in.Failed, in.CutOff, in.InFlight, in.BytesIn, in.BytesOut,
		} {
			row = append(row, strconv.FormatUint(n, 10))
		}
		for _, x := range []*float64{in.P50, in.P90, in.P99, in.Max, in.LatenessP99} {
			row = append(row, csvNumber(x))
		}
		row = append(
			row,
			strconv.FormatUint(in.Chunks, 10),
			csvNumber(in.TTFTP50),
			csvNumber(in.TTFTP99),
			strconv.FormatUint(
				in.Completed,
				10,
			),
			strconv.FormatUint(in.CompletedOK, 10),
			csvNumber(in.WindowS),
			csvNumber(in.AskedPerS),
		)
		out.Write(row)
	}
	out.Flush()
	return out.Error()
}

// csvNumber has all digits, and nothing for null.
func csvNumber(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'f', -1, 64)
}
