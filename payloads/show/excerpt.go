package show

import "strconv"

// maxShown is how many bytes of a wrong value a message quotes.
const maxShown = 40

// Excerpt quotes a wrong value, or its beginning.
func Excerpt(b []byte) string {
	if len(b) <= maxShown {
		return strconv.Quote(string(b))
	}
	return strconv.Quote(string(b[:maxShown])) + "…"
}
