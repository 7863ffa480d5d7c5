package payloads

import (
	"strings"
	"testing"

	"brunt/payloads/filetest"
)

// BenchmarkAt is what a body costs each request: nothing may be allocated.
func BenchmarkAt(b *testing.B) {
	lines := strings.Repeat("{\"inputs\":[1,2,3]}\n", 10_000)
	weighted := strings.Repeat("{\"body\":1,\"weight\":2}\n{\"body\":2}\n", 5_000)
	one := []Spec{{filetest.Write(b, "a.jsonl", lines), 1}}
	two := append([]Spec{{filetest.Write(b, "b.jsonl", lines), 3}}, one...)
	requests := []Spec{{filetest.Write(b, "r.jsonl", weighted), 1}}
	for _, c := range []struct {
		name  string
		specs []Spec
		o     Options
	}{
		{"one", one, Options{}},
		{"two", two, Options{}},
		{"weighted-lines", requests, Options{Format: RequestFormat}},
		{"shuffle", one, Options{Order: Shuffle}},
		{"random", one, Options{Order: Random}},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := mustOpen(b, c.o, c.specs...)
			b.ReportAllocs()
			var total int
			for i := range b.N {
				total += len(s.At(uint64(i)).Body)
			}
			if total == 0 {
				b.Fatal("no bodies")
			}
		})
	}
	b.Run("single", func(b *testing.B) {
		s := Single("example", []byte("{}"))
		for i := range b.N {
			_ = s.At(uint64(i))
		}
	})
}
