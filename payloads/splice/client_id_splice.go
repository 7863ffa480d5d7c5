package splice

import (
	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
)

// clientIDKey is the key of a body under which inference tables keep what
// the client calls its request.
const clientIDKey = "client_request_id"

// clientIDSplice is the [Finder] of client_request_ids: the key and the
// request's id behind the brace that opens an object. A body that has the key
// already keeps its own, and one that is no object has no place for it.
func clientIDSplice(body []byte) (Splice, setting.Text) {
	start := jsonscan.SkipSpace(body, 0)
	if !jsonscan.IsAt(body, start, '{') {
		return Splice{}, setting.Text{}
	}
	own := false
	jsonscan.EachMember(body, start, 1, func(rawKey, _ []byte, _ int) string {
		key, _ := jsonscan.Unquote(rawKey)
		own = own || string(key) == clientIDKey
		return ""
	})
	switch {
	case own:
		return Splice{}, setting.Text{}
	case jsonscan.IsAt(body, jsonscan.SkipSpace(body, start+1), '}'):
		return Splice{At: uint32(start + 1), Text: LoneClientIDText}, setting.Text{}
	}
	return Splice{At: uint32(start + 1), Text: ClientIDText}, setting.Text{}
}

// HaveClientID reports whether one of the splices is a client_request_id.
func (s List) HaveClientID() bool {
	for _, one := range s.list() {
		if one.Text == ClientIDText || one.Text == LoneClientIDText {
			return true
		}
	}
	return false
}
