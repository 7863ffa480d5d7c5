package endpoint

import (
	"net/url"
	"strings"

	"brunt/attack/endpoint/secret"
)

// redacted replaces a secret.
const redacted = "***"

// redactQuery replaces the values of a query, but for the harmless ones.
func redactQuery(query string) string {
	parts := strings.Split(query, "&")
	for i, part := range parts {
		key, value, ok := strings.Cut(part, "=")
		if !ok && secret.Looks(part) {
			parts[i] = redacted
		}
		if !ok {
			continue
		}
		name, err := url.QueryUnescape(key)
		text, bad := url.QueryUnescape(value)
		if err != nil || bad != nil || !secret.Harmless(name, text) {
			parts[i] = key + "=" + redacted
		}
	}
	return strings.Join(parts, "&")
}

// redactURL replaces what is secret in a URL, or in what was meant to be one: its
// user and password, and the values of its query and its fragment.
func redactURL(word string) string {
	if user, rest := secret.Userinfo(word); user != "" {
		scheme, after, ok := strings.Cut(rest, "://")
		if scheme += "://"; !ok {
			scheme, after = "", rest
		}
		word = scheme + redacted + "@" + after
	}
	if rest, fragment, ok := strings.Cut(word, "#"); ok {
		return redactURL(rest) + "#" + redactQuery(fragment)
	}
	base, query, ok := strings.Cut(word, "?")
	switch {
	case !ok:
		return base
	case strings.HasPrefix(base, "mock:"):
		return base + "?" + query // "tokens" are those of its answers; it has no secrets
	}
	return base + "?" + redactQuery(query)
}

// RedactTarget is a TARGET word as it may be shown.
func RedactTarget(word string) string { return RedactTokens(redactURL(word)) }

// Scheme reports whether a word is an authentication scheme, which comes before the
// credentials in an Authorization header.
func Scheme(word string) bool { return secret.Scheme(word) }
