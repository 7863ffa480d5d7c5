package report

// Capacity is what a search for the highest load that keeps the rules has found.
// The report around it is that of the last step that held, or of the last one where
// none did. What is not known is null.
type Capacity struct {
	Sweep           string               `json:"sweep"`  // rate or concurrency
	Status          string               `json:"status"` // a capacity.Status
	Rules           []string             `json:"rules"`
	Headline        string               `json:"headline"` // the answer, one sentence
	Notes           []string             `json:"notes"`    // what else there is to know of it, one sentence each
	RatePerS        *float64             `json:"rate_per_s"`
	LowPerS         *float64             `json:"low_per_s"`  // from here
	HighPerS        *float64             `json:"high_per_s"` // to here lies the highest rate that holds
	Confidence      *float64             `json:"confidence"` // of that: a share of searches, at least; null of none
	Concurrency     *int                 `json:"concurrency"`
	LowConcurrency  *int                 `json:"low_concurrency"`
	HighConcurrency *int                 `json:"high_concurrency"`
	Precision       float64              `json:"precision"` // asked for: (high − low) / low
	StepS           float64              `json:"step_s"`
	ElapsedS        float64              `json:"elapsed_s"` // of the search
	Probe           *CapacityProbe       `json:"probe"`
	Steps           []CapacityStep       `json:"steps"` // in the order in which they were made
	Fit             *CapacityFit         `json:"fit"`   // null of a sweep over rates
	Provisioned     *CapacityProvisioned `json:"provisioned_concurrency"`
	For             *CapacityProvisioned `json:"for"` // the same for the rate that was named; null without one
}

// CapacityProbe are the requests that were sent one at a time before the steps.
type CapacityProbe struct {
	Succeeded uint64   `json:"succeeded"`
	Failed    uint64   `json:"failed"`
	P50       *float64 `json:"p50"` // response time, milliseconds
}

// CapacityStep is one step of a search: a load that was kept for a while. Figures
// are of its measured part, and as in a report.
type CapacityStep struct {
	RatePerS       *float64    `json:"rate_per_s"`  // asked; null of a concurrency
	Concurrency    *int        `json:"concurrency"` // null of a rate
	Outcome        string      `json:"outcome"`     // a capacity.Verdict
	Held           *bool       `json:"held"`        // null where that is not known
	Reason         string      `json:"reason"`      // why it is not held, or not known; else empty
	SettleS        float64     `json:"settle_s"`    // before the measured part, in no figure
	DurationS      float64     `json:"duration_s"`  // of the measured part
	EndedEarly     bool        `json:"ended_early"` // since it could not be held any more
	Requests       uint64      `json:"requests"`    // sent
	Succeeded      uint64      `json:"succeeded"`
	Failed         uint64      `json:"failed"`
	CompletedPerS  *float64    `json:"completed_per_s"` // successes within the measured time
	P50            *float64    `json:"p50"`             // response time, milliseconds
	P95            *float64    `json:"p95"`
	P99            *float64    `json:"p99"`
	Mean           *float64    `json:"mean"`
	SLO            []Judgement `json:"slo"`
	TTFTP99        *float64    `json:"ttft_p99"` // null of no streams, as are the next three
	TPOTP99        *float64    `json:"tpot_p99"`
	TokensPerS     *float64    `json:"output_tokens_per_s"`
	UserTokensPerS *float64    `json:"per_user_tokens_per_s"`
	GoodputPerS    *float64    `json:"goodput_per_s"`
	LimitedBy      *string     `json:"limited_by"` // as in a report's verdict
	Trust          *string     `json:"trust"`
}

// CapacityFit is throughput = min(N/latency, ceiling) through a table of
// concurrencies N, by the least squares of the relative residuals.
type CapacityFit struct {
	LatencyMS   float64   `json:"latency_ms"`
	CeilingPerS *float64  `json:"ceiling_per_s"` // null where the throughput still rose
	Knee        *float64  `json:"knee"`          // the concurrency at which both are equal
	Concurrency []int     `json:"concurrency"`
	PerS        []float64 `json:"per_s"`     // completed at each
	Residuals   []float64 `json:"residuals"` // (completed − fitted) / fitted
}

// CapacityProvisioned is what a rate needs of provisioned concurrency: rate × the
// time for which a request occupies a unit of it; or, where the endpoint's own is
// known, in proportion to the rate that it was found to bear.
type CapacityProvisioned struct {
	RatePerS     *float64 `json:"rate_per_s"`
	Used         *float64 `json:"used"`          // the endpoint's own during the search
	Needed       *float64 `json:"needed"`        // for the rate
	WorkloadSize *string  `json:"workload_size"` // that has it
	Headroom     *float64 `json:"headroom_percent"`
	ServiceMS    *float64 `json:"service_ms"`
	Basis        *string  `json:"basis"`  // model_time, saturation, service_time or measured
	Reason       *string  `json:"reason"` // why needed is null
}
