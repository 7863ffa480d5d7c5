package config

import (
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Grammar is what all of brunt's commands have in common.
func Grammar() []kong.Option {
	return []kong.Option{
		kong.Name("brunt"),
		kong.Description("Finds out what a model-serving endpoint can bear."),
		kong.DynamicCommand("help", "Print the help of a command or topic.", "", &helpCommand{}),
		kong.DefaultEnvars("BRUNT"),
		kong.Resolvers(environment{}),
		kong.PostBuild(readValues),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	}
}

// OfCommand is what the words after the program's name are to be read with, of all
// commands (a pointer to a struct): the one alone that the first word names, since
// reading the tags of all of them takes a fifth of a short command's time; all where it
// names none, or where an answer speaks of all.
func OfCommand(all any, args []string) any {
	if len(args) == 0 || os.Getenv("COMP_LINE") != "" || slices.Contains(args, "--man") {
		return all
	}
	var kept []reflect.StructField
	named := false
	for field := range reflect.TypeOf(all).Elem().Fields() {
		_, command := field.Tag.Lookup("cmd")
		if command && strings.ToLower(field.Name) != args[0] {
			continue
		}
		named = named || command
		kept = append(kept, field)
	}
	if !named {
		return all
	}
	return reflect.New(reflect.StructOf(kept)).Interface()
}

// helpCommand is only shown: Parse makes "help attack" into "attack --help", and
// the command line's owner prints topics.
type helpCommand struct {
	Command []string `arg:"" optional:"" predictor:"command" help:"Command, as in brunt help attack, or topic; brunt help lists both."`
}

// Run is never reached.
func (*helpCommand) Run() error { return nil }

// readValues has every value read by a reader of ours.
func readValues(k *kong.Kong) error {
	return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		if value, ok := node.(*kong.Value); ok {
			value.Mapper = &reader{Mapper: value.Mapper, of: value, bool: value.IsBool()}
		}
		return next(nil)
	})
}
