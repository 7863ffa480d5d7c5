package arrivals

import (
	"testing"
)

func FuzzParseArrivals(f *testing.F) {
	for _, s := range []string{"constant", "poisson", "gamma(0.5)", "gamma()", "gamma(1e300)", "GAMMA( 2 )"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		law, err := ParseLaw(s)
		if err != nil {
			return
		}
		if again, err := ParseLaw(law.String()); err != nil || again != law {
			t.Errorf("%q is %v, which is read as %v, %v", s, law, again, err)
		}
	})
}
