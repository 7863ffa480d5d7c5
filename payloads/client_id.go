package payloads

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
