package config

import "github.com/alecthomas/kong"

// Grammar is what all of brunt's commands have in common.
func Grammar() []kong.Option {
	return []kong.Option{
		kong.Name("brunt"),
		kong.Description("Finds out what a model-serving endpoint can bear."),
		kong.DefaultEnvars("BRUNT"),
		kong.Configuration(Read),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	}
}
