package report

import "brunt/attack"

// Distribution is a histogram that is opened only to be read: a report has two
// for each payload name, and there may be thousands of those. As JSON it is what
// a Histogram is.
type Distribution struct{ attack.Distribution }

// Count is the number of samples.
func (d Distribution) Count() uint64 { return uint64(d.Distribution.Count()) }

// Open gives the histogram.
func (d Distribution) Open() Histogram { return Histogram{d.Distribution.Histogram()} }

// summary sums the distribution up. It is opened in room, whose content is lost.
func (d Distribution) summary(room Histogram) Summary {
	if d.Count() == 0 {
		return Summary{}
	}
	room.Reset()
	d.AddTo(room.PackedHistogram)
	return room.Summary()
}

// MarshalJSON writes a Histogram's.
func (d Distribution) MarshalJSON() ([]byte, error) { return d.Open().MarshalJSON() }

// UnmarshalJSON reads a Histogram's.
func (d *Distribution) UnmarshalJSON(b []byte) error {
	var h Histogram
	if err := h.UnmarshalJSON(b); err != nil {
		return err
	}
	d.Distribution = attack.DistributionOf(h.PackedHistogram)
	return nil
}

// merged is a new distribution of both.
func (d Distribution) merged(other Distribution) Distribution {
	sum := Distribution{d.Frozen()}
	sum.Merge(other.Distribution)
	return sum
}
