package draw

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxTokens is the most tokens that a prompt is made of, and that a
// distribution's parameters may name.
const maxTokens = 1_000_000

// Distribution says how numbers of tokens are spread. Its zero value is none.
type Distribution struct {
	Shape string // fixed, uniform, normal or lognormal
	A, B  float64
}

// shapes are the distributions with the names of their parameters.
var shapes = []struct {
	name       string
	parameters []string
}{
	{"fixed", []string{"tokens"}},
	{"uniform", []string{"lowest", "highest"}},
	{"normal", []string{"mean", "standard deviation"}},
	{"lognormal", []string{"median", "sigma"}},
}

const shapeHelp = "write it as 500, fixed(500), uniform(100,1000), normal(550,150) (mean, standard deviation) or " +
	"lognormal(400,0.6) (median, sigma)"

// UnmarshalText reads the words of ParseDistribution.
func (d *Distribution) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDistribution(string(text))
	return err
}

// ParseDistribution reads fixed(500), or 500 for short, uniform(100,1000)
// (both ends included), normal(550,150) (mean, standard deviation) or
// lognormal(400,0.6) (median, standard deviation of the logarithm).
func ParseDistribution(s string) (Distribution, error) {
	bad := func(why string) (Distribution, error) {
		return Distribution{}, fmt.Errorf("number of tokens %q: %s; %s", s, why, shapeHelp)
	}
	name, rest, found := strings.Cut(strings.ReplaceAll(s, " ", ""), "(")
	if !found {
		name, rest = "fixed", name+")"
	}
	list, closed := strings.CutSuffix(rest, ")")
	if !closed {
		return bad("no closing bracket")
	}
	for _, shape := range shapes {
		if shape.name != strings.ToLower(name) {
			continue
		}
		words := strings.Split(list, ",")
		if len(words) != len(shape.parameters) {
			return bad(fmt.Sprintf("%s takes %s", shape.name, strings.Join(shape.parameters, " and ")))
		}
		d := Distribution{Shape: shape.name}
		for i, place := range []*float64{&d.A, &d.B}[:len(words)] {
			x, err := strconv.ParseFloat(words[i], 64)
			if err != nil || math.IsNaN(x) {
				return bad(fmt.Sprintf("%q is no number", words[i]))
			}
			*place = x
		}
		if why := d.fault(); why != "" {
			return bad(why)
		}
		return d, nil
	}
	return bad("no such distribution")
}

// fault says what is wrong with the parameters.
func (d Distribution) fault() string {
	switch {
	case d.A < 1 || d.A > maxTokens:
		return "the first parameter must be from 1 to 1,000,000"
	case d.Shape == "uniform" && (d.B < d.A || d.B > maxTokens):
		return "the second parameter must be from the first one to 1,000,000"
	case d.Shape == "uniform" && (d.A != math.Trunc(d.A) || d.B != math.Trunc(d.B)):
		return "both ends must be whole numbers"
	case d.Shape == "normal" && (d.B < 0 || d.B > maxTokens):
		return "the standard deviation must be from 0 to 1,000,000"
	case d.Shape == "lognormal" && (d.B < 0 || d.B > 10):
		return "sigma must be from 0 to 10"
	}
	return ""
}

// Given reports whether there is a distribution at all.
func (d Distribution) Given() bool { return d.Shape != "" }

// Draw is the number of tokens that belongs to a uniform number strictly
// between 0 and 1: the distribution's quantile, rounded. What would be less
// than one token is one, and what would be more than a million is that.
func (d Distribution) Draw(u float64) int {
	x := d.A
	switch d.Shape {
	case "uniform":
		x = d.A + math.Floor(u*(d.B-d.A+1))
	case "normal":
		x = d.A + d.B*standardNormal(u)
	case "lognormal":
		x = d.A * math.Exp(d.B*standardNormal(u))
	}
	return int(min(max(math.Round(x), 1), maxTokens))
}

// standardNormal is the quantile of the normal distribution around 0.
func standardNormal(u float64) float64 { return math.Sqrt2 * math.Erfinv(2*u-1) }
