package payloads

import "brunt/payloads/splice"

// Stamped returns how many bodies get a client_request_id as they are sent,
// and how many do not, though [Options.ClientRequestID] asks for it. Both are 0
// where it does not.
func (s *Set) Stamped() (stamped, left int) {
	count := func(splices splice.List) {
		if splices.HaveClientID() {
			stamped++
		} else {
			left++
		}
	}
	switch {
	case !s.stamps:
	case s.fixed != nil:
		count(s.single)
	default:
		for _, src := range s.sources {
			for i := range src.splices {
				count(src.splices[i])
			}
		}
	}
	return stamped, left
}
