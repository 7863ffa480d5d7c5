package jsonscan

import "testing"

func TestDecimal(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1e6, "-1.5": -15e5, "0.1234567": 123456, "-0.9999999": -999999, "1700158623979.960201": 1700158623979960201,
		"1e3": 1e9, "2.5E-1": 250000, "9223372036854.775807": 9223372036854775807,
	} {
		if got, ok := Decimal([]byte(text), 6); !ok || got != want {
			t.Errorf("%s: %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "x", "1 ", "01", "+1", ".5", "1.", "1e300", "9223372036854.775808", "NaN", "\"1\""} {
		if got, ok := Decimal([]byte(text), 6); ok {
			t.Errorf("%q: %d", text, got)
		}
	}
}
