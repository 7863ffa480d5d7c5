package payloads

// nonceSplice is the splicer of [Options.Unique]: at the beginning of the text
// that a model is asked about, for prompt caches go by how texts begin. What
// stands before it, such as a system message that all requests share, stays
// alike, as it would for real users.
func nonceSplice(body []byte) (Splice, string) {
	at := nonceAt(body)
	if at < 0 {
		return Splice{}, "no text to make unique: --unique needs a user message in messages, or text in prompt or input; leave it out, or mend the body"
	}
	return Splice{At: uint32(at), Text: NonceText}, ""
}

// nonceAt returns the offset of the first character of the first user message,
// of prompt or of input, or -1. Of keys given twice the last one counts, as it
// does for most readers.
func nonceAt(body []byte) int {
	start := skipSpace(body, 0)
	if !isAt(body, start, '{') {
		return -1
	}
	messages, prompt, input := -1, -1, -1
	eachMember(body, start, 1, func(rawKey, value []byte, offset int) string {
		key, _ := unquote(rawKey)
		switch string(key) {
		case "messages":
			messages = firstUserText(value, offset)
		case "prompt":
			prompt = firstText(value, offset)
		case "input":
			if input = firstText(value, offset); input < 0 {
				input = firstUserText(value, offset)
			}
		}
		return ""
	})
	switch {
	case messages >= 0:
		return messages
	case prompt >= 0:
		return prompt
	}
	return input
}

// firstText is for a string, or a list that begins with one.
func firstText(value []byte, offset int) int {
	if isAt(value, 0, '"') {
		return offset + 1
	}
	at := -1
	eachElement(value, func(element []byte, i int) bool {
		if isAt(element, 0, '"') {
			at = offset + i + 1
		}
		return false
	})
	return at
}

// firstUserText is for a list of messages.
func firstUserText(value []byte, offset int) int {
	at := -1
	eachElement(value, func(message []byte, i int) bool {
		user, content := false, -1
		eachMember(message, 0, 1, func(rawKey, value []byte, k int) string {
			switch key, _ := unquote(rawKey); string(key) {
			case "role":
				role, _ := unquote(value)
				user = string(role) == "user"
			case "content":
				content = contentText(value, offset+i+k)
			}
			return ""
		})
		if user {
			at = content
		}
		return at < 0
	})
	return at
}

// contentText is for a message's content: a string, or a list of parts of
// which some may be text.
func contentText(value []byte, offset int) int {
	if isAt(value, 0, '"') {
		return offset + 1
	}
	at := -1
	eachElement(value, func(part []byte, i int) bool {
		eachMember(part, 0, 1, func(rawKey, value []byte, k int) string {
			if key, _ := unquote(rawKey); string(key) == "text" {
				if at = -1; isAt(value, 0, '"') {
					at = offset + i + k + 1
				}
			}
			return ""
		})
		return at < 0
	})
	return at
}
