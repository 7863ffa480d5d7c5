package payloads

import (
	"errors"
	"fmt"
	"slices"

	"brunt/payloads/compose"
	"brunt/payloads/draw"
	"brunt/payloads/file"
	"brunt/payloads/setting"
	"brunt/payloads/splice"
)

// Set is the bodies of a run. Its methods may be called from many goroutines;
// only Close must come last.
//
// What each request has of its own in its body (its id, for [Options.Unique] and
// [Options.ClientRequestID]) is in [Set.Splices]: Open finds the offset once per
// body, and the sender puts the text in, with Length and Append of the list.
type Set struct {
	sources  []*source
	rotation []turn
	shares   []uint64 // turns per cycle, by file
	keys     []uint64 // seed of each file's orders
	variants []Variant
	order    Order
	seed     uint64
	fixed    *Item       // of Single; everything above is empty then
	single   splice.List // its own
	unpacked []byte      // its body before it was compressed; nil where it was not
	whole    *compose.Whole
	spliced  bool // bodies have splices
	name     string
	// straight is the one file of a set that is simply read from top to
	// bottom, the commonest case, without weights of lines.
	straight *source
	stamps   bool // [Options.ClientRequestID]
}

// Open maps, indexes and checks all files. If anything is wrong with them it
// returns the first problem in the order of files and lines, as a
// [brunt/payloads/file.LineError] where it concerns a line (found by errors.As), which also says
// how many more there are.
func Open(specs []Spec, o Options) (*Set, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	found := problemList{limit: 1}
	sources, variants, err := load(specs, o, &found)
	if err != nil {
		return nil, err
	}
	if err := found.first(); err != nil {
		closeAll(sources)
		return nil, err
	}
	s := newSet(specs, o, sources, variants)
	if o.Order == Recorded {
		if err := s.record(); err != nil {
			closeAll(sources)
			return nil, err
		}
	}
	return s, nil
}

func newSet(specs []Spec, o Options, sources []*source, variants []Variant) *Set {
	s := &Set{sources: sources, variants: variants, order: o.Order, seed: o.Seed, spliced: len(o.splicers()) > 0,
		stamps: o.ClientRequestID}
	parts := shares(specs)
	s.rotation = rotation(parts)
	for f, p := range parts {
		s.shares = append(s.shares, uint64(p))
		s.keys = append(s.keys, draw.Mix(draw.Mix(o.Seed)+uint64(f)))
	}
	if len(sources) == 1 && o.Order == Sequential && sources[0].ends == nil && sources[0].sessions == nil {
		s.straight = sources[0]
	}
	return s
}

// Single is a set of one body in memory, such as an endpoint's own example.
// A nil body means requests without one. The body is not checked.
func Single(name string, body []byte) *Set {
	return &Set{fixed: &Item{Body: body}, name: name, variants: make([]Variant, 1), order: Sequential}
}

// SingleSpliced is Single with the splices that the options ask for; the error
// says why there is no place for them.
func SingleSpliced(name string, body []byte, o Options) (*Set, error) {
	s := Single(name, body)
	if err := o.checkCoding(); err != nil {
		return nil, err
	}
	if o.Coding != "" && body != nil {
		packed, what := compose.Pack(body, o.Coding)
		if what != "" {
			return nil, fmt.Errorf("%s: %s", name, what)
		}
		s.fixed.Body, s.unpacked = packed, body
	}
	list := o.splicers()
	if len(list) == 0 {
		return s, nil
	}
	if body == nil {
		return nil, o.noBodies()
	}
	found, what := splice.Find(list, body)
	if !what.Empty() {
		return nil, setting.Errorf("%s: %v", name, what)
	}
	s.single, s.spliced, s.stamps = found, true, o.ClientRequestID
	return s, nil
}

// Spliced reports whether bodies have splices.
func (s *Set) Spliced() bool { return s.spliced }

// Splices returns what is put into the body of At(i) while it is sent. Like At
// it is a pure function of i. (They are no part of the Item, which would not fit
// into registers any more.)
func (s *Set) Splices(i uint64) splice.List {
	switch {
	case !s.spliced:
		return 0
	case s.fixed != nil:
		return s.single
	}
	src, line := s.locate(i)
	return src.splices[line]
}

// At returns what request number i sends. It is a pure function of i, for
// every i, and allocates nothing.
func (s *Set) At(i uint64) Item {
	if src := s.straight; src != nil {
		return src.item(i % uint64(len(src.spans)))
	}
	if s.fixed != nil {
		return *s.fixed
	}
	src, line := s.locate(i)
	return src.item(line)
}

// Pathed reports whether some requests have a path of their own.
func (s *Set) Pathed() bool {
	return slices.ContainsFunc(s.sources, func(src *source) bool { return src.paths != nil })
}

// Path returns the path, with its query, that request i is sent to; nil for the target's
// own. Like At it is a pure function of i; it points into memory as bodies do.
func (s *Set) Path(i uint64) []byte {
	if s.fixed != nil {
		return nil
	}
	src, line := s.locate(i)
	return src.path(line)
}

// EachPath calls visit for each path that lines have of their own, with what tells
// "file:line" of it, until it returns false.
func (s *Set) EachPath(visit func(path []byte, where func() string) bool) error {
	return file.Guard(func() error {
		for _, src := range s.sources {
			at := uint64(0)
			where := func() string {
				n, _ := src.lineNumber(at) // 0 where the file was cut
				return fmt.Sprintf("%s:%d", src.name, n)
			}
			for line := range src.paths {
				at = uint64(line)
				if path := src.path(at); path != nil && !visit(path, where) {
					return nil
				}
			}
		}
		return nil
	})
}

// Packed reports whether some bodies may be compressed.
func (s *Set) Packed() bool {
	return s.unpacked != nil || slices.ContainsFunc(s.sources, func(src *source) bool { return src.places != nil })
}

// Plain returns the body of At(i) as it was before it was compressed.
func (s *Set) Plain(i uint64) []byte {
	switch {
	case s.unpacked != nil:
		return s.unpacked
	case s.fixed != nil:
		return s.fixed.Body
	}
	src, line := s.locate(i)
	return src.plain(line)
}

// locate finds the file and the index of the line within it that request i
// sends.
func (s *Set) locate(i uint64) (*source, uint64) {
	if s.order == Random {
		hash := draw.Mix(draw.Mix(s.seed) + draw.Mix(i))
		f := s.rotation[draw.Below(hash, uint64(len(s.rotation)))].file
		src := s.sources[f]
		return src, src.lineAt(draw.Below(draw.Mix(hash), src.slots))
	}
	cycle := uint64(len(s.rotation))
	t := s.rotation[i%cycle]
	src := s.sources[t.file]
	nth := i/cycle*s.shares[t.file] + uint64(t.nth) // of this file's requests
	pass, pos := nth/src.slots, nth%src.slots
	if s.order == Shuffle {
		pos = src.shuffler.At(pos, draw.Mix(s.keys[t.file]+pass))
	}
	return src, src.lineAt(pos)
}

// Variants returns what [Item.Variant] indexes. The first is always the zero
// Variant; the others come in the order of their first line.
func (s *Set) Variants() []Variant { return s.variants }

// Where says "file:line" of what At(i) gives, the name given to Single, or ""
// for requests without a body. It may read up to a megabyte of the file.
func (s *Set) Where(i uint64) string { return s.WhereTurn(i, 0) }

// WhereTurn is Where for turn k of the session that At(i) begins.
func (s *Set) WhereTurn(i uint64, k int) string {
	switch {
	case s.fixed != nil && s.fixed.Body == nil:
		return ""
	case s.fixed != nil:
		return s.name
	}
	src, line := s.locate(i)
	n, err := src.lineNumber(line + uint64(k))
	if err != nil {
		return src.name // shrunk since: the line's number cannot be found any more
	}
	return fmt.Sprintf("%s:%d", src.name, n)
}

// FirstOf is "file:line" of the first line of a variant; empty where no file has it.
func (s *Set) FirstOf(variant int) string {
	for _, src := range s.sources {
		if line := slices.Index(src.variants, uint16(variant)); line >= 0 {
			if n, err := src.lineNumber(uint64(line)); err == nil {
				return fmt.Sprintf("%s:%d", src.name, n)
			}
			return src.name
		}
	}
	return ""
}

// Files describes the files in the order given; empty for requests without a
// body.
func (s *Set) Files() []File {
	if s.fixed != nil {
		if s.fixed.Body == nil {
			return nil
		}
		return []File{s.oneFile()}
	}
	return describe(s.sources)
}

// MaxBody returns the length in bytes of the longest body.
func (s *Set) MaxBody() int {
	if s.fixed != nil {
		return len(s.fixed.Body)
	}
	longest := 0
	for _, src := range s.sources {
		longest = max(longest, src.maxBody)
	}
	return longest
}

// Order returns the order of bodies, never empty.
func (s *Set) Order() Order { return s.order }

// Seed returns the seed of the orders shuffle and random.
func (s *Set) Seed() uint64 { return s.seed }

// Changed tells of the first file that was written to or cut since it was
// opened: what was sent may then be neither its old nor its new content.
func (s *Set) Changed() error {
	for _, src := range s.sources {
		if err := src.content.Changed(); err != nil {
			return err
		}
	}
	return nil
}

// EachBody calls visit for each body of a file, as it is before it is compressed, by its
// place in Files, in no order: on so many goroutines at once, each with its own number from 0. Its
// error is that the file was changed or cut meanwhile.
func (s *Set) EachBody(of, workers int, visit func(worker int, body []byte)) error {
	src := s.sources[of]
	err := inParallel(workers, len(src.chunks), func(worker, k int) error {
		c := &src.chunks[k]
		for i := c.firstBody; i < c.firstBody+c.bodies; i++ {
			if src.variants != nil && s.variants[src.variants[i]].Bodiless {
				continue
			}
			visit(worker, src.plain(uint64(i)))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return src.content.Changed()
}

// Close unmaps the files. No Item of the Set may be in use any more.
func (s *Set) Close() error {
	if s.whole != nil {
		return s.whole.Close()
	}
	return closeAll(s.sources)
}

func closeAll(sources []*source) error {
	var errs []error
	for _, src := range sources {
		errs = append(errs, src.close())
	}
	return errors.Join(errs...)
}
