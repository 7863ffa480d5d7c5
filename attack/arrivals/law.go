package arrivals

import (
	"fmt"
	"strconv"
	"strings"
)

// Law says how the gaps between requests are spread around their mean. Its zero
// value is Constant.
type Law struct {
	// Shape is that of the gaps' gamma distribution, whose coefficient of variation
	// is 1/√Shape; 0 stands for gaps that are all the same.
	Shape float64
}

// Laws that have a name.
var (
	Constant = Law{}
	Poisson  = Law{Shape: 1} // exponential gaps
)

// Bounds of the shape: gaps that vary so little are constant, and with ones that
// vary more nearly all requests come at once.
const (
	MinShape = 0.05
	MaxShape = 1000
)

// Random reports whether gaps vary.
func (l Law) Random() bool { return l.Shape > 0 }

// String is the law as ParseLaw reads it.
func (l Law) String() string {
	switch l {
	case Constant:
		return "constant"
	case Poisson:
		return "poisson"
	}
	return "gamma(" + strconv.FormatFloat(l.Shape, 'g', -1, 64) + ")"
}

// ParseLaw reads constant, poisson or gamma(S), in which S is the shape: 1 is
// Poisson, less is burstier.
func ParseLaw(s string) (Law, error) {
	word := strings.ToLower(strings.TrimSpace(s))
	switch word {
	case "constant":
		return Constant, nil
	case "poisson":
		return Poisson, nil
	}
	shape, gamma := strings.CutPrefix(word, "gamma")
	inner, opened := strings.CutPrefix(strings.TrimSpace(shape), "(")
	inner, closed := strings.CutSuffix(inner, ")")
	if !gamma || !opened || !closed {
		return Law{}, fmt.Errorf("%q: neither constant nor poisson nor gamma(S), such as gamma(0.5)", s)
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(inner), 64)
	if err != nil || !(value >= MinShape && value <= MaxShape) {
		return Law{}, fmt.Errorf(
			"%q: the shape must be a number from %v to %v (1 is Poisson, less is burstier)",
			s,
			MinShape,
			MaxShape,
		)
	}
	return Law{Shape: value}, nil
}

// UnmarshalText reads the words of ParseLaw.
func (l *Law) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLaw(string(text))
	return err
}

// MarshalText writes them.
func (l Law) MarshalText() ([]byte, error) { return []byte(l.String()), nil }
