package plan

import (
	"fmt"
	"strconv"
	"strings"
)

// StatusSet is a set of HTTP statuses.
type StatusSet [1000]bool

// UnmarshalText reads the words of ParseStatusSet.
func (s *StatusSet) UnmarshalText(text []byte) (err error) {
	*s, err = ParseStatusSet(string(text))
	return err
}

// MarshalText writes the words of ParseStatusSet.
func (s StatusSet) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String is the set in the words of ParseStatusSet: 200-299,304.
func (s *StatusSet) String() string {
	var parts []string
	for from := 0; from < len(s); from++ {
		if !s[from] {
			continue
		}
		to := from
		for to+1 < len(s) && s[to+1] {
			to++
		}
		if part := strconv.Itoa(from); to > from {
			parts = append(parts, part+"-"+strconv.Itoa(to))
		} else {
			parts = append(parts, part)
		}
		from = to
	}
	return strings.Join(parts, ",")
}

// DefaultSuccess is 200 to 299.
func DefaultSuccess() StatusSet {
	set, _ := ParseStatusSet("200-299")
	return set
}

// ParseStatusSet reads "200-299" or "200,201,300-399".
func ParseStatusSet(s string) (StatusSet, error) {
	var set StatusSet
	for part := range strings.SplitSeq(s, ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			to = from
		}
		a, errA := strconv.Atoi(from)
		b, errB := strconv.Atoi(to)
		if errA != nil || errB != nil || a < 100 || b > 999 || a > b {
			return set, fmt.Errorf("status set %q: %q is no status or range; write it as 200-299 or 200,304", s, part)
		}
		for code := a; code <= b; code++ {
			set[code] = true
		}
	}
	return set, nil
}
