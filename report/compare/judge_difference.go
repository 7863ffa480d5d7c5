package compare

import (
	"fmt"
	"math"

	"brunt/report/format"
)

// estimate is what a method knows of one figure: the difference, of logarithms where
// the figure is relative, and an interval. deviation is its standard error and reach
// how many of them the interval takes; of ranks there are only the ends.
type estimate struct {
	difference, low, high float64
	deviation, reach      float64
	ranked                bool
}

// detectable is the least difference that would be found four times in five: the
// interval's half and so much more that its near end clears zero that often.
func (e *estimate) detectable() float64 {
	if e.ranked {
		return (e.high - e.low) / 2 * (normal95 + power) / normal95
	}
	return e.deviation * (e.reach + power)
}

// judge fills in what the estimate says of the figure.
func (c *Comparison) judge(f *row, e estimate) {
	out := c.figure(f.name)
	if !finite(e.difference) {
		out.Reason = "it cannot be computed of every stretch"
		return
	}
	verdict := Same
	switch {
	case e.low > 0:
		verdict = Slower
	case e.high < 0:
		verdict = Faster
	}
	if f.moreIsBetter && verdict != Same {
		verdict = map[string]string{Slower: Faster, Faster: Slower}[verdict]
	}
	out.Verdict = &verdict
	least := e.detectable()
	if !f.relative() {
		out.Low, out.High, out.SmallestDetectable = number(e.low, 1), number(e.high, 1), number(least, 1)
		c.Worse = c.Worse || f.decides && verdict == Slower && e.low > c.Tolerance**out.Base
		return
	}
	if e.ranked { // the runs' shift, not that of their requests together
		out.Relative.Difference = round(math.Expm1(e.difference))
		out.Difference = new(round(*out.Base * math.Expm1(e.difference)))
	}
	low, high, size := math.Expm1(e.low), math.Expm1(e.high), math.Expm1(least)
	out.Relative.Low, out.Relative.High, out.Relative.SmallestDetectable = number(
		low,
		1,
	), number(
		high,
		1,
	), number(
		size,
		1,
	)
	out.Low, out.High, out.SmallestDetectable = number(low, *out.Base), number(high, *out.Base), number(size, *out.Base)
	c.Worse = c.Worse || f.decides && verdict == Slower && low > c.Tolerance
}

// number is x in units of scale; null where it is not known.
func number(x, scale float64) *float64 {
	if !finite(x) || x == -1 { // the logarithm of nothing
		return nil
	}
	return new(round(x * scale))
}

func (c *Comparison) figure(name string) *Figure {
	for i := range c.Figures {
		if c.Figures[i].Name == name {
			return &c.Figures[i]
		}
	}
	return nil
}

// conclude judges the whole: worse in any figure that decides is worse.
func (c *Comparison) conclude() {
	worst, best := c.most(Slower), c.most(Faster)
	switch {
	case worst != nil:
		c.Verdict = Slower
		word := "slower"
		if worst.Relative == nil {
			word = "fails more"
		}
		c.Headline = word + ": " + worst.words()
		if best != nil {
			c.Headline += "; but better in " + best.words()
		}
		if c.Tolerance > 0 && !c.Worse {
			c.Headline += fmt.Sprintf("; not shown to be more than the tolerance of %s", percent(c.Tolerance))
		}
	case best != nil:
		c.Verdict = Faster
		word := "faster"
		if best.Relative == nil {
			word = "fails less"
		}
		c.Headline = word + ": " + best.words()
	default:
		c.Verdict = Same
		c.Headline = "no difference seen" + c.couldShow()
	}
}

// most is the figure that decides with that verdict and the largest difference for
// its interval; nil without any. Times come before failures.
func (c *Comparison) most(verdict string) (most *Figure) {
	for i := range c.Figures {
		f := &c.Figures[i]
		if !f.Decides || f.Verdict == nil || *f.Verdict != verdict {
			continue
		}
		if most == nil || f.clarity() > most.clarity() {
			most = f
		}
	}
	return most
}

// clarity is how many of its detectable differences a figure shows.
func (f *Figure) clarity() float64 {
	if f.SmallestDetectable == nil || *f.SmallestDetectable == 0 {
		return 0
	}
	return math.Abs(*f.Difference / *f.SmallestDetectable)
}

// words put a figure's difference: p99 61.0 → 82.0 ms (+34 %, 95 % interval +21 to
// +49 %).
func (f *Figure) words() string {
	if f.Relative == nil {
		return fmt.Sprintf("%s %s → %s (%s points, 95 %% interval %s to %s)", f.Name,
			format.Share(*f.Base), format.Share(*f.New), signed(*f.Difference), signed(*f.Low), signed(*f.High))
	}
	return fmt.Sprintf("%s %s → %s (%s, 95 %% interval %s to %s)", f.Name, f.Value(f.Base), f.Value(f.New),
		change(f.Relative.Difference), change(*f.Relative.Low), change(*f.Relative.High))
}

// Value puts one of the figure's values into words.
func (f *Figure) Value(x *float64) string {
	switch {
	case x == nil:
		return format.None
	case f.Unit == "percent":
		return format.Share(*x)
	case f.Unit == "per_s":
		return format.Rate(*x)
	}
	return format.MS(*x)
}

// couldShow is what else the runs would have shown.
func (c *Comparison) couldShow() string {
	var parts []string
	for _, name := range []string{"p50", "p99", "failed"} {
		f := c.figure(name)
		switch {
		case f == nil || f.SmallestDetectable == nil:
		case f.Relative == nil:
			parts = append(parts, fmt.Sprintf("%.2g points in failures", *f.SmallestDetectable))
		default:
			parts = append(parts, fmt.Sprintf("%s in %s", percent(*f.Relative.SmallestDetectable), name))
		}
	}
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return "; these runs would have shown one of " + parts[0] + " or more"
	}
	text := parts[0]
	for _, p := range parts[1 : len(parts)-1] {
		text += ", " + p
	}
	return "; these runs would have shown one of " + text + " or " + parts[len(parts)-1] + ", or more"
}

// change writes a share as a change: +34 %, −2.1 %.
func change(share float64) string { return signed(100*share) + " %" }

// signed writes a number with its sign and two significant digits below 10.
func signed(x float64) string {
	digits := 0
	switch size := math.Abs(x); {
	case size < 0.0005:
		return "0"
	case size < 0.0995:
		digits = 3
	case size < 0.995:
		digits = 2
	case size < 9.95:
		digits = 1
	}
	text := fmt.Sprintf("%+.*f", digits, x)
	if text[0] == '-' {
		text = "−" + text[1:]
	}
	return text
}

// percent writes a share with two significant digits.
func percent(share float64) string {
	if share < 0.0995 {
		return fmt.Sprintf("%.2g %%", 100*share)
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// Change is the figure's difference in words: +34 %, or points of a share.
func (f *Figure) Change() string {
	switch {
	case f.Difference == nil:
		return format.None
	case f.Relative == nil:
		return signed(*f.Difference) + " pt"
	}
	return change(f.Relative.Difference)
}

// Interval is that of the change in words; a dash where it is not known.
func (f *Figure) Interval() string {
	switch {
	case f.Low == nil || f.High == nil:
		return format.None
	case f.Relative == nil:
		return signed(*f.Low) + " to " + signed(*f.High) + " pt"
	}
	return signed(100**f.Relative.Low) + " to " + change(*f.Relative.High)
}

// Detectable is the least difference that the runs would have shown, in words.
func (f *Figure) Detectable() string {
	switch {
	case f.SmallestDetectable == nil:
		return format.None
	case f.Relative == nil:
		return fmt.Sprintf("%.2g pt", *f.SmallestDetectable)
	}
	return percent(*f.Relative.SmallestDetectable)
}
