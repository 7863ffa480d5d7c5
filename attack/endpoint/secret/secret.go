package secret

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"
)

const (
	// run is how many letters and digits in a row a text and a secret must have in
	// common to be taken for the secret, or a part of it.
	run = 10
	// shortest is the length of words that are looked for at all, and of the
	// beginning of one that is hidden where a text was cut: shorter ones would hide
	// half of every text.
	shortest = 4
	// long words are not looked for in the spellings that make them many times
	// longer, and only every fourth of their runs is known: a piece of them is
	// found that is 13 long.
	long     = 256
	longStep = 4
	// latest is how many words are kept of those that others replace in time.
	latest = 8
	// known is how many words are looked for in every spelling. Of those beyond it,
	// which lines of payloads may bring by the thousand, only pieces as they are.
	known = 512
	// tail is how many letters and digits before a cut may be a secret's beginning.
	tail = run - 1
)

// redacted replaces a secret.
const redacted = "***"

// cutMark marks where a text was cut.
const cutMark = "…"

// Set are secrets. The zero value is none. Its methods may be called from any
// goroutine.
type Set struct {
	mu     sync.Mutex
	seen   map[string]bool // of fixed and noted
	fixed  []string
	noted  []string
	passed []string // at most the latest

	// What follows is made of them, unless it is stale.
	stale  bool
	exact  *strings.Replacer
	runs   map[uint64]struct{} // hashes of run letters and digits
	whole  map[uint64]struct{} // of words that are too short for that
	sizes  []int               // lengths of those, ascending
	begins map[uint64]struct{} // of the words' beginnings, from shortest to tail
}

// Keep adds a secret, which is hidden wherever it stands.
func (s *Set) Keep(word string) { s.add(&s.fixed, word) }

// Note adds what may be a secret, and may be a plain word: a short one is hidden
// where no letter or digit stands beside it.
func (s *Set) Note(word string) { s.add(&s.noted, word) }

func (s *Set) add(list *[]string, word string) {
	if len(word) < shortest {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[word] {
		return
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[word], s.stale = true, true
	*list = append(*list, word)
}

// Pass adds a secret that is valid for a while only: few such are remembered.
func (s *Set) Pass(word string) {
	if len(word) < shortest {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.passed, word) {
		return
	}
	if s.passed = append(s.passed, word); len(s.passed) > latest {
		s.passed = slices.Delete(s.passed, 0, 1)
	}
	s.stale = true
}

// In reports whether a text holds a secret.
func (s *Set) In(text string) bool { return s.Redact(text) != text }

// Redact replaces the secrets in a text, and before the mark of a cut (…) what may
// be the beginning of one.
func (s *Set) Redact(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.fixed)+len(s.noted)+len(s.passed) == 0 || len(text) < shortest {
		return text
	}
	if s.stale {
		s.learn()
	}
	text = s.blank(s.exact.Replace(text))
	for from := 0; ; {
		at := strings.Index(text[from:], cutMark)
		if at < 0 {
			return text
		}
		before := s.ending(text[:from+at])
		text = before + text[from+at:]
		from = len(before) + len(cutMark)
	}
}

// RedactCut is Redact for a text whose end is missing.
func (s *Set) RedactCut(text string) string {
	text = s.Redact(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending(text)
}

// ending hides what is a secret's beginning at the end of a text.
func (s *Set) ending(text string) string {
	if len(s.begins) == 0 {
		return text
	}
	var last [tail]byte
	var at [tail]int
	n := 0
	for i := len(text) - 1; i >= 0 && n < tail; i-- {
		if c := plain(text[i]); c != 0 {
			n++
			last[tail-n], at[tail-n] = c, i
		}
	}
	for size := n; size >= shortest; size-- {
		if _, ok := s.begins[hash(last[tail-size:])]; ok {
			return text[:at[tail-size]] + redacted
		}
	}
	return text
}

// learn notes the runs of every spelling, and the words that are too short for one.
func (s *Set) learn() {
	s.stale = false
	s.runs, s.whole, s.begins = map[uint64]struct{}{}, map[uint64]struct{}{}, map[uint64]struct{}{}
	sizes := map[int]bool{}
	var exact []string
	count := 0
	for n, list := range [][]string{s.passed, s.fixed, s.noted} {
		for _, word := range list {
			count++
			if len(word) >= shortest && count <= known && (n < 2 || len(strip(word)) >= run) {
				exact = append(exact, word, redacted)
			}
			list := []string{word}
			if count <= known {
				list = spellings(word)
			}
			for _, spelling := range list {
				s.spell(strip(spelling), len(word) > long || count > known, sizes)
			}
			if n == 2 && len(strip(word)) < shortest { // signs only: there is no word to find
				exact = append(exact, word, redacted)
			}
		}
	}
	// The first that fits is replaced: a word before its own beginning.
	sortPairs(exact)
	s.exact = strings.NewReplacer(exact...)
	s.sizes = slices.Sorted(maps.Keys(sizes))
}

// spell notes one spelling, sparsely or not.
func (s *Set) spell(bare []byte, sparse bool, sizes map[int]bool) {
	step := 1
	if sparse {
		step = longStep
	}
	for i := 0; i+run <= len(bare); i += step {
		s.runs[hash(bare[i:i+run])] = struct{}{}
	}
	for size := shortest; size <= min(tail, len(bare)); size++ {
		s.begins[hash(bare[:size])] = struct{}{}
	}
	if len(bare) >= shortest && len(bare) < run {
		s.whole[hash(bare)] = struct{}{}
		sizes[len(bare)] = true
	}
}

// sortPairs sorts the pairs of a Replacer, longest first.
func sortPairs(pairs []string) {
	words := make([]string, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		words = append(words, pairs[i])
	}
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	for i, word := range words {
		pairs[2*i] = word
	}
}

// found is how many letters and digits from the i-th on are a secret's; 0 for none.
func (s *Set) found(text string, bare []byte, i int, at func(int) int) int {
	if i+run <= len(bare) {
		if _, ok := s.runs[hash(bare[i:i+run])]; ok {
			return run
		}
	}
	for _, size := range s.sizes {
		if i+size > len(bare) {
			break
		}
		if _, ok := s.whole[hash(bare[i:i+size])]; !ok {
			continue
		}
		end := at(i+size-1) + 1
		if begins(text, at(i)) && (end == len(text) || plain(text[end]) == 0) {
			return size
		}
	}
	return 0
}

// begins reports whether a word begins at i: after another sign, or one that is
// written as %3D, \u003d or \n.
func begins(text string, i int) bool {
	if i == 0 || plain(text[i-1]) == 0 {
		return true
	}
	return i >= 3 && text[i-3] == '%' || i >= 6 && text[i-6:i-4] == `\u` || i >= 2 && text[i-2] == '\\'
}

// blank replaces what stands in a text from the first to the last character of
// what is found, as one where pieces of a secret follow each other.
func (s *Set) blank(text string) string {
	bare := strip(text)
	var all []int // none where nothing is found
	at := func(i int) int {
		if all == nil {
			all = places(text)
		}
		return all[i]
	}
	var b strings.Builder
	written, end := 0, -1 // end: of the stretch that began last, in bare
	for i := range bare {
		n := s.found(text, bare, i, at)
		if n == 0 {
			continue
		}
		if i >= end {
			if end >= 0 {
				written = at(end-1) + 1
			}
			b.WriteString(text[written:at(i)])
			b.WriteString(redacted)
		}
		end = max(end, i+n)
	}
	if end < 0 {
		return text
	}
	b.WriteString(text[at(end-1)+1:])
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

// spellings are how a word may be written: as it is, as in a URL, once or twice,
// in JSON and in HTML, in base64 wherever it stands in what was encoded, in
// hexadecimal (%64%61…) and in JSON's escapes throughout. Their other signs make
// no difference, nor do capitals.
func spellings(word string) []string {
	list := []string{word}
	add := func(spelling string) {
		if !slices.Contains(list, spelling) {
			list = append(list, spelling)
		}
	}
	for before := range 3 {
		// Characters that other bytes have a share in are left out.
		code := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), word...))
		if (before+len(word))%3 != 0 {
			code = code[:len(code)-1]
		}
		add(code[(before*8+5)/6:])
	}
	query := url.QueryEscape(word)
	for _, spelling := range []string{query, url.PathEscape(word), url.QueryEscape(query), html.EscapeString(word), inJSON(word)} {
		add(spelling)
	}
	if len(word) > long {
		return list
	}
	var escaped strings.Builder
	for _, unit := range utf16.Encode([]rune(word)) {
		fmt.Fprintf(&escaped, "u%04x", unit)
	}
	add(hex.EncodeToString([]byte(word)))
	add(escaped.String())
	return list
}

// inJSON is a word within a JSON string, as careful encoders write it.
func inJSON(word string) string {
	text, _ := json.Marshal(word) // a string: cannot fail
	return string(text)
}
