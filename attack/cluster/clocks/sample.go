package clocks

import "time"

// Sample is one round trip. Only the wall times of its readings count, which each
// machine takes from one clock of its own: best from one that nobody sets, as that of
// package attack/clock.
type Sample struct {
	Sent     time.Time // when this machine sent the question, by its own clock
	Received time.Time // when the other machine had it, by the other clock
	Answered time.Time // when the other machine sent the answer, by the other clock
	Back     time.Time // when this machine had the answer, by its own clock
}

const (
	// drift is how fast two clocks may part: each by 100 millionths, which is the
	// worst that is sold in a machine.
	drift = 200e-6
	// grain is to what clocks are read.
	grain = time.Microsecond
	// farthest is how far two clocks may be apart: one that was never set says 1970.
	farthest = 100 * 365 * 24 * time.Hour
)

// trip is a sample as it is reckoned with.
type trip struct {
	sent, back time.Time     // by this machine's clock, wall times only
	offset     time.Duration // of the other clock: more is ahead
	delay      time.Duration // of both ways; below zero where the clocks' drift makes it so
}

// reckon is the trip that a sample tells of; false where no two clocks could have
// given its readings.
func reckon(s Sample) (trip, bool) {
	sent, back := s.Sent.Round(0), s.Back.Round(0)
	most, least := s.Received.Round(0).Sub(sent), s.Answered.Round(0).Sub(back)
	took, held := back.Sub(sent), s.Answered.Round(0).Sub(s.Received.Round(0))
	if took < 0 || held < 0 || most.Abs() > farthest || least.Abs() > farthest {
		return trip{}, false
	}
	t := trip{sent: sent, back: back, offset: (most + least) / 2, delay: most - least}
	return t, t.uncertainty(back) >= 0
}

// uncertainty is by how much the trip's offset can be wrong at an instant of this
// machine's clock, whichever way was the slow one.
func (t trip) uncertainty(at time.Time) time.Duration {
	away := max(at.Sub(t.sent).Abs(), at.Sub(t.back).Abs())
	return t.delay/2 + time.Duration(drift*float64(away)) + grain
}

// agrees is true where one offset can be that of both trips at an instant.
func (t trip) agrees(other trip, at time.Time) bool {
	return (t.offset - other.offset).Abs() <= t.uncertainty(at)+other.uncertainty(at)
}
