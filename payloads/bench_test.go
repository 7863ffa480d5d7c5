package payloads

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkAt is what a body costs each request: nothing may be allocated.
func BenchmarkAt(b *testing.B) {
	lines := strings.Repeat("{\"inputs\":[1,2,3]}\n", 10_000)
	weighted := strings.Repeat("{\"body\":1,\"weight\":2}\n{\"body\":2}\n", 5_000)
	one := []Spec{{write(b, "a.jsonl", lines), 1}}
	two := append([]Spec{{write(b, "b.jsonl", lines), 3}}, one...)
	requests := []Spec{{write(b, "r.jsonl", weighted), 1}}
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

// BenchmarkValid is the share of the grammar in the time that Open takes.
func BenchmarkValid(b *testing.B) {
	for _, line := range []string{
		`{"messages":[{"role":"user","content":"` + strings.Repeat("the quick brown fox ", 45) + `"}],"max_tokens":100}`,
		`{"inputs":[` + strings.Repeat("0.4213,-1.25,3,", 60) + `0]}`,
		`{"user":"` + strings.Repeat("żółć jaźń ", 60) + `"}`,
	} {
		b.Run(fmt.Sprintf("%.12s", strings.Trim(line, `{"`)), func(b *testing.B) {
			data := []byte(line)
			b.SetBytes(int64(len(data)))
			for range b.N {
				if !validJSON(data) {
					b.Fatal("not valid")
				}
			}
		})
	}
}
