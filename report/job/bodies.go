package job

import (
	"bytes"
	"errors"
	"slices"
	"strings"
)

// mostKeptNames is how many names the line on what is kept back lists.
const mostKeptNames = 10

func addNames(list, names []string) []string {
	for _, name := range names {
		if len(list) < mostKeptNames &&
			!slices.ContainsFunc(list, func(known string) bool { return strings.EqualFold(known, name) }) {
			list = append(list, name)
		}
	}
	return list
}

// eachQuery calls visit for each path of request lines that has a query.
func (s *Source) eachQuery(visit func(path string)) {
	_ = s.set.EachPath(func(path []byte, _ func() string) bool { // a file that was cut is found when it is sent
		if bytes.IndexByte(path, '?') >= 0 {
			visit(string(path))
		}
		return true
	})
}

// bodies gives the job those of the files asked for.
func (s *Source) bodies(j *Job, files []string) (err error) {
	var specs []string
	for i, spec := range s.specs {
		if slices.Contains(files, spec.Path) {
			specs = append(specs, s.flags.Payloads.Payloads[i])
		}
	}
	if len(specs) == len(s.specs) {
		j.set = s.set
		return nil
	}
	if len(specs) == 0 {
		return errors.New("choose at least one file of bodies")
	}
	chosen := s.flags.Payloads
	if chosen.Payloads = specs; slices.Contains(specs, "-") {
		return errors.New("standard input cannot be read again: choose all files")
	}
	j.own = true
	j.set, err = chosen.Open(nil, false)
	return err
}
