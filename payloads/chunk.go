package payloads

import (
	"bytes"

	"brunt/payloads/file"
)

// chunkSize is how many bytes one goroutine indexes at a time, and how many
// are read at most to find a line's number. A variable for tests.
var chunkSize = 1 << 20

// chunk is the lines that begin in one stretch of a file. The last of them
// may reach far beyond that stretch.
type chunk struct {
	start, end int // offsets of the first line and behind the last one
	lines      int
	bodies     int // lines that are not blank
	firstLine  int // number of the first line in the file
	firstBody  int // index of the first body in the file
}

// cutChunks divides data, less what stands before from, into chunks and
// counts their lines and bodies.
func cutChunks(data []byte, from int) ([]chunk, error) {
	chunks := make([]chunk, (len(data)+chunkSize-1)/chunkSize)
	err := inParallel(processors(), len(chunks), func(_, k int) error {
		low, high := max(k*chunkSize, from), min((k+1)*chunkSize, len(data))
		chunks[k] = countChunk(data, low, high, low > from)
		return nil
	})
	number(chunks)
	return chunks, err
}

// countChunk makes the chunk of the lines that begin from low up to high.
// Unless low begins a line itself, they begin behind the first line end.
func countChunk(data []byte, low, high int, midway bool) chunk {
	start := low
	if midway && low < high {
		i := bytes.IndexByte(data[low-1:high-1], '\n')
		if i < 0 {
			return chunk{start: high, end: high} // inside of one long line
		}
		start = low + i
	}
	c := chunk{start: start, end: start}
	for c.end < high {
		line, next := file.CutLine(data, c.end)
		c.lines++
		if !file.IsBlank(line) {
			c.bodies++
		}
		c.end = next
	}
	return c
}

// number fills in what each chunk needs to know of those before it.
func number(chunks []chunk) {
	line, body := 1, 0
	for k := range chunks {
		chunks[k].firstLine, chunks[k].firstBody = line, body
		line += chunks[k].lines
		body += chunks[k].bodies
	}
}

// bodies returns how many bodies all chunks have together.
func bodies(chunks []chunk) int {
	if len(chunks) == 0 {
		return 0
	}
	last := chunks[len(chunks)-1]
	return last.firstBody + last.bodies
}
