package payloads

// Stamped returns how many bodies get a client_request_id as they are sent,
// and how many do not, though [Options.ClientRequestID] asks for it. Both are 0
// where it does not.
func (s *Set) Stamped() (stamped, left int) {
	count := func(list [maxSplices]Splice) {
		for _, one := range list {
			if one.isClientID() {
				stamped++
				return
			}
		}
		left++
	}
	switch {
	case !s.stamps:
	case s.fixed != nil:
		count(s.single.list())
	default:
		for _, src := range s.sources {
			for i := range src.splices {
				count(src.splices[i].list())
			}
		}
	}
	return stamped, left
}
