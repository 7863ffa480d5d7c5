package generate

import (
	"fmt"
	"strconv"

	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
	"brunt/payloads/show"
)

// member is one member of a body's object.
type member struct {
	key   string
	value []byte // as JSON, on one line
	// origin is the option that sets it; 0 for what may be set otherwise without
	// contradiction.
	origin setting.Field
}

// members are those of one object, in order.
type members []member

// has reports whether there is a member of that key.
func (m members) has(key string) bool {
	for i := range m {
		if m[i].key == key {
			return true
		}
	}
	return false
}

// append writes the members, each with a comma before it, but for those that
// others has as well.
func (m members) append(out []byte, others members) []byte {
	for i := range m {
		if others.has(m[i].key) {
			continue
		}
		out = append(jsonscan.AppendString(append(out, ','), m[i].key), ':')
		out = append(out, m[i].value...)
	}
	return out
}

// readMembers takes the members of a sound JSON object, each key once.
func readMembers(list members, object []byte) (_ members, what string) {
	jsonscan.EachMember(object, 0, 1, func(rawKey, value []byte, _ int) string {
		key, ok := jsonscan.Unquote(rawKey)
		switch {
		case !ok:
			what = fmt.Sprintf("key %s: not valid Unicode", show.Excerpt(rawKey))
		case list.has(string(key)):
			what = fmt.Sprintf("key %s given twice; leave one out", show.Excerpt(key))
		}
		list = append(list, member{key: string(key), value: jsonscan.AppendCompact(nil, value)})
		return what
	})
	return list, what
}

// ownMembers are what the options put into each body, but for its limit of
// tokens, which may differ from body to body.
func (o *ChatOptions) ownMembers() members {
	var list members
	if o.Model != "" {
		list = append(list, member{"model", jsonscan.AppendString(nil, o.Model), setting.Model})
	}
	if o.Temperature != nil {
		value := strconv.AppendFloat(nil, *o.Temperature, 'g', -1, 64)
		list = append(list, member{"temperature", value, setting.Temperature})
	}
	if o.Stream {
		list = append(list, member{"stream", []byte("true"), setting.Stream},
			member{"stream_options", []byte(`{"include_usage":true}`), 0})
	}
	if o.IgnoreEOS {
		list = append(list, member{"ignore_eos", []byte("true"), setting.IgnoreEOS})
	}
	return list
}

// extraMembers are those of ExtraBody. None may contradict another option.
func (o *ChatOptions) extraMembers(own members) (members, error) {
	if o.ExtraBody == "" {
		return nil, nil
	}
	text := []byte(o.ExtraBody)
	text = text[jsonscan.SkipSpace(text, 0):]
	if !jsonscan.Valid(text) || !jsonscan.IsAt(text, 0, '{') {
		reason := "no JSON object"
		if !jsonscan.Valid(text) {
			reason, _ = jsonscan.Fault(text)
		}
		return nil, setting.Wrong(setting.ExtraBody, "", `%s; write it as {"top_p":0.9}`, reason)
	}
	extra, what := readMembers(nil, text)
	if what != "" {
		return nil, setting.Wrong(setting.ExtraBody, "", "%s", what)
	}
	for _, m := range own {
		if m.origin != 0 && extra.has(m.key) {
			return nil, contradicts(m.key, m.origin)
		}
	}
	key, origin := o.limit()
	switch {
	case extra.has("messages"):
		return nil, setting.Wrong(setting.ExtraBody, "", "messages are made of the prompts; leave them out")
	case origin != 0 && extra.has(key):
		return nil, contradicts(key, origin)
	}
	return extra, nil
}

func contradicts(key string, origin setting.Field) error {
	return setting.Errorf("%v and %v both set %s: leave one out", origin, setting.ExtraBody, key)
}

// limit is the key under which bodies have their limit of tokens, and the
// option that sets it; 0 without one.
func (o *ChatOptions) limit() (key string, origin setting.Field) {
	switch {
	case o.MaxCompletionTokens.Given():
		return "max_completion_tokens", setting.MaxCompletionTokens
	case o.OutputTokens.Given():
		return "max_tokens", setting.OutputTokens
	case o.MaxTokens > 0:
		return "max_tokens", setting.MaxTokens
	}
	return "max_tokens", 0
}
