package payloads

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"brunt/payloads/dataset"
	"brunt/payloads/draw"
	"brunt/payloads/file"
	"brunt/payloads/inference"
	"brunt/payloads/jsonscan"
	"brunt/payloads/targetlist"
)

// load opens, indexes and checks all files. What is wrong with them goes to
// the list, and files that cannot be used at all are left out; the error is
// for arguments that make no sense together.
func load(specs []Spec, o Options, found *problemList) ([]*source, []Variant, error) {
	if err := checkSpecs(specs); err != nil {
		return nil, nil, err
	}
	var sources []*source
	names := newInterner()
	for _, spec := range specs {
		src, err := loadFile(spec, o, names, found)
		if err != nil {
			found.add(err)
			continue
		}
		sources = append(sources, src)
	}
	return sources, names.inOrder(sources), nil
}

// loadFile opens, indexes and checks one file. Its error is about the file as a
// whole.
func loadFile(spec Spec, o Options, names *interner, found *problemList) (*source, error) {
	content, err := file.Open(spec.Path, o.Stdin)
	if err != nil {
		return nil, err
	}
	if what := notBodies(content); what != "" {
		content.Close()
		return nil, fmt.Errorf("%s: %s", content.Name, what)
	}
	maker := o.Elsewhere.maker(content, spec.Path)
	src := &source{spec: spec, name: content.Name, content: content, data: content.Data, bytes: len(content.Data), maker: maker}
	if err := src.chooseFormat(&o, found); err != nil {
		_ = src.close()
		return nil, err
	}
	err = src.index(o, names, found)
	if err == nil {
		err = src.content.Changed()
	}
	if err == nil && src.sessions != nil {
		err = src.checkSessions(&o)
	}
	if err == nil {
		src.made, err = src.maker.Map()
	}
	if err != nil {
		_ = src.close() // read only
		return nil, err
	}
	src.slots = uint64(len(src.spans))
	if src.sessions != nil {
		src.slots = uint64(len(src.sessions))
	}
	if src.ends != nil {
		src.slots = src.ends[len(src.ends)-1]
	}
	src.shuffler = draw.NewShuffler(src.slots)
	return src, nil
}

// notBodies tells of a file that holds no bodies, and of which bodies can be made.
func notBodies(content *file.Mapping) (what string) {
	_ = file.Guard(func() error {
		start := jsonscan.SkipSpace(content.Data, file.TextStart(content.Data))
		if jsonscan.IsAt(content.Data, start, '{') { // which may be a body, whatever its keys
			return nil
		}
		switch format := dataset.Detect(content.Data); format {
		case dataset.Azure, dataset.BurstGPT, dataset.ShareGPT:
			what = fmt.Sprintf("a dataset of the format %s, which holds no bodies; make them with brunt payloads make",
				format)
		}
		return nil
	})
	return what
}

// chooseFormat finds the format of a file where Options leave it open, and turns
// an inference table into request lines, which can be indexed.
func (s *source) chooseFormat(o *Options, found *problemList) error {
	if o.Format == AutoFormat {
		o.Format = BodyFormat
		err := file.Guard(func() error {
			switch {
			case inference.Detect(s.spec.Path, s.data):
				o.Format = InferenceFormat
			case isTimedRequest(s.data):
				o.Format = RequestFormat
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if o.Format != InferenceFormat && o.Format != TargetsFormat {
		return nil
	}
	lines, times, err := s.convert(o, found)
	if err != nil {
		return err
	}
	if err = file.Guard(func() error { s.sha256 = digest(s.data); return nil }); err != nil {
		lines.Close()
		return err
	}
	_ = s.content.Close() // read only, and read to its end
	s.content, s.data, s.times = lines, lines.Data, times
	return nil
}

// convert turns a file of another format into request lines.
func (s *source) convert(o *Options, found *problemList) (lines *file.Mapping, times []int64, err error) {
	if o.bare = o.Format == TargetsFormat; o.bare {
		lines, err = targetlist.Convert(s.content, o.Body)
	} else {
		lines, times, err = inference.Convert(s.content, s.spec.Path, found.add)
	}
	o.Format = RequestFormat
	return lines, times, err
}

// isTimedRequest reports whether the first line is one of the request format
// that says when its request came, or which session it is of.
func isTimedRequest(data []byte) bool {
	first, _ := file.CutLine(data, jsonscan.SkipSpace(data, file.TextStart(data)))
	return jsonscan.IsAt(first, 0, '{') && jsonscan.Valid(first) && jsonscan.Member(first, "body") != nil &&
		(jsonscan.Member(first, "timestamp_ms") != nil || jsonscan.Member(first, "session") != nil)
}

// index finds all bodies and checks them; the digest of the file is made
// beside it.
func (s *source) index(o Options, names *interner, found *problemList) error {
	if len(s.data) == 0 {
		return s.wrong("empty; it needs at least one JSON value")
	}
	sum := make(chan error, 1)
	go func() {
		sum <- file.Guard(func() error {
			if s.sha256 == "" {
				s.sha256 = digest(s.data)
			}
			return nil
		})
	}()
	err := s.indexLines(o, names, found)
	if e := <-sum; err == nil {
		err = e
	}
	return err
}

func (s *source) indexLines(o Options, names *interner, found *problemList) error {
	err := file.Guard(func() error {
		if kind := file.Foreign(s.data); kind != "" {
			return s.wrong(kind)
		}
		return s.findDocument()
	})
	if err != nil {
		return err
	}
	if s.chunks == nil {
		if s.chunks, err = cutChunks(s.data, file.TextStart(s.data)); err != nil {
			return err
		}
	}
	if bodies(s.chunks) == 0 {
		return s.wrong("only blank lines; it needs at least one JSON value")
	}
	return newIndexer(s, o, names, found.limit).run(found)
}

// findDocument looks for one JSON value that spans the whole file. In a file
// named .json it is one body, and gets a single chunk; elsewhere it is most
// likely a mistake. A broken one is reported where it breaks, since line by
// line it would be nothing but errors.
func (s *source) findDocument() error {
	start := jsonscan.SkipSpace(s.data, file.TextStart(s.data))
	first, next := file.CutLine(s.data, start)
	end := len(s.data)
	for end > start && jsonscan.IsSpace(s.data[end-1]) {
		end--
	}
	if start == end {
		return nil
	}
	oneLine := jsonscan.Valid(first)
	named := file.Ending(s.spec.Path) == ".json"
	switch {
	case oneLine && !(named && next >= end):
		return nil
	case named && (oneLine || jsonscan.Valid(s.data[start:end])):
		s.document = true
		s.chunks = []chunk{{start: start, end: end, lines: 1, bodies: 1,
			firstLine: 1 + bytes.Count(s.data[:start], newline)}}
		return nil
	case named:
		return file.ValueError(s.name, s.data, start, end, "a .json file must hold one JSON value, or one on each line")
	case end-start <= file.MaxBody && next < end && jsonscan.Valid(s.data[start:end]):
		return s.wrong("one JSON value over several lines; put it on one line (jq -c .), or name the file .json to " +
			"send it as it stands")
	}
	return nil
}

// digest returns the SHA-256 of b in hex. It goes by small steps, since a
// step cannot be interrupted for the garbage collector.
func digest(b []byte) string {
	h := sha256.New()
	for part := range slices.Chunk(b, 256<<10) {
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}
