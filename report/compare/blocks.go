package compare

import "math"

// autocovariance is R(lag) of a series, by n at each lag, about its mean.
func autocovariance(x []float64, lag int) float64 {
	n := len(x)
	m := average(x)
	sum := 0.0
	for i := 0; i+lag < n; i++ {
		sum += (x[i] - m) * (x[i+lag] - m)
	}
	return sum / float64(n)
}

func average(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// blockLength is the mean length of the stationary bootstrap's blocks that makes the
// error of its variance least, in elements of the series: Politis and White (2004)
// with the correction of 2009. It is from 1 to a quarter of the series.
func blockLength(x []float64) float64 {
	n := len(x)
	longest := math.Max(1, float64(n)/4)
	r0 := autocovariance(x, 0)
	if n < 8 || !(r0 > 0) {
		return 1
	}
	last := significantLag(x, r0)
	if last == 0 {
		return 1
	}
	window := min(2*last, n-1)
	g, spectrum := 0.0, r0
	for k := 1; k <= window; k++ {
		w := flatTop(float64(k) / float64(window))
		r := autocovariance(x, k)
		g += 2 * w * float64(k) * r
		spectrum += 2 * w * r
	}
	if !(spectrum > 0) {
		return 1
	}
	length := math.Cbrt(2*g*g/(2*spectrum*spectrum)) * math.Cbrt(float64(n))
	return math.Min(math.Max(length, 1), longest)
}

// significantLag is the last lag after which so many autocorrelations in a row are
// within the band of white noise, by the rule of Politis and White.
func significantLag(x []float64, r0 float64) int {
	n := float64(len(x))
	run := max(5, int(math.Ceil(math.Sqrt(math.Log10(n)))))
	most := min(int(math.Ceil(math.Sqrt(n)))+run, len(x)-1)
	band := 2 * math.Sqrt(math.Log10(n)/n)
	quiet, last := 0, 0
	for k := 1; k <= most; k++ {
		if math.Abs(autocovariance(x, k)/r0) < band {
			if quiet++; quiet == run {
				return k - run
			}
			continue
		}
		quiet, last = 0, k
	}
	return last
}

// flatTop is the trapezoidal lag window of Politis and Romano.
func flatTop(t float64) float64 {
	switch {
	case t <= 0.5:
		return 1
	case t <= 1:
		return 2 * (1 - t)
	}
	return 0
}
