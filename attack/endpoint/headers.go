package endpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"brunt/attack/endpoint/secret"
	"brunt/payloads"
	"brunt/payloads/file"
	"brunt/payloads/setting"
)

// Headers reads the words of headers and files of them: 'Name: value',
// where a value of @FILE is that file's text and env:NAME that environment
// variable's. Errors never show a value, which may be a secret.
func Headers(words, files []string) ([]payloads.Header, error) {
	var list []payloads.Header
	for _, path := range files {
		text, err := file.ReadText(path)
		if err != nil {
			return nil, setting.Wrong(setting.HeaderFile, "", "%w", unreadable("the file", path, err))
		}
		for n, line := range strings.Split(text, "\n") {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			h, err := header(line)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, n+1, err)
			}
			list = append(list, h)
		}
	}
	for _, word := range words {
		h, err := header(word)
		if err != nil {
			return nil, setting.Wrong(setting.Header, "", "%w", err)
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
	if path, ok := strings.CutPrefix(value, "@"); ok {
		text, err := file.ReadText(path)
		if err != nil {
			return payloads.Header{}, fmt.Errorf("%s: %w", name, unreadable("the file after @", path, err))
		}
		value = strings.TrimSpace(text)
	} else if env, ok := strings.CutPrefix(value, "env:"); ok {
		if value, ok = os.LookupEnv(env); !ok {
			return payloads.Header{}, fmt.Errorf("%s: the environment has no variable %s", name, variable(env))
		}
		value = strings.TrimSpace(value)
	}
	return payloads.Header{Name: name, Value: value}, nil
}

// variable is the name of one that is not set, unless it may be what should have
// been in it: a shell puts $TOKEN there.
func variable(name string) string {
	if strings.ContainsFunc(
		name,
		func(c rune) bool { return c != '_' && !('A' <= c && c <= 'Z') && !('0' <= c && c <= '9') },
	) {
		return "of the name after env: (write the name itself, as in env:API_KEY, without $)"
	}
	return name
}

// unreadable is why a file could not be read. What was given for its name is not
// repeated where it looks like a secret, or a header.
func unreadable(what, name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && (secret.Looks(name) || strings.Contains(name, ": ")) {
		return fmt.Errorf("%s cannot be read: %w", what, path.Err)
	}
	return err
}
