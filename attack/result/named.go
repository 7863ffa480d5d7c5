package result

import (
	"time"

	"brunt/attack/histogram"
	"brunt/attack/plan"
)

// OtherModels stands for the served models beyond those that are kept apart.
const OtherModels = "other"

// MaxModels is how many served models are kept apart.
const MaxModels = 16

// MaxSlowest is how many of the slowest replies are kept.
const MaxSlowest = 20

// StageFigures are those of the requests planned within one stage, whenever they
// were answered.
type StageFigures struct {
	plan.Stage
	From    time.Duration // of the stage, since the measured start
	Planned uint64        // so far
	Unknown uint64        // of them, those of lost workers of which it is not known what became of them
	Named                 // without a name; Planned less Unknown and its Sent were not sent, or not yet
}

// Named are the figures of the requests of one payload name.
type Named struct {
	Name              string
	Sent              uint64
	Succeeded, Failed uint64
	CutOff            uint64
	BytesIn, BytesOut uint64
	Tokens            uint64                 // output tokens of successes
	Response, Service histogram.Distribution // of successes
}

// Frozen is n as it is now.
func (n *Named) Frozen() Named {
	now := *n
	now.Response, now.Service = n.Response.Frozen(), n.Service.Frozen()
	return now
}

// AddCounts adds the counts of n's share of another run; the distributions stay.
func (n *Named) AddCounts(o *Named) {
	n.Sent += o.Sent
	n.Succeeded += o.Succeeded
	n.Failed += o.Failed
	n.CutOff += o.CutOff
	n.BytesIn += o.BytesIn
	n.BytesOut += o.BytesOut
	n.Tokens += o.Tokens
}

// Slow is one of the slowest complete replies.
type Slow struct {
	At                time.Duration // planned instant since the measured start
	Response, Service time.Duration
	Status            int
	Payload           string // file:line
	RequestID         string
}

// Served are the successes of one of the models behind an endpoint, as its
// replies name it.
type Served struct {
	Name              string
	Count             uint64
	Response, Service histogram.Distribution
}
