package config

import "github.com/alecthomas/kong"

// GivenFlag is a flag or an argument with one value, as it was given: on the command
// line, in the environment or in a file of flags.
type GivenFlag struct {
	Name      string // of the flag, without dashes; empty of an argument
	Text      string // its value; "true" or "false" of a switch
	Switch    bool   // it stands alone; with a value, that is behind "="
	Negatable bool   // --no-NAME is a flag, too
	File      bool   // the value names a file, with a weight behind it or not
	Writes    bool   // that is written
}

// GivenFlags are those of a command, in their order: the command line's, and then what
// the environment and a file of flags add to it.
func GivenFlags(ctx *kong.Context) (list []GivenFlag) {
	add := func(r *reader, words []word) {
		g := GivenFlag{File: r.of.Tag.Get("predictor") == "file", Writes: r.of.Tag.Has("writes"), Switch: r.bool}
		if r.of.Flag != nil {
			g.Name, g.Negatable = r.of.Flag.Name, r.of.Flag.Tag.Negatable != ""
		}
		for _, w := range words {
			g.Text = w.text
			list = append(list, g)
		}
	}
	for _, p := range understood(ctx.Kong, ctx.Args) {
		if p.reader != nil {
			add(p.reader, p.words)
		}
	}
	for _, p := range ctx.Path {
		if r := readerOf(p); r != nil && p.Resolved {
			add(r, r.given)
		}
	}
	return list
}
