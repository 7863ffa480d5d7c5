package payloads

import "strconv"

// maxShown is how many bytes of a wrong value a message quotes.
const maxShown = 40

// shown quotes a wrong value, or its beginning.
func shown(b []byte) string {
	if len(b) <= maxShown {
		return strconv.Quote(string(b))
	}
	return strconv.Quote(string(b[:maxShown])) + "…"
}
