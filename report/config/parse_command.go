package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/alecthomas/kong"

	"brunt/attack/endpoint"
	"brunt/payloads/regex"
)

// Parse parses a command line. Its error is one line that says what to write
// instead; the context tells the command where that was found. The topics are
// what may follow the word help beside commands.
func Parse(parser *kong.Kong, args, topics []string) (*kong.Context, error) {
	words := args
	if len(args) > 0 && args[0] == "help" {
		words = append(slices.Clone(args[1:]), "--help")
	}
	ctx, err := parser.Parse(words)
	if err == nil {
		return ctx, nil
	}
	var parse *kong.ParseError
	if errors.As(err, &parse) {
		ctx = parse.Context
	}
	var bad *badValue
	switch {
	case errors.As(err, &bad):
		return ctx, bad
	case ctx == nil:
		return ctx, err
	case ctx.Selected() == nil:
		return ctx, noCommand(ctx, args, topics, err)
	}
	return ctx, misused(ctx, err)
}

var (
	unknownFlag = regex.Lazy(`^unknown flag (--?[^,]*)`)
	unexpected  = regex.Lazy(`(?s)^unexpected (?:argument|flag argument|token) (.*?)(?:, did you mean .*)?$`)
	noBool      = regex.Lazy(`^bool value must be .* but got (.*)$`)
	missing     = regex.Lazy(`^(?:expected |missing positional arguments )`)
)

// noCommand is what is wrong where no command was named.
func noCommand(ctx *kong.Context, args, topics []string, err error) error {
	if len(args) == 0 {
		return errors.New("no command given; brunt --help lists them")
	}
	var commands []string
	var attack *kong.Node
	for _, node := range ctx.Model.Children {
		commands = append(commands, node.Name)
		if node.Name == "attack" {
			attack = node
		}
	}
	first := strings.TrimPrefix(args[0], "-")
	shown := RedactWord(args[0])
	near := nearest(first, commands)
	if args[0] == "help" && len(args) > 1 {
		first = args[1]
		shown = RedactWord(first)
		near = nearest(first, append(commands, topics...))
	}
	switch {
	case near != "" && args[0] == first || args[0] == "help":
	case attack != nil && slices.ContainsFunc(args, func(word string) bool { return forAttack(word, attack.Flags) }):
		return fmt.Errorf("no command given; did you mean: brunt %s", withAttack(ctx.Kong, args))
	case unknownFlag().MatchString(err.Error()):
		return fmt.Errorf(
			"unknown flag %s, and no command given; brunt --help lists the commands",
			RedactWord(unknownFlag().FindStringSubmatch(err.Error())[1]),
		)
	case missing().MatchString(err.Error()):
		return errors.New("no command given; brunt --help lists them")
	}
	if near != "" {
		return fmt.Errorf("no command %s; did you mean %s?", shown, near)
	}
	if args[0] == "help" {
		return fmt.Errorf("no command or topic %s; brunt help lists both", strings.TrimPrefix(shown, "-"))
	}
	return fmt.Errorf("no command %s; brunt --help lists them", strings.TrimPrefix(shown, "-"))
}

// withAttack is the command line as it would be typed with the command attack,
// without what may be secret.
func withAttack(parser *kong.Kong, args []string) string {
	words := Words(parser, append([]string{"attack"}, args...))
	if words == nil {
		return "attack TARGET [flags]"
	}
	return strings.TrimPrefix(CommandLine(words), "brunt ")
}

// forAttack reports whether a word is a target, or one of attack's flags.
func forAttack(word string, flags []*kong.Flag) bool {
	if strings.Contains(word, "://") || strings.HasPrefix(word, "localhost") {
		return true
	}
	name, _, _ := strings.Cut(word, "=")
	return slices.ContainsFunc(flags, func(f *kong.Flag) bool {
		return name == "--"+f.Name ||
			f.Short != 0 && !strings.HasPrefix(word, "--") && strings.HasPrefix(word, "-"+string(f.Short))
	})
}

// misused is what is wrong with a command's flags or arguments.
func misused(ctx *kong.Context, err error) error {
	node := ctx.Selected()
	command := strings.TrimPrefix(node.FullPath(), "brunt ")
	text := err.Error()
	if m := unknownFlag().FindStringSubmatch(text); m != nil {
		return noFlag(ctx, m[1], command)
	}
	if m := unexpected().FindStringSubmatch(text); m != nil {
		if len(node.Children) > 0 {
			return known(RedactWord(m[1]), namesOf(node))
		}
		if name := unquoted(ctx.Args); name != "" {
			return fmt.Errorf(
				"header %s has no value, and words follow it: write it in quotes, as in -H '%s: VALUE'",
				name,
				name,
			)
		}
		return fmt.Errorf("unexpected argument %s: write brunt %s", RedactWord(m[1]), usage(node))
	}
	if missing().MatchString(text) {
		if len(node.Children) > 0 {
			return fmt.Errorf("what it should do is missing: %s", oneOf(namesOf(node)))
		}
		return fmt.Errorf("%s is missing: write brunt %s", strings.ToUpper(node.Positional[0].Name), usage(node))
	}
	if m := noBool().FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s is neither true nor false", m[1])
	}
	return err
}

var headerFlag = regex.Lazy(`^(?:--header=?|-[A-Za-z]*H)(.*)$`)

// unquoted is the name of a header whose value a shell has made words of its own;
// empty where there is none.
func unquoted(args []string) string {
	for i := range args {
		m := headerFlag().FindStringSubmatch(args[i])
		if m == nil {
			continue
		}
		word := m[1]
		if word == "" && i+1 < len(args) {
			word = args[i+1]
		}
		name, value, ok := strings.Cut(word, ":")
		if value = strings.TrimSpace(value); ok && (value == "" || endpoint.Scheme(value)) {
			return name
		}
	}
	return ""
}

// usage is how a command is written: attack TARGET [flags].
func usage(node *kong.Node) string {
	words := strings.TrimPrefix(node.FullPath(), "brunt ")
	for _, arg := range node.Positional {
		name := strings.ToUpper(arg.Name)
		if arg.IsCumulative() {
			name += "…"
		}
		if !arg.Required {
			name = "[" + name + "]"
		}
		words += " " + name
	}
	if len(node.Flags) > 0 {
		words += " [flags]"
	}
	return words
}

func namesOf(node *kong.Node) (names []string) {
	for _, child := range node.Children {
		names = append(names, child.Name)
	}
	return names
}

// noFlag names the one flag that an unknown one was most likely meant to be.
func noFlag(ctx *kong.Context, flag, command string) error {
	flag = RedactWord(flag)
	bare, long := strings.CutPrefix(flag, "--")
	if !long {
		return fmt.Errorf("unknown flag %s; brunt %s --help lists the flags", flag, command)
	}
	var names []string
	for _, f := range ctx.Flags() {
		if !f.Hidden {
			names = append(names, f.Name)
		}
		if f.Tag.Negatable != "" {
			names = append(names, "no-"+f.Name)
		}
	}
	if near := nearest(bare, names); near != "" {
		return fmt.Errorf("unknown flag %s; did you mean --%s?", flag, near)
	}
	if positive, ok := strings.CutPrefix(bare, "no-"); ok && slices.Contains(names, positive) {
		return fmt.Errorf("unknown flag %s; leave --%s out instead", flag, positive)
	}
	return fmt.Errorf("unknown flag %s; brunt %s --help lists the flags", flag, command)
}

func sameLetters(a, b string) bool {
	x, y := []byte(a), []byte(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// nearest is the one of words that a text was most likely meant to be, empty
// where none is near: at most two letters differ, or the text begins it.
func nearest(text string, words []string) string {
	best, least := "", 3
	for _, w := range words {
		d := levenshtein.ComputeDistance(text, w)
		if d < least && (d < 2 || len(w) > 4 || sameLetters(text, w)) {
			best, least = w, d
		}
	}
	if best != "" || len(text) < 3 {
		return best
	}
	for _, w := range words {
		if strings.HasPrefix(w, text) {
			return w
		}
	}
	return ""
}
