package endpoint

import (
	"io"
	"log"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"brunt/attack/endpoint/secret"
	"brunt/payloads"
	"brunt/payloads/regex"
)

// tokenPattern are the looks of credentials: what follows an authorization scheme,
// Databricks' own tokens, and JSON Web Tokens, whole or cut short.
var tokenPattern = regex.Lazy(
	`(?i)\b(?:bearer|basic) +[A-Za-z0-9._~+/=-]{8,}|\bd(?:api|ose|kea|sapi)[0-9a-f]{12,}(?:-\d+)?|\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}`,
)

// secretHeader are names of a reply's headers whose values are, or may hold,
// secrets that brunt did not send.
var secretHeader = regex.Lazy(`(?i)auth|cookie|token|secret|passw|credential|signature|session|api-?key|csrf|xsrf`)

// Withhold gives those headers that may be sent to any host, and the names of the
// others.
func Withhold(headers []payloads.Header) (list []payloads.Header, kept []string) {
	for _, h := range headers {
		if secret.Harmless(h.Name, h.Value) {
			list = append(list, h)
		} else {
			kept = append(kept, h.Name)
		}
	}
	return list, kept
}

// Credentials are the names of those headers, and of the values of a path's query,
// that speak of a credential.
func Credentials(headers []payloads.Header, path string) (names []string) {
	for _, h := range headers {
		if h.Value != "" && secret.Suspect(h.Name) {
			names = append(names, h.Name)
		}
	}
	_, query, _ := strings.Cut(path, "?")
	for part := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(part, "="); value != "" && secret.Suspect(name) {
			names = append(names, name)
		}
	}
	return names
}

// Local reports whether all of the endpoint's addresses are of this machine
// itself, so that nothing is sent over a network.
func (e *Endpoint) Local() bool {
	return e.Embedded != nil || e.Target.Socket != "" || !slices.ContainsFunc(e.Dialer.Addresses(), func(address string) bool {
		at, err := netip.ParseAddrPort(address)
		return err != nil || !at.Addr().Unmap().IsLoopback()
	})
}

// WithholdQuery gives a path without those values of its query that may not be
// sent to any host, and their names.
func WithholdQuery(path string) (string, []string) {
	base, query, ok := strings.Cut(path, "?")
	if !ok {
		return path, nil
	}
	var list, kept []string
	for part := range strings.SplitSeq(query, "&") {
		if redactQuery(part) == part {
			list = append(list, part)
			continue
		}
		name, _, _ := strings.Cut(part, "=")
		if name == part {
			name = "without a name"
		}
		kept = append(kept, name)
	}
	if len(list) == 0 {
		return base, kept
	}
	return base + "?" + strings.Join(list, "&"), kept
}

// RedactTokens replaces what looks like a credential in text of the endpoint's,
// which may repeat what it was sent.
func RedactTokens(text string) string {
	lower := strings.ToLower(text)
	for _, word := range tokenWords {
		if strings.Contains(lower, word) {
			return tokenPattern().ReplaceAllString(text, redacted)
		}
	}
	return text
}

// tokenWords are what all that tokens finds begins with: most texts have none of
// them, and cost little.
var tokenWords = []string{"bearer", "basic", "dapi", "dose", "dkea", "dsapi", "eyj"}

// RedactHeader is a reply's header value as it may be shown.
func RedactHeader(name, value string) string {
	if value != "" && secretHeader().MatchString(name) {
		return redacted
	}
	if strings.Contains(value, "://") || strings.EqualFold(name, "location") {
		value = redactURL(value)
	}
	return RedactTokens(value)
}

// silenceLibraryLogs discards what libraries log by themselves: unsolicited replies,
// and with GODEBUG=http2debug frames and their contents.
var silenceLibraryLogs = sync.OnceFunc(func() { log.SetOutput(io.Discard) })

// AddSecrets has what headers hold, and the query of a payload's path, taken out by Redact
// from now on, unless it is harmless.
func (e *Endpoint) AddSecrets(headers []payloads.Header, path string) {
	addSecrets(&e.secrets, headers, path)
	if len(headers) > 0 {
		silenceLibraryLogs()
	}
}

func addSecrets(s *secret.Set, headers []payloads.Header, path string) {
	for _, h := range headers {
		s.Header(h.Name, h.Value)
	}
	s.URL(path)
}

// Redactor takes out what AddSecrets would, and nothing else.
func Redactor(headers []payloads.Header, path string) func(text string) string {
	s := &secret.Set{}
	addSecrets(s, headers, path)
	return s.Redact
}

// Redact takes the endpoint's credentials, what AddSecrets was given, and what looks like
// a credential out of a text.
func (e *Endpoint) Redact(text string) string { return RedactTokens(e.secrets.Redact(text)) }

// RedactCut is Redact for a text whose end is missing, maybe within a secret.
func (e *Endpoint) RedactCut(text string) string { return RedactTokens(e.secrets.RedactCut(text)) }
