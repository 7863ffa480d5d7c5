package report

import (
	"brunt/attack/result"
	"brunt/report/format"
)

// Named are the figures of one payload name's requests.
type Named struct {
	Name     string        `json:"name"`
	Requests NamedRequests `json:"requests"`
	NamedBytes
	LatencyMS  NamedLatency    `json:"latency_ms"`
	Histograms NamedHistograms `json:"histograms"`
}

// NamedRequests are one name's counts: sent = succeeded + failed + cut_off +
// in_flight.
type NamedRequests struct {
	Sent      uint64 `json:"sent"`
	Succeeded uint64 `json:"succeeded"`
	Failed    uint64 `json:"failed"`
	CutOff    uint64 `json:"cut_off"`
	InFlight  uint64 `json:"in_flight"`
}

// NamedBytes are what one name's requests sent and were sent, and the output tokens of
// its successes; null where they are not known.
type NamedBytes struct {
	BytesIn      *uint64 `json:"bytes_in"`
	BytesOut     *uint64 `json:"bytes_out"`
	OutputTokens *uint64 `json:"output_tokens"`
}

// NamedLatency are one name's distributions of successes, in milliseconds.
type NamedLatency struct {
	Response Summary `json:"response"`
	Service  Summary `json:"service"`
}

// NamedHistograms are what NamedLatency was summed up from.
type NamedHistograms struct {
	Response Distribution `json:"response"`
	Service  Distribution `json:"service"`
}

// ServedModel are the successes of one model behind the endpoint, as its
// replies named it.
type ServedModel struct {
	Name       string          `json:"name"`
	Count      uint64          `json:"count"`
	P50        *float64        `json:"p50"` // response time, milliseconds, as in latency_ms
	P99        *float64        `json:"p99"`
	LatencyMS  NamedLatency    `json:"latency_ms"`
	Histograms NamedHistograms `json:"histograms"`
}

// NamesOf are the figures of payload names, of a run in that state.
func NamesOf(names []result.Named, state result.State) []Named {
	out, scratch := make([]Named, 0, len(names)), NewHistogram()
	for i := range names {
		named := namedOf(&names[i], state)
		named.Summarise(scratch)
		out = append(out, named)
	}
	return out
}

func namedOf(n *result.Named, state result.State) Named {
	return Named{
		Name: format.UTF8(n.Name),
		Requests: NamedRequests{
			Sent: n.Sent, Succeeded: n.Succeeded, Failed: n.Failed, CutOff: n.CutOff,
			InFlight: inFlight(state, n.Sent, n.Succeeded+n.Failed+n.CutOff),
		},
		NamedBytes: NamedBytes{new(n.BytesIn), new(n.BytesOut), new(n.Tokens)},
		Histograms: NamedHistograms{Response: Distribution{n.Response}, Service: Distribution{n.Service}},
	}
}

func modelsOf(models []result.Served) []ServedModel {
	out, scratch := make([]ServedModel, 0, len(models)), NewHistogram()
	for i := range models {
		m := ServedModel{
			Name: format.UTF8(models[i].Name), Count: models[i].Count,
			Histograms: NamedHistograms{
				Response: Distribution{models[i].Response},
				Service:  Distribution{models[i].Service},
			},
		}
		m.Summarise(scratch)
		out = append(out, m)
	}
	return out
}

// Summarise fills in the percentiles of the model's histograms, for which scratch is
// overwritten.
func (m *ServedModel) Summarise(scratch Histogram) {
	m.LatencyMS = m.Histograms.summary(scratch)
	m.P50, m.P99 = m.LatencyMS.Response.P50, m.LatencyMS.Response.P99
}

// Summarise fills in the percentiles of the name's histograms, as for a model.
func (n *Named) Summarise(scratch Histogram) { n.LatencyMS = n.Histograms.summary(scratch) }

// summary sums both up, for which scratch is overwritten.
func (h *NamedHistograms) summary(scratch Histogram) NamedLatency {
	return NamedLatency{Response: h.Response.summary(scratch), Service: h.Service.summary(scratch)}
}
