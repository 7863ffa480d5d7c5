package payloads

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mustOpen opens sound files and closes them with the test.
func mustOpen(t testing.TB, o Options, specs ...Spec) *Set {
	t.Helper()
	s, err := Open(specs, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// sent returns the first n bodies as strings.
func sent(s *Set, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = string(s.At(uint64(i)).Body)
	}
	return out
}

// withChunkSize makes chunks so small that every border case is met.
func withChunkSize(t testing.TB, n int) {
	old := chunkSize
	chunkSize = n
	t.Cleanup(func() { chunkSize = old })
}
