package mock

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Scheme begins every address of a mock endpoint.
const Scheme = "mock://"

// Parse reads a mock address: mock://, mock://?latency=20ms&errors=0.01 or
// mock://my-name?…; what it does not name is as in Default. An error is one
// line that names the key, its value and what is expected.
func Parse(rawURL string) (Config, error) {
	c := Default()
	rest, ok := strings.CutPrefix(rawURL, Scheme)
	if !ok {
		return c, fmt.Errorf("%s: not a mock endpoint; write mock:// or mock://my-name?latency=20ms", quoted(rawURL))
	}
	name, query, _ := strings.Cut(rest, "?")
	name = strings.TrimSuffix(name, "/")
	if name != "" {
		c.Name = name
		if !validName(name) {
			return c, fmt.Errorf(
				"mock://: endpoint name %s: expected 1 to %d letters, digits, \"-\", \"_\" or \".\"; values go after a \"?\"",
				quoted(name),
				maxName,
			)
		}
	}
	if err := c.read(query); err != nil {
		return c, fmt.Errorf("mock://: %w", err)
	}
	return c, nil
}

// read takes key=value pairs joined by "&".
func (c *Config) read(query string) error {
	seen := make(map[string]bool, len(settings))
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		rawKey, rawValue, assigned := strings.Cut(pair, "=")
		key, value := unescaped(rawKey), unescaped(rawValue)
		i := slices.IndexFunc(settings, func(s setting) bool { return s.key == key })
		switch {
		case i < 0:
			return fmt.Errorf("no key %s; known, nearest first: %s", quoted(key), strings.Join(nearest(key), ", "))
		case seen[key]:
			return fmt.Errorf("%s=%s: given twice; keep one", key, quoted(value))
		case !assigned || !settings[i].read(settings[i].field(c), value):
			return fmt.Errorf("%s=%s: expected %s", key, quoted(value), settings[i].want)
		}
		seen[key] = true
	}
	return nil
}

// unescaped leaves a word with a broken escape as it is: it then fails as a
// key or value, in words about that.
func unescaped(word string) string {
	if plain, err := url.QueryUnescape(word); err == nil {
		return plain
	}
	return word
}

// nearest is all keys, the one that takes the fewest edits from word first.
func nearest(word string) []string {
	word = word[:min(len(word), maxName)]
	keys := make([]string, len(settings))
	for i := range settings {
		keys[i] = settings[i].key
	}
	slices.SortStableFunc(keys, func(a, b string) int {
		return levenshtein.ComputeDistance(word, a) - levenshtein.ComputeDistance(word, b)
	})
	return keys
}

// quoted keeps a stranger's word on one line, and short.
func quoted(word string) string {
	const limit = 60
	if len(word) > limit {
		return strconv.QuoteToASCII(word[:limit]) + "…"
	}
	return strconv.Quote(word)
}
