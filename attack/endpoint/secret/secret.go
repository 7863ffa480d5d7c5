// Package secret takes known secrets out of texts of others, which may repeat
// what they were sent: whole or in part, broken over lines, or encoded.
package secret

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
)

const (
	// run is how many letters and digits in a row a text and a secret must have in
	// common to be taken for the secret, or a part of it.
	run = 10
	// shortest is the length of words that are looked for at all: shorter ones
	// would hide half of every text.
	shortest = 4
	// long words are not looked for in the spellings that make them many times
	// longer, and only every fourth of their runs is known: a piece of them is
	// found that is 13 long.
	long     = 256
	longStep = 4
	// latest is how many words are kept of those that others replace in time.
	latest = 8
)

// hidden stands where a secret stood.
const hidden = "***"

// Set are secrets. The zero value is none. Its methods may be called from any
// goroutine.
type Set struct {
	mu     sync.Mutex
	fixed  []string
	passed []string // at most the latest
	runs   map[uint64]struct{}
	stale  bool // runs is not of all words
}

// Keep adds a secret.
func (s *Set) Keep(word string) { s.add(&s.fixed, word, 0) }

// Pass adds a secret that is valid for a while only: few such are remembered.
func (s *Set) Pass(word string) { s.add(&s.passed, word, latest) }

func (s *Set) add(list *[]string, word string, most int) {
	if len(word) < shortest {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, known := range *list {
		if known == word {
			return
		}
	}
	if *list = append(*list, word); most > 0 && len(*list) > most {
		*list = append((*list)[:0], (*list)[1:]...)
	}
	s.stale = true
}

// In reports whether a text holds a secret.
func (s *Set) In(text string) bool { return s.Hide(text) != text }

// Hide replaces the secrets in a text.
func (s *Set) Hide(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.fixed)+len(s.passed) == 0 || len(text) < shortest {
		return text
	}
	if s.stale {
		s.learn()
	}
	for _, list := range [][]string{s.fixed, s.passed} {
		for _, word := range list {
			text = strings.ReplaceAll(text, word, hidden)
		}
	}
	return s.blank(text)
}

// learn notes the runs of every spelling.
func (s *Set) learn() {
	s.runs, s.stale = make(map[uint64]struct{}, len(s.runs)), false
	for _, list := range [][]string{s.fixed, s.passed} {
		for _, word := range list {
			step := 1
			if len(word) > long {
				step = longStep
			}
			for _, spelling := range spellings(word) {
				bare := strip(spelling)
				for i := 0; i+run <= len(bare); i += step {
					s.runs[hash(bare[i:i+run])] = struct{}{}
				}
			}
		}
	}
}

// blank replaces what stands in a text from the first to the last character of
// runs that follow each other.
func (s *Set) blank(text string) string {
	bare := strip(text)
	var at []int // none where nothing is found
	var b strings.Builder
	written, end := 0, -1 // end: of the stretch that began last, in bare
	for i := 0; i+run <= len(bare); i++ {
		if _, ok := s.runs[hash(bare[i:i+run])]; !ok {
			continue
		}
		if at == nil {
			at = places(text)
		}
		if i >= end {
			if end >= 0 {
				written = at[end-1] + 1
			}
			b.WriteString(text[written:at[i]])
			b.WriteString(hidden)
		}
		end = i + run
	}
	if end < 0 {
		return text
	}
	b.WriteString(text[at[end-1]+1:])
	return b.String()
}

// strip leaves only letters and digits, in lower case: line ends, spaces and the
// signs of escapes say nothing.
func strip(text string) []byte {
	bare := make([]byte, 0, len(text))
	for i := range len(text) {
		if c := plain(text[i]); c != 0 {
			bare = append(bare, c)
		}
	}
	return bare
}

// places are where the letters and digits that strip leaves stood.
func places(text string) []int {
	at := make([]int, 0, len(text))
	for i := range len(text) {
		if plain(text[i]) != 0 {
			at = append(at, i)
		}
	}
	return at
}

// plain is a letter in lower case, or a digit; 0 for anything else.
func plain(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return c | 0x20
	case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		return c
	}
	return 0
}

// hash is FNV-1a.
func hash(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// spellings are how a word may be written: as it is, in base64 wherever it
// stands in what was encoded, in hexadecimal (%64%61…) and in JSON's escapes.
// Their other signs make no difference.
func spellings(word string) []string {
	list := []string{word}
	for before := range 3 {
		// Characters that other bytes have a share in are left out.
		code := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), word...))
		if (before+len(word))%3 != 0 {
			code = code[:len(code)-1]
		}
		list = append(list, code[(before*8+5)/6:])
	}
	if len(word) > long {
		return list
	}
	var escaped strings.Builder
	for i := range len(word) {
		fmt.Fprintf(&escaped, "u00%02x", word[i])
	}
	return append(list, hex.EncodeToString([]byte(word)), escaped.String())
}
