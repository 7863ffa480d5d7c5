package payloads

import "github.com/go-json-experiment/json/jsontext"

// appendText appends a string of valid UTF-8 as JSON.
func appendText[T []byte | string](out []byte, s T) []byte {
	out, _ = jsontext.AppendQuote(out, s) // fails for invalid UTF-8 only
	return out
}

// appendCompact appends sound JSON without the white space between its parts.
// Numbers, strings and the order of keys stay as they are.
func appendCompact(out, b []byte) []byte {
	for i := 0; i < len(b); {
		end := i + 1
		switch {
		case isSpace(b[i]):
			i = end
			continue
		case b[i] == '"':
			end = max(end, skipString(b, end))
		}
		out = append(out, b[i:end]...)
		i = end
	}
	return out
}
