package config

import "github.com/alecthomas/kong"

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
