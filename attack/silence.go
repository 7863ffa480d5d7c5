package attack

// silence is the longest stretch in which a tally saw no reply end, from one
// end to the next. The first one begins at the measured start.
type silence struct{ from, to Instant }

// replyEnded notes a reply's end after the one before.
func (s *silence) replyEnded(before, end Instant) {
	if end.Sub(before) > s.to.Sub(s.from) {
		*s = silence{before, end}
	}
}

// common is what both have in common: of all tallies, the stretch in which none saw
// a reply end.
func (s silence) common(o silence) silence {
	from, to := max(s.from, o.from), min(s.to, o.to)
	if to < from {
		return silence{from, from}
	}
	return silence{from, to}
}
