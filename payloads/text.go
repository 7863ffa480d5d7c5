package payloads

import (
	"os"
	"strings"
)

// ReadText is the text of a file that a flag names, without a byte order mark
// at its beginning.
func ReadText(path string) (string, error) {
	text, err := os.ReadFile(path)
	return strings.TrimPrefix(string(text), byteOrderMark), err
}
