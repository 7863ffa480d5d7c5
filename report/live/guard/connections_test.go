package guard

import "testing"

// The page's share of files is small, and room for twenty viewers wherever a
// process may open a few hundred.
func TestShareOfFiles(t *testing.T) {
	for limit, most := range map[uint64]int{0: 162, 1 << 20: 162, 1024: 130, 256: 34, 64: 14, 1: 14} {
		s := shareOf(limit)
		if FilesFor(limit) > most || s.anonymous < 2 || limit >= 256 && s.authenticated < 20 {
			t.Errorf("of %d files: %+v", limit, s)
		}
	}
}
