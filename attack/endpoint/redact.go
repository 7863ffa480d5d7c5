package endpoint

import (
	"encoding/base64"
	"io"
	"log"
	"regexp"
	"strings"
	"sync"

	"brunt/payloads"
)

// compiled is an expression that is not compiled before it is needed: most
// commands never need any of these.
func compiled(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// tokens are the looks of credentials: what follows an authorization scheme,
// Databricks' own tokens, and JSON Web Tokens, whole or cut short.
var tokens = compiled(`(?i)\b(?:bearer|basic) +[A-Za-z0-9._~+/=-]{8,}|\bd(?:api|ose|kea|sapi)[0-9a-f]{12,}(?:-\d+)?|\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}`)

// secretHeader are names of headers whose values are, or may hold, secrets.
var secretHeader = compiled(`(?i)auth|cookie|token|secret|passw|credential|signature|session|api-?key|csrf|xsrf`)

// SecretHeader reports whether a header of that name may hold a secret.
func SecretHeader(name string) bool { return secretHeader().MatchString(name) }

// HideTokens replaces what looks like a credential in text of the endpoint's,
// which may repeat what it was sent.
func HideTokens(text string) string {
	lower := strings.ToLower(text)
	for _, word := range tokenWords {
		if strings.Contains(lower, word) {
			return tokens().ReplaceAllString(text, hidden)
		}
	}
	return text
}

// tokenWords are what all that tokens finds begins with: most texts have none of
// them, and cost little.
var tokenWords = []string{"bearer", "basic", "dapi", "dose", "dkea", "dsapi", "eyj"}

// HideInHeader is a reply's header value as it may be shown.
func HideInHeader(name, value string) string {
	if value != "" && SecretHeader(name) {
		return hidden
	}
	if strings.Contains(value, "://") {
		value = hideURL(value)
	}
	return HideTokens(value)
}

// SafeTarget is a TARGET word as it may be shown.
func SafeTarget(word string) string {
	if !strings.Contains(word, "://") {
		return word
	}
	return hideURL(word)
}

// hush ends what libraries log by themselves: with GODEBUG=http2debug, frames and
// what is in them.
var hush = sync.OnceFunc(func() { log.SetOutput(io.Discard) })

// Conceal has the values of headers that may be secrets hidden by Hide from now
// on.
func (e *Endpoint) Conceal(headers []payloads.Header) {
	for _, h := range headers {
		if !SecretHeader(h.Name) {
			continue
		}
		hush()
		scheme, word, found := strings.Cut(h.Value, " ")
		if !found {
			word = scheme
		}
		e.secrets.Keep(word)
		if pair, err := base64.StdEncoding.DecodeString(word); err == nil && strings.EqualFold(scheme, "basic") {
			_, password, _ := strings.Cut(string(pair), ":")
			e.secrets.Keep(password)
		}
	}
}

// Hide takes the endpoint's credentials, what is concealed, and what looks like
// a credential out of a text.
func (e *Endpoint) Hide(text string) string { return HideTokens(e.secrets.Hide(text)) }
