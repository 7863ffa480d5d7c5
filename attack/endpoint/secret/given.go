package secret

import (
	"encoding/base64"
	"net/url"
	"os"
	"slices"
	"strings"
)

// schemes are the words before the credentials of an Authorization header
// (IANA's registry, and those that are in use without being in it).
var schemes = []string{
	"bearer",
	"basic",
	"digest",
	"token",
	"apikey",
	"api-key",
	"key",
	"negotiate",
	"ntlm",
	"hoba",
	"dpop",
	"mutual",
	"vapid",
	"aws4-hmac-sha256",
	"aws",
	"sharedkey",
	"sharedaccesssignature",
	"signature",
	"oauth",
	"jwt",
	"splunk",
	"snowflake",
}

// Header remembers what a header's value holds, unless it is harmless: the
// value, what follows an authorization scheme, and the values of its parameters.
func (s *Set) Header(name, value string) {
	value = strings.TrimSpace(value)
	if Harmless(name, value) {
		return
	}
	scheme, rest, found := strings.Cut(value, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case found && Scheme(scheme):
		s.value(name, rest)
		if pair := unpacked(rest); pair != "" && strings.EqualFold(scheme, "basic") {
			s.pair(pair)
		}
	case !Scheme(value):
		s.value(name, value)
		rest = value
	}
	if !strings.Contains(rest, "=") {
		return
	}
	for _, part := range strings.FieldsFunc(rest, func(c rune) bool { return c == ';' || c == ',' || c == ' ' || c == '&' }) {
		if key, word, ok := strings.Cut(part, "="); ok && !strings.EqualFold(key, "signedheaders") {
			if word = strings.Trim(word, `"`); !Harmless(key, word) {
				s.value(key, word)
			}
		}
	}
}

// unpacked is the text behind base64, of either alphabet and with or without
// padding; empty where it is none.
func unpacked(word string) string {
	word = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(word, "="))
	text, err := base64.RawStdEncoding.DecodeString(word)
	if err != nil {
		return ""
	}
	return string(text)
}

// Scheme reports whether a word is one that stands before the credentials of an
// Authorization header.
func Scheme(word string) bool { return slices.Contains(schemes, strings.ToLower(word)) }

// value remembers what was given under a name: where that speaks of a secret it
// is hidden wherever it stands, elsewhere a short one only as a word of its own.
func (s *Set) value(name, word string) {
	if suspect().MatchString(name) {
		s.Keep(word)
	} else {
		s.Note(word)
	}
}

// pair remembers user:password. A user's name is in many texts; it is a key where
// there is no password.
func (s *Set) pair(text string) {
	user, password, _ := strings.Cut(text, ":")
	if s.Keep(password); password == "" || hasRandom(user) {
		s.Keep(user)
	}
	if password != "" && user != "" {
		s.Keep(text)
	}
}

// User remembers a user's password, given as user:password; what stands for one that
// is kept elsewhere (@FILE, env:NAME) is none.
func (s *Set) User(word string) {
	_, password, _ := strings.Cut(word, ":")
	for _, text := range []string{word, password} {
		if strings.HasPrefix(text, "@") || strings.HasPrefix(text, "env:") {
			return
		}
	}
	s.pair(word)
}

// Query remembers the values of a query, as it stands in a URL.
func (s *Set) Query(query string) {
	for _, part := range strings.FieldsFunc(query, func(c rune) bool { return c == '&' || c == ';' || c == '#' || c == '?' }) {
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			if Looks(part) {
				s.Note(part)
			}
			continue
		}
		name, err := url.QueryUnescape(key)
		if err != nil {
			name = "key"
		}
		plain, err := url.QueryUnescape(value)
		if err != nil {
			plain = value
		}
		if Harmless(name, plain) {
			continue
		}
		if s.value(name, plain); plain != value {
			s.value(name, value)
		}
	}
}

// URL remembers the user, the password and the query's values of a URL, or of
// what was meant to be one: its scheme may be missing.
func (s *Set) URL(word string) {
	user, rest := Userinfo(word)
	if user != "" {
		s.pair(user)
		name, password, _ := strings.Cut(user, ":")
		if plain, err := url.PathUnescape(password); err == nil {
			s.Keep(plain)
		}
		if plain, err := url.PathUnescape(name); err == nil && plain != name {
			s.pair(plain + ":" + password)
		}
	}
	if at := strings.IndexAny(rest, "?#"); at >= 0 && !strings.HasPrefix(rest, "mock:") { // whose keys are no secrets
		s.Query(rest[at+1:])
	}
}

// Userinfo splits a URL into user:password and all but that and its @; the scheme
// may be missing. It takes what no URL may hold, such as a password with a slash,
// and rather too much than too little.
func Userinfo(word string) (user, rest string) {
	scheme, after, ok := strings.Cut(word, "://")
	if scheme += "://"; !ok {
		after = word
		for _, name := range []string{"http:", "https:"} { // with a slash too few
			if rest, found := strings.CutPrefix(strings.ToLower(word), name); found {
				after = word[len(word)-len(rest):]
			}
		}
		after = strings.TrimLeft(after, "/")
		scheme = word[:len(word)-len(after)]
	}
	authority := after
	if end := strings.IndexAny(after, "/?#"); end >= 0 {
		authority = after[:end]
	}
	_, port, named := strings.Cut(authority, ":")
	plain := !named || strings.Trim(port, "0123456789") == "" || strings.HasPrefix(authority, "[")
	at := strings.LastIndexByte(after, '@')
	if at < 0 || plain && !strings.Contains(authority, "@") {
		return "", word
	}
	return after[:at], scheme + after[at+1:]
}

// Environment remembers the credentials that the environment holds: the
// variables whose names speak of a secret, and the users of proxies. Paths of
// files are none.
func (s *Set) Environment() {
	for _, line := range os.Environ() {
		name, value, _ := strings.Cut(line, "=")
		lower := strings.ToLower(name)
		switch {
		case lower == "brunt_header":
			for header := range strings.Lines(value) {
				key, word, _ := strings.Cut(header, ":")
				s.Header(strings.TrimSpace(key), strings.TrimSpace(word))
			}
		case lower == "brunt_user":
			s.User(value)
		case strings.HasSuffix(lower, "_proxy"):
			s.URL(value)
		case strings.HasPrefix(lower, "databricks_") && suspect().MatchString(name) && !Harmless(name, value):
			s.Keep(value)
		case len(value) < run || strings.HasPrefix(value, "/") || Harmless(name, value) || !suspect().MatchString(name):
		default:
			s.Keep(value)
		}
	}
}
