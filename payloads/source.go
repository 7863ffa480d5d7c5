package payloads

import (
	"bytes"
	"sort"

	"brunt/payloads/compose"
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
	spans    []span        // one per body: where it stands in data, of no length where it does not
	made     *file.Mapping // bodies and paths that were made; nil without any
	maker    *compose.Maker
	places   []span        // one per body: where it stands in made, 0 where it does not; nil without any
	paths    []span        // one per body: where its path stands, 0 for the target's own; nil without any
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

// madePath is set in the length of a path that stands in made.
const madePath = 1 << (file.LengthBits - 1)

// item returns the body of that index.
func (s *source) item(line uint64) Item {
	sp, data := s.spans[line], s.data
	if s.places != nil && s.places[line] != 0 {
		sp, data = s.places[line], s.made.Data
	}
	start := sp.offset()
	it := Item{Body: data[start : start+sp.length() : start+sp.length()]}
	if s.variants != nil {
		it.Variant = int(s.variants[line])
	}
	return it
}

// plain returns the body of that index as it was before it was compressed; that of a
// line that holds no JSON body as it is sent.
func (s *source) plain(line uint64) []byte {
	sp := s.spans[line]
	if sp.length() == 0 {
		return s.item(line).Body
	}
	return s.data[sp.offset() : sp.offset()+sp.length()]
}

// path returns the path of that index; nil for the target's own.
func (s *source) path(line uint64) []byte {
	if s.paths == nil || s.paths[line] == 0 {
		return nil
	}
	sp := s.paths[line]
	start, length := sp.offset(), sp.length()
	if length&madePath != 0 {
		return s.made.Data[start : start+length&^madePath]
	}
	return s.data[start : start+length]
}

// sentLength is how many bytes are sent as the body of that index.
func (s *source) sentLength(line int) int {
	if s.places != nil && s.places[line] != 0 {
		return s.places[line].length()
	}
	return s.spans[line].length()
}

// close gives the file back, and what was made of it.
func (s *source) close() error {
	if s.maker != nil {
		s.maker.Discard()
	}
	if s.made != nil {
		_ = s.made.Close() // our own, and read only
	}
	return s.content.Close()
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
