package config

import (
	"errors"
	"fmt"
)

// Repeat are the flags that say how often the run is made.
type Repeat struct {
	Repeat   int      `min:"1" default:"1" placeholder:"N" help:"Make the same run N times, with a report each: out.json becomes out-1.json to out-N.json. For brunt compare."`
	Cooldown Duration `placeholder:"10s" help:"Pause for this long between the runs of --repeat."`
}

// maxRepeat bounds the files that are opened before the first run.
const maxRepeat = 100

// Validate says which flags contradict the repeating; results is the file of records,
// and serve the page's address.
func (r *Repeat) Validate(results, output, plot, serve string) error {
	switch {
	case r.Repeat > maxRepeat:
		return fmt.Errorf("--repeat %d: at most %d; make more with another command", r.Repeat, maxRepeat)
	case r.Repeat == 1 && r.Cooldown > 0:
		return errors.New(
			"--cooldown is the pause between the runs of --repeat, which is not there; add that, or leave --cooldown out",
		)
	case r.Repeat == 1:
		return nil
	case serve != "":
		return errors.New("--repeat and --serve: the page starts runs itself; leave one out")
	case results == "-":
		return errors.New("--results - with --repeat: standard output takes the records of one run; give a file")
	case plot == "-" || output == "html":
		return errors.New("--repeat makes a page for each run, and standard output takes one: give --plot a file")
	}
	return nil
}
