package jsonscan

import "github.com/go-json-experiment/json/jsontext"

// AppendString appends a string of valid UTF-8 as JSON.
func AppendString[T []byte | string](out []byte, s T) []byte {
	out, _ = jsontext.AppendQuote(out, s) // fails for invalid UTF-8 only
	return out
}

// AppendCompact appends sound JSON without the white space between its parts.
// Numbers, strings and the order of keys stay as they are.
func AppendCompact(out, b []byte) []byte {
	for i := 0; i < len(b); {
		end := i + 1
		switch {
		case IsSpace(b[i]):
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
