package config

import (
	"strings"

	"github.com/alecthomas/kong"
)

// Words are those of a command line as it is understood, one flag after the
// other: "-r", "500" or "--serve=:8080", by the name and in the form in which they
// were typed, but for what was joined (-kHName:value), which is taken apart. They
// are none where the command line makes no sense.
func Words(parser *kong.Kong, args []string) []string {
	var words []string
	rest := args
	for _, v := range understood(parser, args) {
		if v.reader == nil {
			words = append(words, v.command)
		}
		for _, w := range v.words {
			var flag []string
			flag, rest = asTyped(v.reader.typed(w.text), v.reader, w.text, rest)
			words = append(words, flag...)
		}
	}
	return words
}

// part is a command's name, or a flag or an argument with its values.
type part struct {
	command string
	reader  *reader // nil of a command
	words   []word
}

// understood are the parts of a command line in their order, none where it makes no
// sense.
func understood(parser *kong.Kong, args []string) (parts []part) {
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
	for _, p := range ctx.Path {
		if p.Command != nil {
			parts = append(parts, part{command: p.Command.Name})
		}
		r := readerOf(p)
		if r == nil || times[r] > len(r.each) {
			continue
		}
		given := r.each[len(r.each)-times[r]] // those before are of an earlier parse
		times[r]--
		parts = append(parts, part{reader: r, words: given})
	}
	return parts
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

// asTyped is a flag in the form in which it stands in args, and what follows it
// there: only the form is looked up, the value is the one that was read.
func asTyped(flag []string, r *reader, text string, args []string) (form, rest []string) {
	if r.of.Flag == nil {
		return flag, args
	}
	long := "--" + r.of.Flag.Name
	for i, word := range args {
		switch {
		case word == long+"="+text, len(flag) == 1 && (word == flag[0] || word == long):
			return []string{word}, args[i+1:]
		case i+1 < len(args) && args[i+1] == text && len(flag) == 2 && (word == long || word == flag[0]):
			return []string{word, text}, args[i+2:]
		}
	}
	return flag, args
}
