package report

import (
	"encoding/json"
	"errors"
	"slices"

	"brunt/attack/figure"
	"brunt/attack/result"
)

// The figures of each object of the JSON, in the order of its keys. A figure that
// is added comes last by itself.
var (
	latencyKeys = keys(func(f figure.Figure) bool { return !f.OfStreams() && f != figure.Lateness },
		figure.Response, figure.Service, figure.Failed, figure.Connect, figure.TLS)
	histogramKeys = keys(func(f figure.Figure) bool { return !f.OfStreams() },
		figure.Response, figure.Service, figure.Failed)
	boundKeys = keys(figure.Figure.OfRequests,
		figure.Response, figure.Service, figure.TTFT, figure.ResponseTTFT, figure.TPOT)
)

// keys are all figures that belong there, these ones first.
func keys(belongs func(figure.Figure) bool, first ...figure.Figure) []figure.Figure {
	for _, f := range figure.All() {
		if belongs(f) && !slices.Contains(first, f) {
			first = append(first, f)
		}
	}
	return first
}

// Latency are distributions in milliseconds by figure: of whole requests, without
// lateness (lateness_ms), in a Report, and of streams in a Stream.
type Latency [figure.Len]Summary

// MarshalJSON writes those of whole requests.
func (l Latency) MarshalJSON() ([]byte, error) {
	return marshalFigures(latencyKeys, (*[figure.Len]Summary)(&l), "")
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *Latency) UnmarshalJSON(b []byte) error {
	return unmarshalFigures(b, latencyKeys, (*[figure.Len]Summary)(l), "")
}

// Histograms are what the summaries of whole requests were made from, by figure, so
// that a report can be printed again, judged by other rules and merged without loss.
type Histograms [figure.Len]Histogram

// MarshalJSON writes them by name.
func (h Histograms) MarshalJSON() ([]byte, error) {
	return marshalFigures(histogramKeys, (*[figure.Len]Histogram)(&h), "")
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (h *Histograms) UnmarshalJSON(b []byte) error {
	return unmarshalFigures(b, histogramKeys, (*[figure.Len]Histogram)(h), "")
}

// Add adds another report's histograms of whole requests; of equal bounds, so that
// the sum is exact.
func (h *Histograms) Add(other *Histograms) {
	for _, f := range figure.Whole() {
		h[f] = h[f].Merged(other[f])
	}
}

// StreamHistograms are what the summaries of streams were made from, by figure.
type StreamHistograms [figure.Len]Histogram

// MarshalJSON writes them by name.
func (h StreamHistograms) MarshalJSON() ([]byte, error) {
	return marshalFigures(figure.Streamed(), (*[figure.Len]Histogram)(&h), "")
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (h *StreamHistograms) UnmarshalJSON(b []byte) error {
	return unmarshalFigures(b, figure.Streamed(), (*[figure.Len]Histogram)(h), "")
}

// Add adds another report's histograms of streams.
func (h *StreamHistograms) Add(other *StreamHistograms) {
	for _, f := range figure.Streamed() {
		h[f] = h[f].Merged(other[f])
	}
}

// Histogram is that of a figure, of whole requests or of streams; empty where the
// report has none.
func (r *Report) Histogram(f figure.Figure) Histogram {
	switch {
	case !f.OfStreams():
		return r.Histograms[f]
	case r.Stream == nil:
		return Histogram{}
	default:
		return r.Stream.Histograms[f]
	}
}

// Summary is a figure's summary, of whole requests or of streams; empty where the
// report has none.
func (r *Report) Summary(f figure.Figure) Summary {
	switch {
	case f == figure.Lateness:
		return r.LatenessMS
	case !f.OfStreams():
		return r.LatencyMS[f]
	case r.Stream == nil:
		return Summary{}
	default:
		return r.Stream.LatencyMS[f]
	}
}

func histogramsOf(l *result.Latencies) (h Histograms) {
	for _, f := range figure.Whole() {
		h[f] = histogramOf(l[f])
	}
	return h
}

func streamHistogramsOf(l *result.Latencies) (h StreamHistograms) {
	for _, f := range figure.Streamed() {
		h[f] = histogramOf(l[f])
	}
	return h
}

// samples is how many samples a figure has by the report's counts. Where few is
// set it may have fewer; where there is no text that is not known.
func (r *Report) samples(f figure.Figure) (count uint64, text string, few bool) {
	q, s := &r.Requests, r.Stream
	var spoken uint64
	if s != nil {
		spoken = s.Streams - min(s.Silent+s.Unknown, s.Streams)
	}
	switch f.Samples() {
	case figure.Successes:
		return q.Succeeded, "succeeded", r.Rebuilt && f != figure.Response
	case figure.Failures:
		return q.Failed, "failed", false
	case figure.Sent:
		return q.Sent - min(q.Sent, q.InFlight+q.UnknownSent), "sent - in_flight" + andUnknown(q.UnknownSent, " - unknown_sent"), r.Rebuilt
	case figure.Connections:
		return q.Connections, "connections", r.Rebuilt
	case figure.Streams:
		return s.Streams, "streams", false
	case figure.Spoken:
		return spoken, "streams with output", false
	case figure.Shown:
		return spoken, "streams with output", true
	case figure.Paced:
		return spoken, "streams with output", true
	default:
		return 0, "", false
	}
}

// checkFigures is Check for the number of samples of each figure, and for each
// summary: key is where it is in the JSON.
func (r *Report) checkFigures(list []figure.Figure, key func(figure.Figure) string) error {
	for _, f := range list {
		h, name := r.Histogram(f), "samples of "+f.String()
		count, text, few := r.samples(f)
		check := equal
		if few {
			check = atMost
		}
		if text != "" {
			if err := check(name, h.Count(), text, count); err != nil {
				return err
			}
		}
		if err := agree(key(f), r.Summary(f), h); err != nil {
			return err
		}
	}
	return nil
}

// marshalFigures writes an object of these figures, each under its name and the
// suffix.
func marshalFigures[T any](list []figure.Figure, values *[figure.Len]T, suffix string) ([]byte, error) {
	b := []byte{'{'}
	for i, f := range list {
		value, err := json.Marshal(values[f])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(append(b, f.String()+suffix...), '"', ':')
		b = append(b, value...)
	}
	return append(b, '}'), nil
}

// unmarshalFigures reads what marshalFigures wrote; figures that are missing stay
// as they are, and other keys are passed over.
func unmarshalFigures[T any](text []byte, list []figure.Figure, values *[figure.Len]T, suffix string) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for _, f := range list {
		key := f.String() + suffix
		member, ok := members[key]
		if !ok {
			continue
		}
		err := json.Unmarshal(member, &values[f])
		var mistyped *json.UnmarshalTypeError
		if errors.As(err, &mistyped) {
			mistyped.Field = join(key, mistyped.Field)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// join is a path of keys.
func join(key, rest string) string {
	if rest == "" {
		return key
	}
	return key + "." + rest
}
