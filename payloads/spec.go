package payloads

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"brunt/payloads/file"
)

// maxWeight is the largest weight of a file, and maxRotation the longest
// cycle in which all files have had their share.
const (
	maxWeight   = 10_000
	maxRotation = 100_000
)

// Spec names one payload file and its share of the requests.
type Spec struct {
	Path   string // "-" means standard input
	Weight int    // 1 to 10,000
}

// ParseSpec reads FILE or FILE:WEIGHT. Only an all-digit ending is a weight,
// so that C:\bodies.jsonl is a file; and a file that really has the whole
// word as its name is taken as that.
func ParseSpec(s string) (Spec, error) {
	if s == "" {
		return Spec{}, fmt.Errorf("payload file %q: no name; give FILE or FILE:WEIGHT", s)
	}
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 || !allDigits(s[colon+1:]) || exists(s) {
		return Spec{Path: s, Weight: 1}, nil
	}
	if colon == 0 {
		return Spec{}, fmt.Errorf("payload file %q: no name before the weight; give FILE:WEIGHT", s)
	}
	w, err := strconv.Atoi(s[colon+1:])
	if err != nil || w < 1 || w > maxWeight {
		return Spec{}, fmt.Errorf("payload file %q: weight %s is not a whole number from 1 to 10,000", s, s[colon+1:])
	}
	return Spec{Path: s[:colon], Weight: w}, nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return s != ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// checkSpecs tells what is wrong with the arguments as a whole, before any
// file is looked at.
func checkSpecs(specs []Spec) error {
	if len(specs) == 0 {
		return fmt.Errorf("no payload file; name one, or - for standard input")
	}
	stdins := 0
	for _, s := range specs {
		if s.Weight < 1 || s.Weight > maxWeight {
			return fmt.Errorf("%s: weight %d is not a whole number from 1 to 10,000", file.Display(s.Path), s.Weight)
		}
		if s.Path == file.Stdin {
			stdins++
		}
	}
	if stdins > 1 {
		return fmt.Errorf("standard input named %d times; it can be read only once", stdins)
	}
	if n := cycleLength(specs); n > maxRotation {
		return fmt.Errorf("payload weights repeat only after %d requests; choose weights that share a factor, so "+
			"that it is 100,000 at most", n)
	}
	return nil
}

// ParseSpecs reads several -p arguments; the first that is wrong is the error.
func ParseSpecs(words []string) (specs []Spec, err error) {
	for _, word := range words {
		spec, err := ParseSpec(word)
		if err != nil {
			return nil, err
		}
		specs = append(specs, spec)
	}
	return specs, nil
}
