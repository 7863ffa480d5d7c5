package payloads

import (
	"os"

	"brunt/payloads/compose"
	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
	"brunt/payloads/splice"
)

// OpenWhole is a set of one body: a file as it is, whatever it holds, compressed where
// the options say so and it is not. "-" is standard input.
func OpenWhole(path string, o Options) (*Set, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.Stdin == nil {
		o.Stdin = os.Stdin
	}
	whole, err := compose.OpenWhole(path, o.Stdin, o.Coding)
	if err != nil {
		return nil, err
	}
	s := Single(path, whole.Sent)
	s.variants[0].ContentType = whole.Type
	s.whole, s.unpacked = whole, whole.Plain
	list := o.splicers()
	if len(list) == 0 {
		return s, nil
	}
	what := setting.Plain("no JSON, into which alone text can be put; leave that out")
	if jsonscan.Valid(whole.Plain) {
		s.single, what = splice.Find(list, whole.Plain)
	}
	if !what.Empty() {
		_ = whole.Close() // our own copy
		return nil, setting.Errorf("%s: %v", file.Display(path), what)
	}
	s.spliced, s.stamps = true, o.ClientRequestID
	return s, nil
}

// oneFile describes the one body.
func (s *Set) oneFile() File {
	b := s.fixed.Body
	if s.unpacked != nil {
		b = s.unpacked
	}
	return File{Path: s.name, Lines: 1, Bytes: int64(len(b)), SHA256: digest(b), Weight: 1}
}
