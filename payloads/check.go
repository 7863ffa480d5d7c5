package payloads

// Check reads all files as [Open] does and lists what is wrong with them, in
// the order of files and lines: up to limit problems, and how many there are
// beyond. It describes the files that could be indexed, sound or not; bad
// lines count as lines. The error is for arguments that make no sense
// together.
func Check(specs []Spec, o Options, limit int) (files []File, problems []error, more int, err error) {
	if o, err = o.withDefaults(); err != nil {
		return nil, nil, 0, err
	}
	found := ledger{limit: max(0, limit)}
	sources, _, err := load(specs, o, &found)
	if err != nil {
		return nil, nil, 0, err
	}
	files = describe(sources)
	closeAll(sources)
	return files, found.problems, found.more, nil
}
