package endpoint

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"brunt/payloads"
)

// Headers reads the words of -H and the files of --header-file: 'Name: value',
// where a value of @FILE is that file's text and env:NAME that environment
// variable's. Errors never show a value, which may be a secret.
func Headers(words, files []string) ([]payloads.Header, error) {
	var list []payloads.Header
	for _, file := range files {
		text, err := payloads.ReadText(file)
		if err != nil {
			return nil, fmt.Errorf("--header-file: %w", err)
		}
		for n, line := range strings.Split(text, "\n") {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			h, err := header(line)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, n+1, err)
			}
			list = append(list, h)
		}
	}
	for _, word := range words {
		h, err := header(word)
		if err != nil {
			return nil, fmt.Errorf("--header: %w", err)
		}
		list = append(list, h)
	}
	return list, nil
}

func header(word string) (payloads.Header, error) {
	name, value, ok := strings.Cut(word, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || name == "" {
		return payloads.Header{}, fmt.Errorf("no header name and colon; write it as 'Name: value'")
	}
	if file, ok := strings.CutPrefix(value, "@"); ok {
		text, err := payloads.ReadText(file)
		if err != nil {
			return payloads.Header{}, fmt.Errorf("%s: %w", name, err)
		}
		value = strings.TrimSpace(text)
	} else if env, ok := strings.CutPrefix(value, "env:"); ok {
		if value, ok = os.LookupEnv(env); !ok {
			return payloads.Header{}, fmt.Errorf("%s: the environment has no variable %s", name, env)
		}
		value = strings.TrimSpace(value)
	}
	return payloads.Header{Name: name, Value: value}, nil
}

// hidden stands where a secret stood.
const hidden = "***"

var (
	secretKey = compiled(`(?i)token|secret|passw|credential|signature|^sig$|apikey|api[-_]key|^key$|^auth|^code$`)
	plain     = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)
)

// hideQuery replaces the values of query parameters that look like secrets.
func hideQuery(query string) string {
	parts := strings.Split(query, "&")
	for i, part := range parts {
		key, value, ok := strings.Cut(part, "=")
		if name, err := url.QueryUnescape(key); ok && value != "" && (err != nil || secretKey().MatchString(name)) {
			parts[i] = key + "=" + hidden
		}
	}
	return strings.Join(parts, "&")
}

// CommandLine writes a command's words as one would type them again, without
// the values of headers and of the page's token, which may be secrets: those
// kept in files or the environment are named, others are hidden.
func CommandLine(args []string) string {
	out := []string{"brunt"}
	for i, word := range args {
		flag, value, joined := strings.Cut(word, "=")
		switch {
		case flag == "--header" && joined:
			word = flag + "=" + hideHeader(value)
		case i > 0 && (args[i-1] == "-H" || args[i-1] == "--header"):
			word = hideHeader(word)
		case flag == tokenFlag && joined:
			word = flag + "=" + hideToken(value)
		case i > 0 && args[i-1] == tokenFlag:
			word = hideToken(word)
		case strings.HasPrefix(word, "-H") && len(word) > 2:
			word = "-H" + hideHeader(word[2:])
		case strings.Contains(word, "://"):
			word = hideURL(word)
		}
		out = append(out, quote(word))
	}
	return strings.Join(out, " ")
}

const tokenFlag = "--serve-token"

func hideToken(word string) string {
	if strings.HasPrefix(word, "@") {
		return word
	}
	return hidden
}

func hideHeader(word string) string {
	name, value, ok := strings.Cut(word, ":")
	value = strings.TrimSpace(value)
	if !ok || strings.HasPrefix(value, "@") || strings.HasPrefix(value, "env:") {
		return word
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "accept", "content-type", "user-agent", "host":
		return word
	}
	return name + ": " + hidden
}

func hideURL(word string) string {
	// A fragment may hold a token as a query does.
	if rest, fragment, ok := strings.Cut(word, "#"); ok {
		return hideURL(rest) + "#" + hideQuery(fragment)
	}
	base, query, ok := strings.Cut(word, "?")
	if scheme, rest, found := strings.Cut(base, "://"); found {
		host, _, _ := strings.Cut(rest, "/")
		if at := strings.LastIndex(host, "@"); at >= 0 {
			base = scheme + "://" + hidden + rest[at:]
		}
	}
	switch {
	case !ok:
		return base
	case strings.HasPrefix(base, "mock://"):
		return base + "?" + query // its tokens are those of answers, and it knows no secrets
	}
	return base + "?" + hideQuery(query)
}

func quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
