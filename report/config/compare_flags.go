package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Percent is a flag that is a share, as 0.05 for 5%.
type Percent float64

// UnmarshalText reads 5%, 2.5% or 0.
func (p *Percent) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(string(text)), "%")
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(value >= 0 && value <= 1000) || !percent && value != 0 {
		return fmt.Errorf("share %q: write it with its sign, as 5%% or 2.5%%, from 0%% to 1000%%", text)
	}
	*p = Percent(value / 100)
	return nil
}

// Compare are the flags of compare.
type Compare struct {
	Files []string `arg:"" optional:"" name:"file" predictor:"file" help:"BASE and NEW, one report or results file each; - is standard input, @-1 the newest saved run, and 'base-*.json' in quotes all that fit."`

	Base []string `group:"Runs" sep:"none" predictor:"file" placeholder:"FILE" help:"A run of the base, repeatable; in place of BASE and NEW."`
	New  []string `group:"Runs" sep:"none" predictor:"file" placeholder:"FILE" help:"A run of what is compared with it, repeatable."`

	Tolerance Percent `group:"Judgement" default:"5%" placeholder:"5%" help:"By how much NEW may be worse (${default}): more than that, with 95 % confidence, exits 3."`
	Force     bool    `group:"Judgement" help:"Compare runs that are not alike, too, and say in what."`
	Output    string  `group:"Output" short:"o" default:"text" enum:"text,json,markdown,html,none" help:"What goes to standard output: text, json, markdown, html or none."`
	Plot      string  `group:"Output" writes:"" predictor:"file" placeholder:"FILE.html" help:"Write the comparison with both runs' charts as one HTML file."`
}

// Sides are the files of both sides, patterns filled in.
func (c *Compare) Sides() (base, next []string, err error) {
	base, next = c.Base, c.New
	switch n := len(c.Files); {
	case n > 0 && len(base)+len(next) > 0:
		return nil, nil, errors.New("give BASE and NEW as they are, or --base and --new, not both")
	case n == 2:
		base, next = c.Files[:1], c.Files[1:]
	case n == 1:
		return nil, nil, fmt.Errorf("only %s to compare: name BASE and NEW", c.Files[0])
	case n > 2:
		return nil, nil, fmt.Errorf("%d files, and no saying which is of which side: give each with --base or --new", n)
	case len(base) == 0 && len(next) == 0:
		return nil, nil, errors.New("nothing to compare: name BASE and NEW, two reports or results files")
	case len(base) == 0:
		return nil, nil, errors.New("--new and no --base: name a run to compare with")
	case len(next) == 0:
		return nil, nil, errors.New("--base and no --new: name a run to compare with it")
	}
	if base, err = matching(base); err == nil {
		next, err = matching(next)
	}
	return base, next, err
}

// matching are the files that words name, those of patterns in their order.
func matching(words []string) (files []string, err error) {
	for _, word := range words {
		if _, missing := os.Stat(word); missing == nil || !strings.ContainsAny(word, "*?[") {
			files = append(files, word)
			continue
		}
		found, err := filepath.Glob(word)
		if err != nil {
			return nil, fmt.Errorf("%s: not a pattern of file names: %w", word, err)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: no file fits; give files that there are", word)
		}
		files = append(files, found...)
	}
	return files, nil
}

// Help gives two examples.
func (*Compare) Help() string {
	return `Examples:
  brunt compare monday.json tuesday.json
  brunt compare --base 'before-*.json' --new 'after-*.json' --tolerance 10% -o json | jq .comparison.verdict`
}
