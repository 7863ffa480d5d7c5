package endpoint

import (
	"net/url"
	"strings"

	"brunt/attack/endpoint/secret"
)

// hidden stands where a secret stood.
const hidden = "***"

// hideQuery replaces the values of a query, but for the harmless ones.
func hideQuery(query string) string {
	parts := strings.Split(query, "&")
	for i, part := range parts {
		key, value, ok := strings.Cut(part, "=")
		if !ok && secret.Looks(part) {
			parts[i] = hidden
		}
		if !ok {
			continue
		}
		name, err := url.QueryUnescape(key)
		text, bad := url.QueryUnescape(value)
		if err != nil || bad != nil || !secret.Harmless(name, text) {
			parts[i] = key + "=" + hidden
		}
	}
	return strings.Join(parts, "&")
}

// hideURL replaces what is secret in a URL, or in what was meant to be one: its
// user and password, and the values of its query and its fragment.
func hideURL(word string) string {
	if user, rest := secret.Userinfo(word); user != "" {
		scheme, after, ok := strings.Cut(rest, "://")
		if scheme += "://"; !ok {
			scheme, after = "", rest
		}
		word = scheme + hidden + "@" + after
	}
	if rest, fragment, ok := strings.Cut(word, "#"); ok {
		return hideURL(rest) + "#" + hideQuery(fragment)
	}
	base, query, ok := strings.Cut(word, "?")
	switch {
	case !ok:
		return base
	case strings.HasPrefix(base, "mock:"):
		return base + "?" + query // its tokens are those of answers, and it knows no secrets
	}
	return base + "?" + hideQuery(query)
}

// SafeTarget is a TARGET word as it may be shown.
func SafeTarget(word string) string { return HideTokens(hideURL(word)) }

// Scheme reports whether a word is one that stands before the credentials of an
// Authorization header.
func Scheme(word string) bool { return secret.Scheme(word) }
