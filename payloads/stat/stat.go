package stat

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"

	"github.com/montanaflynn/stats"

	"brunt/payloads"
	"brunt/payloads/file"
	"brunt/payloads/shape"
)

// File describes the bodies of one payload file.
type File struct {
	File      string      `json:"file"`       // as given
	Lines     int         `json:"lines"`      // bodies in it; blank lines do not count
	Bytes     int64       `json:"bytes"`      // after decompression
	SHA256    string      `json:"sha256"`     // of these bytes, in hex
	BodyBytes Sizes       `json:"body_bytes"` // sizes of the bodies
	Kinds     []KindShare `json:"kinds"`      // the most frequent first
}

// Sizes sums up how long bodies are, in bytes. Each percentile is the size of
// a body that exists: the smallest that so many bodies do not exceed.
type Sizes struct {
	Min  int     `json:"min"`
	Mean float64 `json:"mean"`
	P50  int     `json:"p50"`
	P90  int     `json:"p90"`
	P99  int     `json:"p99"`
	Max  int     `json:"max"`
}

// KindShare is how many of a file's bodies are of one kind.
type KindShare struct {
	Kind  shape.Kind `json:"kind"`
	Lines int        `json:"lines"`
	Share float64    `json:"share"` // of the file's bodies, 0 to 1
	// Streaming is how many of them say "stream":true; nil unless the kind
	// is messages.
	Streaming *int `json:"streaming"`
}

// Describe reads all files as [payloads.Open] does and tells what is in them. It wants
// them sound, and returns the same errors. Weights play no part.
func Describe(specs []payloads.Spec, o payloads.Options) ([]File, error) {
	set, err := payloads.Open(specs, o)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	out := make([]File, 0, len(specs))
	for i, f := range set.Files() {
		stat, err := describeFile(set, i, f)
		if err != nil {
			return nil, err
		}
		out = append(out, stat)
	}
	return out, nil
}

// tally counts bodies. It keeps the distinct sizes only: in a file of n bytes
// there can be no more of them than the root of 2n, some 50,000 in 1 GB.
type tally struct {
	sizes     map[int]int // how many bodies have that size
	kinds     [len(shape.Kinds)]int
	streaming int // of the messages
	reader    shape.Reader
}

func (t *tally) add(body []byte) {
	t.sizes[len(body)]++
	place, stream := t.reader.Place(body)
	t.kinds[place]++
	if stream && place == shape.MessagesPlace {
		t.streaming++
	}
}

func (t *tally) merge(other *tally) {
	for size, n := range other.sizes {
		t.sizes[size] += n
	}
	for place, n := range other.kinds {
		t.kinds[place] += n
	}
	t.streaming += other.streaming
}

// describeFile looks at all bodies of a set's file in parallel.
func describeFile(set *payloads.Set, i int, f payloads.File) (File, error) {
	tallies := make([]tally, runtime.GOMAXPROCS(0))
	for i := range tallies {
		tallies[i].sizes = make(map[int]int)
	}
	err := set.EachBody(i, len(tallies), func(worker int, body []byte) { tallies[worker].add(body) })
	if err != nil {
		return File{}, err
	}
	t := &tallies[0]
	for i := range tallies[1:] {
		t.merge(&tallies[1+i])
	}
	sizes, err := t.summary()
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", file.Display(f.Path), err)
	}
	return File{
		File: f.Path, Lines: f.Lines, Bytes: f.Bytes, SHA256: f.SHA256,
		BodyBytes: sizes, Kinds: t.shares(f.Lines),
	}, nil
}

// summary sums up the sizes. Their counts serve as weights, which gives the
// figures of the full list without having one.
func (t *tally) summary() (Sizes, error) {
	values := make(stats.Float64Data, 0, len(t.sizes))
	counts := make(stats.Float64Data, 0, len(t.sizes))
	for size, n := range t.sizes {
		values = append(values, float64(size))
		counts = append(counts, float64(n))
	}
	var out Sizes
	for _, p := range []struct {
		percent float64
		size    *int
	}{{50, &out.P50}, {90, &out.P90}, {99, &out.P99}} {
		size, err := stats.PercentileWeighted(values, counts, p.percent)
		if err != nil {
			return Sizes{}, err
		}
		*p.size = int(size)
	}
	mean, err := stats.WeightedMean(values, counts)
	if err != nil {
		return Sizes{}, err
	}
	out.Mean = mean
	out.Min, out.Max = int(slices.Min(values)), int(slices.Max(values))
	return out, nil
}

// shares lists the kinds met, the most frequent first.
func (t *tally) shares(lines int) []KindShare {
	var out []KindShare
	for place, n := range t.kinds {
		if n == 0 {
			continue
		}
		share := KindShare{Kind: shape.Kinds[place], Lines: n, Share: float64(n) / float64(lines)}
		if place == shape.MessagesPlace {
			share.Streaming = &t.streaming
		}
		out = append(out, share)
	}
	slices.SortStableFunc(out, func(a, b KindShare) int { return cmp.Compare(b.Lines, a.Lines) })
	return out
}
