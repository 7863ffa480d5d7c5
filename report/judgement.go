package report

import (
	"bytes"
	"encoding/json"
)

// Judgement is a rule with its outcome on one report.
type Judgement struct {
	Rule   string   `json:"rule"`
	Value  *float64 `json:"value"`  // in Unit; null where the figure is
	Unit   Unit     `json:"unit"`   // ms, %, count, /s
	Met    bool     `json:"met"`    // false when the value is null
	Reason string   `json:"reason"` // why it is not met, empty when it is
}

// MarshalJSON writes the judgement, with met also by the name that the text and
// the other outputs have for it: held.
func (j Judgement) MarshalJSON() ([]byte, error) {
	type plain Judgement
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // the writer of the whole report decides that
	err := encoder.Encode(struct {
		plain
		Held bool `json:"held"`
	}{plain(j), j.Met})
	return b.Bytes(), err
}

// Unit is what a rule's figure is measured in.
type Unit string

// The units of figures: durations are judged in milliseconds, shares in
// percent, counts in requests, rates in requests per second.
const (
	UnitMS      Unit = "ms"
	UnitPercent Unit = "%"
	UnitCount   Unit = "count"
	UnitRate    Unit = "/s"
)
