package report

import (
	"bytes"
	"encoding/json"
)

// MarshalJSON writes null for what results do not tell of their plan, and which no plan
// has as zero: a report that was rebuilt from them knows none of it.
func (p Plan) MarshalJSON() ([]byte, error) {
	type plain Plan
	out := struct {
		plain
		MaxInFlight *int     `json:"max_in_flight"`
		TimeoutS    *float64 `json:"timeout_s"`
		KeepAlive   *bool    `json:"keepalive"`
		AtEnd       *string  `json:"at_end"`
		CatchUp     *string  `json:"catch_up"`
	}{plain: plain(p), MaxInFlight: known(p.MaxInFlight), TimeoutS: known(p.TimeoutS), AtEnd: known(p.AtEnd), CatchUp: known(p.CatchUp)}
	if p.TimeoutS > 0 {
		out.KeepAlive = &p.KeepAlive
	}
	return marshalPlain(out)
}

// MarshalJSON writes null for the figures of a client of which nothing is known: each has
// a core at least.
func (c Client) MarshalJSON() ([]byte, error) {
	type plain Client
	if c.Cores > 0 {
		return marshalPlain(plain(c))
	}
	return marshalPlain(struct {
		plain
		Cores        *int     `json:"cores"`
		CPUS         *float64 `json:"cpu_s"`
		WallS        *float64 `json:"wall_s"`
		ThrottledS   *float64 `json:"throttled_s"`
		WaitedS      *float64 `json:"waited_s"`
		GCS          *float64 `json:"gc_s"`
		RSSPeakMB    *float64 `json:"rss_peak_mb"`
		GCPauseMaxMS *float64 `json:"gc_pause_max_ms"`
	}{plain: plain(c)})
}

// known is the value, or null for zero.
func known[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

// marshalPlain leaves <, > and & as they are: the writer of the whole report decides.
func marshalPlain(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return b.Bytes(), err
}
