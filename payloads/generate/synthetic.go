package generate

import (
	"errors"
	"fmt"
	"io"

	"brunt/payloads/dataset"
	"brunt/payloads/draw"
	"brunt/payloads/jsonscan"
)

// words are what synthetic prompts are made of: so common in English that
// tokenizers of language models have each of them, with the blank before it,
// as one token.
var words = [...]string{
	"of", "and", "to", "in", "is", "it", "for", "was", "on", "are", "as", "with", "his", "they", "at", "be",
	"this", "have", "from", "or", "one", "had", "by", "but", "not", "what", "all", "were", "we", "when", "your",
	"can", "said", "use", "an", "each", "which", "she", "do", "how", "if", "will", "up", "other", "out", "many",
	"then", "them", "these", "so", "some", "her", "make", "like", "him", "into", "time", "has", "look", "two",
	"more", "write", "go", "see", "no", "way", "could", "my", "than", "been", "call", "who", "oil", "its", "now",
	"find", "long", "down", "day", "did", "get", "come", "made", "may", "part", "the", "people", "there", "water",
	"first", "would", "about", "after", "before", "another", "between", "country", "number", "because", "through",
	"little", "world", "house", "never", "system", "around", "small", "large", "place", "right", "still",
	"public", "night", "point", "state", "every", "under", "family", "school", "always", "story", "group",
	"become", "against", "city", "early", "example", "course", "problem", "power", "often", "until", "life",
	"money", "begin", "change", "enough", "several", "person", "letter", "young", "light", "music", "south",
	"north", "second", "river", "body", "market", "company", "order", "great", "today", "morning", "across",
	"result", "reason", "study", "town", "paper", "report", "level", "office", "door", "health", "history",
	"party", "within", "along", "figure", "street", "believe", "table", "voice", "field", "past", "land", "food",
	"game", "line",
}

// charactersPerToken is how many characters, blanks included, a token of
// synthetic text has on average.
var charactersPerToken = func() float64 {
	n := 0
	for _, word := range words {
		n += len(word) + 1
	}
	return float64(n) / float64(len(words))
}()

// What is drawn for each prompt is kept apart by these, so that one never
// changes with the other.
const (
	inputDraws = 1 + iota
	outputDraws
	wordDraws
	blockDraws
)

// appendSynthetic appends prompt n, of that many tokens.
func appendSynthetic(out []byte, seed, n uint64, tokens int) []byte {
	return appendWords(out, draw.Nth(seed, wordDraws, n), tokens)
}

// appendWords appends that many words, always the same for a key, with blanks
// between them and what stands before.
func appendWords(out []byte, key uint64, n int) []byte {
	for i := range n {
		if len(out) > 0 {
			out = append(out, ' ')
		}
		out = append(out, words[draw.Below(draw.Mix(key+uint64(i)*draw.Golden), uint64(len(words)))]...)
	}
	return out
}

// appendBlocks appends prompt n, of that many tokens, which begins with the
// blocks of those names, of size tokens each: blocks of one name are one text.
func appendBlocks(out []byte, seed, n uint64, blocks []uint64, size, tokens int) []byte {
	for _, name := range blocks {
		part := min(size, tokens)
		out = appendWords(out, draw.Nth(seed, blockDraws, name), part)
		tokens -= part
	}
	return appendWords(out, draw.Nth(seed, wordDraws, n), tokens)
}

// syntheticPrompts generates prompts one by one as they are read.
type syntheticPrompts struct {
	options *ChatOptions
	count   int
	read    int
	text    []byte
	quoted  []byte
	tokens  uint64 // of all that were read
}

func (s *syntheticPrompts) next() (prompt, error) {
	if s.read == s.count {
		return prompt{}, io.EOF
	}
	n := uint64(s.read)
	tokens := s.options.InputTokens.Draw(draw.Fraction(draw.Nth(s.options.Seed, inputDraws, n)))
	s.text = appendSynthetic(s.text[:0], s.options.Seed, n, tokens)
	s.quoted = jsonscan.AppendString(s.quoted[:0], s.text)
	s.read++
	s.tokens += uint64(tokens)
	return prompt{text: s.quoted, at: dataset.NoTime}, nil
}

func (s *syntheticPrompts) Problem(what string) error { return errors.New("made-up prompt: " + what) }

// note says how the number of tokens was estimated.
func (s *syntheticPrompts) note(w io.Writer) {
	if w == nil || s.read == 0 {
		return
	}
	noteTokens(w, s.tokens, s.read)
}

// noteTokens says how many tokens made-up prompts have, and how that is known.
func noteTokens(w io.Writer, tokens uint64, prompts int) {
	fmt.Fprintf(w, "brunt: payloads make: prompts of %.0f tokens on average, estimated at %.1f characters a token; "+
		"system message and chat template not counted\n",
		float64(tokens)/float64(prompts), charactersPerToken)
}
