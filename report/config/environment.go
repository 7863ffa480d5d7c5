package config

import (
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// environment resolves flags from their variables. A flag that can be given
// more than once takes a value per line.
type environment struct{}

// Validate has nothing to look at.
func (environment) Validate(*kong.Application) error { return nil }

// Resolve gives a flag's words, nil where its variable is not set.
func (environment) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	name, text, ok := fromEnvironment(flag)
	switch {
	case !ok:
		return nil, nil
	case !flag.IsCumulative():
		return []word{{name, text}}, nil
	}
	words := []word{}
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			words = append(words, word{name, line})
		}
	}
	return words, nil
}

// fromEnvironment is a flag's variable, if there is one that is set.
func fromEnvironment(flag *kong.Flag) (name, text string, ok bool) {
	for _, name := range flag.Envs {
		if text, ok := os.LookupEnv(name); ok {
			return name, text, true
		}
	}
	return "", "", false
}

// given reports whether the environment says anything of a flag: a variable
// with nothing in it is no list of values.
func (environment) given(flag *kong.Flag) bool {
	_, text, ok := fromEnvironment(flag)
	return ok && !(flag.IsCumulative() && strings.TrimSpace(text) == "")
}

// Told is an error's text with the place where the flag that it begins with was
// given, where that is not the command line.
func Told(ctx *kong.Context, text string) string {
	rest, ok := strings.CutPrefix(text, "--")
	if !ok || ctx == nil {
		return text
	}
	name := rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz0123456789-"))]
	for _, p := range ctx.Path {
		if p.Resolved && p.Flag != nil && p.Flag.Name == name {
			words := p.Flag.Mapper.(*reader).given
			at := max(
				0,
				slices.IndexFunc(words, func(w word) bool { return w.text != "" && strings.Contains(text, w.text) }),
			)
			return strings.TrimSuffix(words[at].where, ": "+name) + ": " + text
		}
	}
	return text
}
