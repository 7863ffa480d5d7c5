package file

import (
	"fmt"
	"io"
	"os"
	"strings"

	"brunt/payloads/jsonscan"
)

// maxText is more than any file of headers, certificates or a message holds.
const maxText = 64 << 20

// ReadText is the text of a file that a flag names, without a byte order mark
// at its beginning. A file without an end is refused.
func ReadText(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err == nil && len(text) > maxText {
		err = fmt.Errorf("%s: more than %d MiB; does it have an end?", path, maxText>>20)
	}
	return strings.TrimPrefix(string(text), jsonscan.ByteOrderMark), err
}
