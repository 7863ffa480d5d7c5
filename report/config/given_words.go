package config

import (
	"slices"

	"github.com/alecthomas/kong"
)

// Given are the words that say all that a command line, the environment and a file of
// flags say: read alone, without the two, they mean the same. Args are those of Words.
func Given(ctx *kong.Context, args []string) []string {
	words := slices.Clone(args)
	for i := 0; i < len(words); i++ {
		switch {
		case words[i] == "--config" && i+1 < len(words):
			words = slices.Delete(words, i, i+2)
			i--
		case len(words[i]) > len("--config=") && words[i][:len("--config=")] == "--config=":
			words = slices.Delete(words, i, i+1)
			i--
		}
	}
	for _, p := range ctx.Path {
		if !p.Resolved || p.Flag == nil || p.Flag.Name == "config" {
			continue
		}
		if r := readerOf(p); r != nil {
			for _, w := range r.given {
				words = append(words, "--"+p.Flag.Name+"="+w.text)
			}
		}
	}
	return words
}

// ReadGiven reads such words into commands (a pointer to a struct), and gives the name of
// the command that they are of.
func ReadGiven(commands any, words []string) (command string, err error) {
	parser, err := kong.New(commands, kong.Name("brunt"), kong.PostBuild(readValues), kong.PostBuild(withoutEnvironment), kong.Vars{"version": ""})
	if err != nil {
		return "", err
	}
	ctx, err := parser.Parse(words)
	if err != nil {
		return "", err
	}
	return ctx.Selected().Name, nil
}

// withoutEnvironment has no flag read a variable.
func withoutEnvironment(k *kong.Kong) error {
	return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		switch v := node.(type) {
		case *kong.Flag:
			v.Envs, v.Tag.Envs = nil, nil
		case *kong.Value:
			v.Tag.Envs = nil
		}
		return next(nil)
	})
}
