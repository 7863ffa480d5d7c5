package config

import (
	"strings"

	"github.com/alecthomas/kong"
)

// Words are those of a command line as it is understood, one flag after the
// other: "-r", "500" or "--serve=:8080", the short name where a flag has one. They
// are none where it makes no sense.
func Words(parser *kong.Kong, args []string) []string {
	// A trace reads the words once, and no defaults.
	ctx, err := kong.Trace(parser, args)
	if err != nil || ctx.Error != nil {
		return nil
	}
	times := map[*reader]int{} // how often each value is on the path
	for _, p := range ctx.Path {
		if r := readerOf(p); r != nil {
			times[r]++
		}
	}
	var words []string
	for _, p := range ctx.Path {
		if p.Command != nil {
			words = append(words, p.Command.Name)
		}
		r := readerOf(p)
		if r == nil || times[r] > len(r.each) {
			continue
		}
		given := r.each[len(r.each)-times[r]] // those before are of an earlier parse
		times[r]--
		for _, w := range given {
			words = append(words, r.typed(w.text)...)
		}
	}
	return words
}

func readerOf(p *kong.Path) *reader {
	var value *kong.Value
	switch {
	case p.Flag != nil:
		value = p.Flag.Value
	case p.Positional != nil:
		value = p.Positional
	default:
		return nil
	}
	r, _ := value.Mapper.(*reader)
	return r
}

// typed is how one value is written.
func (r *reader) typed(text string) []string {
	flag := r.of.Flag
	if flag == nil {
		return []string{text}
	}
	long := "--" + flag.Name
	name := long
	if flag.Short != 0 {
		name = "-" + string(flag.Short)
	}
	switch {
	case r.bool && text == "true":
		return []string{name}
	case r.bool && text == "false" && flag.Tag.Negatable != "":
		return []string{"--no-" + flag.Name}
	case r.bool, len(text) > 1 && strings.HasPrefix(text, "-"):
		return []string{long + "=" + text}
	}
	return []string{name, text}
}
