package format

import (
	"math"
	"testing"
	"time"
)

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 1: "<0.001 ms", 499: "<0.001 ms", 500: "0.001 ms", 4_200: "0.004 ms", 9_949: "0.010 ms", 9_951: "0.01 ms",
		40_123: "0.04 ms", 994_999: "0.99 ms", 995_001: "1.00 ms", 1_234_567: "1.23 ms", 9_994_999: "9.99 ms", 9_995_001: "10.0 ms",
		21_300_000: "21.3 ms", 99_949_999: "99.9 ms", 99_950_001: "100 ms", 143_218_000: "143 ms", 999_499_999: "999 ms",
		999_500_001: "1.00 s", 1_204_000_000: "1.20 s", 12 * time.Second: "12.0 s", 2 * time.Minute: "120 s", time.Hour: "3,600 s",
		-21_300_000: "-21.3 ms", math.MaxInt64: "9,223,372,037 s", math.MinInt64: "-9,223,372,037 s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%d ns: %q, want %q", d, got, want)
		}
	}
}

func TestFormatSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 250 * time.Millisecond: "250 ms", 1500 * time.Millisecond: "1.5 s", 10 * time.Second: "10 s", time.Nanosecond: "0.000001 ms",
		90 * time.Second: "1 min 30 s", 10 * time.Minute: "10 min", 2 * time.Hour: "2 h", 25*time.Hour + time.Second: "25 h 1 s",
		-time.Second: "-1 s", math.MinInt64: "-2,562,047 h 47 min 16.854776 s",
	} {
		if got := Span(d); got != want {
			t.Errorf("%d ns: %q, want %q", d, got, want)
		}
	}
}

func TestFormatCount(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 5000: "5,000", 123456: "123,456", 1234567: "1,234,567", math.MaxUint64: "18,446,744,073,709,551,615"} {
		if got := Count(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestFormatRate(t *testing.T) {
	for rate, want := range map[float64]string{
		0: "0/s", 0.0166667: "0.0167/s", 0.5: "0.500/s", 0.99949: "0.999/s", 0.9996: "1.00/s", 7: "7.00/s", 9.996: "10.0/s", 498.83: "498.8/s", 999.94: "999.9/s", 999.96: "1,000/s",
		500: "500.0/s", 12345.6: "12,346/s", 1e7: "10,000,000/s", 1e-12: "0.000000000/s",
	} {
		if got := Rate(rate); got != want {
			t.Errorf("%v: %q, want %q", rate, got, want)
		}
	}
	for rate, want := range map[float64]string{500: "500/s", 0.5: "0.5/s", 1.5: "1.5/s", 1.0 / 60: "0.016667/s", 12000: "12,000/s"} {
		if got := AskedRate(rate); got != want {
			t.Errorf("%v asked: %q, want %q", rate, got, want)
		}
	}
}

func TestFormatShare(t *testing.T) {
	for percent, want := range map[float64]string{
		0: "0 %", 0.004: "<0.01 %", 0.24: "0.24 %", 0.996: "1.0 %", 5.04: "5.0 %", 12.3: "12 %", 98.6: "99 %", 99.4: "99.4 %", 99.95: ">99.9 %", 100: "100 %",
	} {
		if got := Share(percent); got != want {
			t.Errorf("%v: %q, want %q", percent, got, want)
		}
	}
}

func TestNumbersAreFinite(t *testing.T) {
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got := Significant(x, 6); got != 0 {
			t.Errorf("%v: %v", x, got)
		}
	}
	if Per(5, 0) != 0 || Per(5, -1) != 0 || Per(1, 3) != 0.3333333 {
		t.Error("per")
	}
}
