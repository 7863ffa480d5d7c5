package inference

import (
	"testing"
	"time"
)

func TestRowTime(t *testing.T) {
	at := time.Date(2025, 1, 2, 3, 4, 5, 678e6, time.UTC).UnixNano()
	for _, s := range []string{
		"1735787045678", "1735787045678.0", "1.735787045678E12", "1735787045678000", "1735787045678000000",
		"2025-01-02T03:04:05.678Z", "2025-01-02 03:04:05.678", "2025-01-02T04:04:05.678+01:00",
		"2025-01-02T03:04:05.678000+0000", " 2025-01-02T03:04:05.678",
		"2025-01-02 03:04:05.678 UTC", "2025-01-02 03:04:05.678+00", "2025-01-02 08:34:05.678 +05:30",
		"2025-01-02 03:04:05.678 +0000 ",
	} {
		for _, column := range [][2]string{{s, "7"}, {"null", s}, {" ", s}} {
			if got := requestTime([]byte(column[0]), []byte(column[1])); got-at > 300 ||
				at-got > 300 { // what a float of seconds can tell
				t.Errorf("%q: %d, not %d", column, got, at)
			}
		}
	}
	if got := requestTime(nil, []byte("1735787045.678")); got-at > 300 || at-got > 300 {
		t.Error(got)
	}
	// Such as count from the record's start.
	for text, want := range map[string]int64{"1500": 15e8, "99999999999": 99999999999e6, "0": 0} {
		if got := requestTime([]byte(text), nil); got != want {
			t.Errorf("%s: %d", text, got)
		}
	}
	if got := requestTime(nil, []byte("1.5")); got != 15e8 {
		t.Error(got)
	}
	for _, s := range []string{"-5", "x", "NaN", "Inf", "99999999999999999999", "99999999999999", "2025-01-02",
		"9999-01-01T00:00:00Z", "2025-01-02 03:04:05 CET", "03:04:05", "true", "{}"} {
		if got := requestTime([]byte(s), []byte("7")); got != BadTime {
			t.Errorf("%q: %d", s, got)
		}
	}
	if got := requestTime(nil, []byte("null")); got != NoTime {
		t.Error(got)
	}
}
