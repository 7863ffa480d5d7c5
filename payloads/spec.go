package payloads

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxWeight is the largest weight of a file, and maxRotation the longest
// cycle in which all files have had their share.
const (
	maxWeight   = 10_000
	maxRotation = 100_000
)

// stdinPath is the file name that means standard input.
const stdinPath = "-"

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
			return fmt.Errorf("%s: weight %d is not a whole number from 1 to 10,000", displayName(s.Path), s.Weight)
		}
		if s.Path == stdinPath {
			stdins++
		}
	}
	if stdins > 1 {
		return fmt.Errorf("standard input named %d times; it can be read only once", stdins)
	}
	if n := cycleLength(specs); n > maxRotation {
		return fmt.Errorf("payload weights repeat only after %d requests; choose weights that share a factor, so that it is 100,000 at most", n)
	}
	return nil
}

// withDefaults fills in what was left empty and refuses unknown words.
func (o Options) withDefaults() (Options, error) {
	if o.Format == "" {
		o.Format = BodyFormat
	}
	if o.Order == "" {
		o.Order = Sequential
	}
	if o.Stdin == nil {
		o.Stdin = os.Stdin
	}
	formats := []Format{AutoFormat, BodyFormat, RequestFormat, InferenceFormat}
	if !slices.Contains(formats, o.Format) {
		return o, fmt.Errorf("payload format %q: expected auto, body, request or inference", o.Format)
	}
	if o.Order != Sequential && o.Order != Shuffle && o.Order != Random && o.Order != Recorded {
		return o, fmt.Errorf("payload order %q: expected %s, %s or %s", o.Order, Sequential, Shuffle, Random)
	}
	return o, nil
}

// displayName is a path as messages show it: always on one line.
func displayName(path string) string {
	if path == stdinPath {
		return "standard input"
	}
	unprintable := func(r rune) bool { return !strconv.IsPrint(r) }
	if !utf8.ValidString(path) || strings.ContainsFunc(path, unprintable) {
		return strconv.Quote(path)
	}
	return path
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
