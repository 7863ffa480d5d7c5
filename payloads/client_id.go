package payloads

import "fmt"

// clientIDKey is the key of a body under which inference tables keep whatever
// the client calls its request.
const clientIDKey = "client_request_id"

// clientIDSplice is the splicer of [Options.ClientRequestID]: the key and the
// request's id behind the brace that opens an object. A body that has the key
// already keeps its own, and one that is no object has no place for it.
func clientIDSplice(body []byte) (Splice, string) {
	start := skipSpace(body, 0)
	if !isAt(body, start, '{') {
		return Splice{}, ""
	}
	own := false
	eachMember(body, start, 1, func(rawKey, _ []byte, _ int) string {
		key, _ := unquote(rawKey)
		own = own || string(key) == clientIDKey
		return ""
	})
	switch {
	case own:
		return Splice{}, ""
	case isAt(body, skipSpace(body, start+1), '}'):
		return Splice{At: uint32(start + 1), Text: LoneClientIDText}, ""
	}
	return Splice{At: uint32(start + 1), Text: ClientIDText}, ""
}

func (s Splice) isClientID() bool { return s.Text == ClientIDText || s.Text == LoneClientIDText }

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

// noBodies is the error for options that need bodies where there are none.
func (o Options) noBodies() error {
	option, purpose := "--client-request-id", "stamp"
	if o.Unique {
		option, purpose = "--unique", "make unique"
	}
	return fmt.Errorf("%s: there are no bodies to %s; name some with --payloads", option, purpose)
}
