package payloads

import (
	"bytes"
	"sort"

	"brunt/payloads/draw"
	"brunt/payloads/file"
	"brunt/payloads/setting"
	"brunt/payloads/splice"
)

type span uint64

func newSpan(offset, length int) span { return span(offset)<<file.LengthBits | span(length) }
func (s span) offset() int            { return int(s >> file.LengthBits) }
func (s span) length() int            { return int(s & file.MaxBody) }

// newline ends a line.
var newline = []byte{'\n'}

// source is one payload file, mapped and indexed.
type source struct {
	spec     Spec
	name     string // for people
	content  *file.Mapping
	data     []byte
	document bool // the whole file is one body, over several lines perhaps
	chunks   []chunk
	spans    []span        // one per body
	variants []uint16      // one per body; nil when all are the zero Variant
	splices  []splice.List // one per body; nil without any
	ends     []uint64      // sums of the lines' weights; nil when all weigh 1
	order    []uint32      // body indices in the order they are sent; nil when that is the file's
	turns    []turnLine    // one per body; nil without sessions
	sessions []uint32      // first lines of the sessions; nil without any
	slots    uint64        // requests per pass, or sessions
	shuffler draw.Shuffler
	maxBody  int
	bytes    int     // of the file as given, unpacked
	sha256   string  // of these bytes
	times    []int64 // when each body's request came, ns, or NoTime; nil where the file does not say
}

// item returns the body of that index.
func (s *source) item(line uint64) Item {
	sp := s.spans[line]
	start := sp.offset()
	it := Item{Body: s.data[start : start+sp.length() : start+sp.length()]}
	if s.variants != nil {
		it.Variant = int(s.variants[line])
	}
	return it
}

// lineAt returns the index of the body whose turn it is at that position of a
// pass.
func (s *source) lineAt(pos uint64) uint64 {
	if s.order != nil {
		return uint64(s.order[pos])
	}
	if s.sessions != nil {
		return uint64(s.sessions[pos])
	}
	if s.ends == nil {
		return pos
	}
	lo, hi := 0, len(s.ends)-1
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if s.ends[mid] > pos {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return uint64(lo)
}

// lineNumber returns the number, in the file, of the line that holds that
// body: not stored, but counted from the beginning of its chunk.
func (s *source) lineNumber(line uint64) (n int, err error) {
	k := sort.Search(len(s.chunks), func(k int) bool { return s.chunks[k].firstBody > int(line) }) - 1
	err = file.Guard(func() error {
		n = s.numberOf(&s.chunks[k], s.spans[line].offset())
		return nil
	})
	return n, err
}

// numberOf returns the number of the line at an offset within a chunk.
func (s *source) numberOf(c *chunk, offset int) int {
	return c.firstLine + bytes.Count(s.data[c.start:offset], newline)
}

// problem makes an error of what is wrong at an offset within a chunk.
func (s *source) problem(c *chunk, offset int, what setting.Text) error {
	return &file.LineError{File: s.name, Line: s.numberOf(c, offset), Problem: what}
}

// wrong makes an error of what is wrong with the file as a whole.
func (s *source) wrong(what string) error { return s.wrongText(setting.Plain(what)) }

func (s *source) wrongText(what setting.Text) error { return setting.Errorf("%s: %v", s.name, what) }

// describe lists files for reports.
func describe(sources []*source) []File {
	files := make([]File, 0, len(sources))
	for _, s := range sources {
		files = append(files, File{
			Path: s.spec.Path, Lines: len(s.spans), Bytes: int64(s.bytes), SHA256: s.sha256, Weight: s.spec.Weight,
		})
	}
	return files
}
