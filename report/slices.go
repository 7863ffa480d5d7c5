package report

import (
	"fmt"

	"brunt/attack/result"
)

// Slices are a run cut into at most maxSlices stretches of time, with all that a reader
// needs to look at some of them by themselves: counts, distributions, payload names
// and kinds of failures. What is counted in all of them together is what the report
// counts.
type Slices struct {
	// Names are the payload names that are kept apart, cut to maxNameText characters.
	// NamesLeftOut is how many others there are, which are counted together; null where
	// their number is not known.
	Names        []string    `json:"names"`
	NamesLeftOut *int        `json:"names_left_out"`
	Kinds        []SliceKind `json:"kinds"`
	Bits         SliceBits   `json:"bits"`
	List         []Slice     `json:"list"`
}

// SliceKind is a kind of failures, by one cause; status and cause are as in Failure.
type SliceKind struct {
	Kind   string  `json:"kind"`
	Status *int    `json:"status"`
	Cause  *string `json:"cause"`
}

// SliceBits are how fine the buckets of each distribution are: a value keeps that many
// leading bits, so that a bucket is at most 2^(1−bits) of its value wide.
type SliceBits struct {
	Response int `json:"response"`
	Service  int `json:"service"`
	Lateness int `json:"lateness"`
	TTFT     int `json:"ttft"`
	TPOT     int `json:"tpot"`
	Names    int `json:"names"`
}

// Slice is one of them. Counts are as in Interval, whose neighbours it joins.
type Slice struct {
	TS           float64      `json:"t_s"`
	WidthS       float64      `json:"width_s"`
	WindowS      *float64     `json:"window_s"`
	AskedPerS    *float64     `json:"asked_per_s"`
	Planned      uint64       `json:"planned"`
	Sent         uint64       `json:"sent"`
	Succeeded    uint64       `json:"succeeded"`
	Failed       uint64       `json:"failed"`
	CutOff       uint64       `json:"cut_off"`
	Completed    uint64       `json:"completed"`
	CompletedOK  uint64       `json:"completed_ok"`
	InFlight     uint64       `json:"in_flight"`
	InFlightMax  uint64       `json:"in_flight_max"` // at the end of any of its intervals
	BytesIn      uint64       `json:"bytes_in"`
	BytesOut     uint64       `json:"bytes_out"`
	Chunks       uint64       `json:"chunks"`
	OutputTokens uint64       `json:"output_tokens"` // of the successes that ended in it
	MaxMS        *float64     `json:"max_ms"`        // the slowest of those
	Response     SliceBuckets `json:"response"`
	Service      SliceBuckets `json:"service"` // "=" in JSON where it is the same as response
	Lateness     SliceBuckets `json:"lateness"`
	TTFT         SliceBuckets `json:"ttft"`
	TPOT         SliceBuckets `json:"tpot"`
	Names        []SliceName  `json:"names"` // those with a request that ended in it
	Kinds        []KindCount  `json:"kinds"`
}

// SliceName are the requests of one name that ended in a slice. Its JSON is a list of
// these values in this order.
type SliceName struct {
	Index                           int // in Slices.Names; −1 for all that are left out
	Sent, Succeeded, Failed, CutOff uint64
	BytesIn, BytesOut, OutputTokens uint64
	Response                        SliceBuckets // empty for those left out
}

// KindCount is how many failures of a kind ended in a slice. Its JSON is a list of
// the two.
type KindCount struct {
	Index int // in Slices.Kinds
	Count uint64
}

// SliceBuckets are Buckets as they are written: unsigned varints, in JSON as base64
// without padding, lowest bucket first. 2·g is a bucket with one value, after g empty
// ones; 4·c + 3 one with c + 2 values and no empty one before it; 4·g + 1 one after g empty
// ones whose count follows.
type SliceBuckets struct {
	code  []byte
	total uint64
}

// Total is the number of values.
func (b SliceBuckets) Total() uint64 { return b.total }

// checkSlices holds the slices against the totals.
func (r *Report) checkSlices() error {
	if r.Slices == nil {
		return nil
	}
	var sum Slice
	named, kinds := uint64(0), uint64(0)
	for i := range r.Slices.List {
		s := &r.Slices.List[i]
		sum.Planned, sum.Sent = sum.Planned+s.Planned, sum.Sent+s.Sent
		sum.Succeeded, sum.Failed, sum.CutOff = sum.Succeeded+s.Succeeded, sum.Failed+s.Failed, sum.CutOff+s.CutOff
		if err := atMost("samples of a slice", s.Response.Total(), "its successes", s.Succeeded); err != nil {
			return err
		}
		for _, n := range s.Names {
			if n.Index < result.OtherNames || n.Index >= len(r.Slices.Names) {
				return fmt.Errorf("a slice counts name %d of %d", n.Index, len(r.Slices.Names))
			}
			named += n.Sent
		}
		for _, k := range s.Kinds {
			if k.Index < 0 || k.Index >= len(r.Slices.Kinds) {
				return fmt.Errorf("a slice counts kind %d of %d", k.Index, len(r.Slices.Kinds))
			}
			kinds += k.Count
		}
	}
	q := &r.Requests
	return first(
		equal("planned of all slices", sum.Planned, "planned", q.Planned),
		equal("sent of all slices", sum.Sent, "sent", q.Sent),
		equal("successes of all slices", sum.Succeeded, "succeeded", q.Succeeded),
		equal("failures of all slices", sum.Failed, "failed", q.Failed),
		atMost("failures by kind of all slices", kinds, "failed", q.Failed),
		equal("cut off of all slices", sum.CutOff, "cut_off", q.CutOff),
		atMost("requests by name of all slices", named, "succeeded + failed + cut_off", q.Succeeded+q.Failed+q.CutOff),
	)
}
