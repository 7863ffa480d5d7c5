package endpoint

import (
	"encoding/base64"
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
// variable's, and 'Name:' that none of that name is sent. Errors never show a value,
// which may be a secret.
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
	if value == "" {
		return payloads.Header{Name: name, Remove: true}, nil
	}
	value, err := stored(value)
	if err != nil {
		return payloads.Header{}, fmt.Errorf("%s: %w", name, err)
	}
	return payloads.Header{Name: name, Value: value}, nil
}

// stored is a value that may be kept elsewhere: in a file (@FILE) or in the
// environment (env:NAME).
func stored(value string) (string, error) {
	if path, ok := strings.CutPrefix(value, "@"); ok {
		text, err := file.ReadText(path)
		if err != nil {
			return "", unreadable("the file after @", path, err)
		}
		return strings.TrimSpace(text), nil
	}
	if env, ok := strings.CutPrefix(value, "env:"); ok {
		text, ok := os.LookupEnv(env)
		if !ok {
			return "", fmt.Errorf("the environment has no variable %s", variable(env))
		}
		return strings.TrimSpace(text), nil
	}
	return value, nil
}

// BasicAuth is the header of a user and a password (RFC 7617), given as NAME:PASS. The
// password, or both, may be kept elsewhere: as @FILE or env:NAME. Errors never show
// any of it.
func BasicAuth(word string) (payloads.Header, error) {
	pair, err := stored(word)
	if err != nil {
		return payloads.Header{}, setting.Wrong(setting.User, "", "%w", err)
	}
	user, password, ok := strings.Cut(pair, ":")
	if !ok {
		return payloads.Header{}, setting.Wrong(setting.User, "", "no colon between name and password; write it as NAME:PASS, or env:VARIABLE where that holds both")
	}
	if pair == word {
		if password, err = stored(password); err != nil {
			return payloads.Header{}, setting.Wrong(setting.User, "", "%w", err)
		}
	}
	code := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	return payloads.Header{Name: "Authorization", Value: "Basic " + code}, nil
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
