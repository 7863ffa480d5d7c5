package splice

import (
	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
)

// nonceSplice is the [Finder] of unique prompts: at the beginning of the text
// that a model is asked about, for prompt caches go by how texts begin. What
// stands before it, such as a system message that all requests share, stays
// alike, as it would for real users.
func nonceSplice(body []byte) (Splice, setting.Text) {
	at := nonceAt(body)
	if at < 0 {
		return Splice{}, setting.Textf(
			"no text to make unique: %v needs a user message in messages, or text in prompt "+
				"or input; leave it out, or mend the body",
			setting.Unique,
		)
	}
	return Splice{At: uint32(at), Text: NonceText}, setting.Text{}
}

// nonceAt returns the offset of the first character of the first user message,
// of prompt or of input, or -1. Of keys given twice the last one counts, as it
// does for most readers.
func nonceAt(body []byte) int {
	start := jsonscan.SkipSpace(body, 0)
	if !jsonscan.IsAt(body, start, '{') {
		return -1
	}
	messages, prompt, input := -1, -1, -1
	jsonscan.EachMember(body, start, 1, func(rawKey, value []byte, offset int) string {
		key, _ := jsonscan.Unquote(rawKey)
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
	if jsonscan.IsAt(value, 0, '"') {
		return offset + 1
	}
	at := -1
	jsonscan.EachElement(value, func(element []byte, i int) bool {
		if jsonscan.IsAt(element, 0, '"') {
			at = offset + i + 1
		}
		return false
	})
	return at
}

// firstUserText is for a list of messages.
func firstUserText(value []byte, offset int) int {
	at := -1
	jsonscan.EachElement(value, func(message []byte, i int) bool {
		user, content := false, -1
		jsonscan.EachMember(message, 0, 1, func(rawKey, value []byte, k int) string {
			switch key, _ := jsonscan.Unquote(rawKey); string(key) {
			case "role":
				role, _ := jsonscan.Unquote(value)
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
	if jsonscan.IsAt(value, 0, '"') {
		return offset + 1
	}
	at := -1
	jsonscan.EachElement(value, func(part []byte, i int) bool {
		jsonscan.EachMember(part, 0, 1, func(rawKey, value []byte, k int) string {
			if key, _ := jsonscan.Unquote(rawKey); string(key) == "text" {
				if at = -1; jsonscan.IsAt(value, 0, '"') {
					at = offset + i + k + 1
				}
			}
			return ""
		})
		return at < 0
	})
	return at
}
