package config

import (
	"slices"
	"strings"

	"brunt/attack/endpoint"
	"brunt/attack/endpoint/secret"
	"brunt/payloads/regex"
)

// redacted replaces a secret.
const redacted = "***"

// plain is a word that a shell takes as it is.
var plain = regex.Lazy(`^[A-Za-z0-9_@%+=:,./-]+$`)

// RedactWord is a word of a command line as it may be shown where it is not known
// what it was meant for.
func RedactWord(word string) string {
	name, value, ok := strings.Cut(word, ":")
	switch {
	case ok && !strings.HasPrefix(value, "//") && headerName().MatchString(name) && !secret.Harmless(name, value) && !strings.Contains(word, "@"):
		if strings.Trim(value, "0123456789") == "" || strings.HasPrefix(value, "0/") {
			break // host:port, file:weight
		}
		return name + ": " + redacted
	case secret.Looks(word) && !strings.ContainsAny(word, "?@="):
		return redacted
	}
	if strings.ContainsAny(word, "?@#") {
		return endpoint.RedactTarget(word)
	}
	flag, value, ok := strings.Cut(word, "=")
	if ok && !secret.Harmless(strings.TrimLeft(flag, "-"), value) {
		return flag + "=" + redacted
	}
	return endpoint.RedactTokens(word)
}

var headerName = regex.Lazy(`^[A-Za-z][A-Za-z0-9_-]*$`)

// CommandLine writes the words of a command, each flag's value being one of its
// own or after "=", as one would type them again, without the values of headers
// and of the page's token, which may be secrets: those kept in files or the
// environment are named, others are hidden.
func CommandLine(args []string) string {
	out := []string{"brunt"}
	for i, word := range args {
		flag, value, joined := strings.Cut(word, "=")
		switch {
		case flag == "--header" && joined:
			word = flag + "=" + redactHeader(value)
		case i > 0 && (args[i-1] == "-H" || args[i-1] == "--header"):
			word = redactHeader(word)
		case flag == "--user" && joined:
			word = flag + "=" + redactUser(value)
		case i > 0 && (args[i-1] == "-u" || args[i-1] == "--user"):
			word = redactUser(word)
		case slices.Contains(tokenFlags, flag) && joined:
			word = flag + "=" + redactToken(value)
		case i > 0 && slices.Contains(tokenFlags, args[i-1]):
			word = redactToken(word)
		case flag == proxyFlag && joined:
			word = flag + "=" + redactProxy(value)
		case i > 0 && args[i-1] == proxyFlag:
			word = redactProxy(word)
		case flag == keyPassFlag && joined:
			word = flag + "=" + redactPassphrase(value)
		case i > 0 && args[i-1] == keyPassFlag:
			word = redactPassphrase(word)
		case strings.HasPrefix(word, "-H") && len(word) > 2:
			word = "-H" + redactHeader(word[2:])
		case strings.Contains(word, "://"):
			word = endpoint.RedactTarget(word)
		}
		out = append(out, quote(word))
	}
	return strings.Join(out, " ")
}

// tokenFlags are those whose values are tokens.
var tokenFlags = []string{"--serve-token", "--worker-token", "--token"}

const (
	proxyFlag   = "--proxy"
	keyPassFlag = "--key-pass"
)

// redactProxy hides a proxy's user and password; the scheme of its URL may be missing.
func redactProxy(word string) string {
	if user, rest := secret.Userinfo(word); user != "" {
		scheme, host, ok := strings.Cut(rest, "://")
		if !ok {
			return redacted + "@" + rest
		}
		return scheme + "://" + redacted + "@" + host
	}
	return word
}

// redactPassphrase shows where a passphrase is kept, and never what it is.
func redactPassphrase(word string) string {
	if strings.HasPrefix(word, "@") || strings.HasPrefix(word, "env:") {
		return word
	}
	return redacted
}

func redactToken(word string) string {
	if strings.HasPrefix(word, "@") || strings.HasPrefix(word, "env:") {
		return word
	}
	return redacted
}

// redactUser shows where a user's password is kept, and never what it is.
func redactUser(word string) string {
	name, password, _ := strings.Cut(word, ":")
	switch {
	case strings.HasPrefix(word, "@"), strings.HasPrefix(word, "env:"),
		strings.HasPrefix(password, "@"), strings.HasPrefix(password, "env:"):
		return word
	case secret.Looks(name):
		return redacted
	}
	return name + ":" + redacted
}

func redactHeader(word string) string {
	name, value, ok := strings.Cut(word, ":")
	value = strings.TrimSpace(value)
	switch {
	case !ok:
		return redacted // which no header is
	case strings.HasPrefix(value, "@"),
		strings.HasPrefix(value, "env:"),
		secret.Harmless(strings.TrimSpace(name), value):
		return word
	}
	return name + ": " + redacted
}

func quote(word string) string {
	if plain().MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// RedactGiven takes out of a text what the words of a command line and the
// environment hold of secrets. It is for errors that come before anything of a
// target is known.
func RedactGiven(args []string, text string) string {
	s := &secret.Set{}
	s.Environment()
	before := ""
	for _, word := range args {
		given(s, before, word)
		before = word
	}
	return endpoint.RedactTokens(s.Redact(text))
}

var (
	beforeHeader = regex.Lazy(`^(?:-[A-Za-z]*H|--header)$`)
	beforeUser   = regex.Lazy(`^(?:-[A-Za-z]*u|--user)$`)
	joinedUser   = regex.Lazy(`^(?:-[A-Za-z]*u|--user=)([^=:-][^:]*:.*)$`)
	joinedHeader = regex.Lazy(`^(?:-[A-Za-z]*H|--header=)([A-Za-z][A-Za-z0-9_-]* *:.*)$`)
)

// given remembers what a word holds that may be secret; before is the one before
// it.
func given(s *secret.Set, before, word string) {
	if m := joinedHeader().FindStringSubmatch(word); m != nil {
		before, word = "-H", m[1]
	}
	if m := joinedUser().FindStringSubmatch(word); m != nil {
		before, word = "-u", m[1]
	}
	flag, value, joined := strings.Cut(word, "=")
	switch {
	case beforeUser().MatchString(before):
		s.User(word)
	case before == keyPassFlag && redactPassphrase(word) == redacted:
		s.Keep(word)
	case joined && flag == keyPassFlag && redactPassphrase(value) == redacted:
		s.Keep(value)
	case before == proxyFlag:
		s.URL(word)
	case joined && flag == proxyFlag:
		s.URL(value)
	case slices.Contains(tokenFlags, before) && redactToken(word) == redacted:
		s.Keep(word)
	case joined && slices.Contains(tokenFlags, flag) && redactToken(value) == redacted:
		s.Keep(value)
	case beforeHeader().MatchString(before), strings.Contains(word, ": "):
		name, value, _ := strings.Cut(word, ":")
		if value = strings.TrimSpace(value); !strings.HasPrefix(value, "@") && !strings.HasPrefix(value, "env:") {
			s.Header(name, value)
		}
	case strings.ContainsAny(word, "?@"):
		if joined && strings.HasPrefix(flag, "--") {
			word = value
		}
		s.URL(word)
	}
}
