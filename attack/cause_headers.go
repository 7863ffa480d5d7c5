package attack

import (
	"bytes"
	"strings"

	"brunt/attack/endpoint"
	"brunt/attack/spell"
)

// Bounds of the headers that are kept of a failed reply.
const (
	maxHeaders  = 64
	headerShown = 300 // bytes of a value
)

// ownHeaders is how the names of Databricks' own headers begin.
const ownHeaders = "x-databricks-"

// ofDatabricks reports whether a failed reply bears a header of Databricks'.
func (r *reply) ofDatabricks() bool {
	for i := range r.fields {
		if strings.HasPrefix(r.fields[i].Name, ownHeaders) {
			return true
		}
	}
	if r.shared {
		return false
	}
	for key := range r.Header.All() {
		if len(key) > len(ownHeaders) && bytes.EqualFold(key[:len(ownHeaders)], []byte(ownHeaders)) {
			return true
		}
	}
	return false
}

// headers are the reply's, fit to be shown: without the secrets that redact takes
// out of a text, each name once, its values joined. Nil where the header is not
// known.
func (r *reply) headers(redact func(string) string) map[string]string {
	all := map[string]string{}
	add := func(name, value string) {
		name = redact(strings.ToLower(spell.OneLine(name, 80)))
		value = spell.OneLine(redact(spell.OneLine(endpoint.RedactHeader(name, value), 4*headerShown)), headerShown)
		if before, ok := all[name]; ok && len(before)+len(value) < headerShown {
			value = before + ", " + value
		}
		if len(all) < maxHeaders {
			all[name] = value
		}
	}
	for _, f := range r.fields {
		add(f.Name, f.Value)
	}
	if !r.shared {
		for key, value := range r.Header.All() {
			add(string(key), string(value))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
