package config

// Runs are the flags of runs.
type Runs struct {
	Output string `group:"Output" short:"o" default:"text" enum:"text,json" help:"text or json."`
}

// Help gives two examples, and says what the names are for.
func (*Runs) Help() string {
	return `Examples:
  brunt runs
  brunt compare @-2 @-1

@-1 is the newest saved run, @-2 the one before it, and @NAME the one of that name:
wherever a report file is named. brunt attack --save keeps a run.`
}
