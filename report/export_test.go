package report

// What the tests of this package, which use reporttest and so stand outside of
// it, need of its inside.
const (
	One           = one
	ByModelTime   = byModelTime
	BySaturation  = bySaturation
	ByServiceTime = byServiceTime
)

var (
	Agree          = agree
	HistogramOf    = histogramOf
	Optional       = optional
	OverRun        = overRun
	Plain          = plain
	ProvisionWords = provisionWords
	WhereWords     = whereWords
)

func (r *Report) Provision() { r.provision() }

func (t *Throughput) Summarise(r *Report) { t.summarise(r) }

// JudgeStationarity is called where a report is made.
func (r *Report) JudgeStationarity() { r.judgeStationarity() }
