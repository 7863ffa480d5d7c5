package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"

	"brunt/payloads/show"
	"brunt/report"
	"brunt/report/compare"
)

// comparisonModule is in no other page, and capacityModule in none of the live view.
const comparisonModule, capacityModule = "comparison.js", "capacity.js"

// comparing is the script of a comparison: the file's, and what lays two runs over
// each other.
var comparing = sync.OnceValues(func() (*parts, error) {
	return assemble(append(slices.Clone(modules), comparisonModule), "startComparison")
})

// WriteComparison writes a comparison as one HTML file that needs no network and no
// other file: its figures, and the charts of one run of each side over each other.
func WriteComparison(w io.Writer, c *compare.Comparison, base, next *report.Report) error {
	p, err := comparing()
	if err != nil {
		return fmt.Errorf("html comparison: %w", err)
	}
	var found bytes.Buffer
	if err := show.EncodeJSON(&found, map[string]*compare.Comparison{"comparison": c}); err != nil {
		return fmt.Errorf("html comparison: %w", err)
	}
	type run struct {
		Report *report.Report `json:"report"`
		Extra  *Extra         `json:"extra"`
	}
	var runs bytes.Buffer
	encoder := json.NewEncoder(&runs)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode([]run{{base, ExtraOf(base)}, {next, ExtraOf(next)}}); err != nil {
		return fmt.Errorf("html comparison: %w", err)
	}
	return p.write(w, data{"comparison", found.String()}, data{"runs", runs.String()})
}
