package payloads

import "bufio"

// makeFromExample writes the one body of a file again and again.
func makeFromExample(out *bufio.Writer, content *mapping, in MakeOptions) (n int, err error) {
	var line []byte
	err = guarded(func() (err error) {
		line, err = exampleLine(content, in.Path)
		return err
	})
	if err != nil {
		return 0, err
	}
	for ; n < in.Count; n++ {
		if _, err := out.Write(line); err != nil {
			return n, &WriteError{err}
		}
	}
	return n, nil
}

// exampleLine returns the one JSON value of a file as a line.
func exampleLine(content *mapping, path string) ([]byte, error) {
	s := source{spec: Spec{Path: path}, name: content.name, data: content.data}
	start, end := skipSpace(s.data, s.textStart()), len(s.data)
	for end > start && isSpace(s.data[end-1]) {
		end--
	}
	value := s.data[start:end]
	switch {
	case len(value) == 0:
		return nil, s.wrong("empty; it needs one JSON value, the example")
	case len(value) > maxBody:
		return nil, s.wrong("an example of more than 64 MiB; to make bodies from CSV give no count, and a name that does not end in .json")
	case !validJSON(value):
		return nil, s.valueFault(start, end, "an example must be one JSON value")
	}
	return append(appendCompact(nil, value), '\n'), nil
}
