// Package config turns the words in which a run is asked for, on the command
// line, in the environment and in files, into values.
package config

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/alecthomas/kong"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"gopkg.in/yaml.v3"

	"brunt/attack"
)

// Duration is a flag that holds a length of time with its unit.
type Duration time.Duration

// UnmarshalText reads the words of attack.ParseDuration.
func (d *Duration) UnmarshalText(text []byte) error {
	value, err := attack.ParseDuration(string(text))
	*d = Duration(value)
	return err
}

// Rate is a flag that holds a constant rate; its zero value means none.
type Rate struct{ vegeta.Rate }

// UnmarshalText reads the words of attack.ParseRate.
func (r *Rate) UnmarshalText(text []byte) (err error) {
	r.Rate, err = attack.ParseRate(string(text))
	return err
}

// Read reads a file of flags, one per key. The environment comes before
// it, and an unknown key is an error.
func Read(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && err != io.EOF {
		return nil, fmt.Errorf("--config: %w; give flags as 'rate: 500', one per line", err)
	}
	return file(values), nil
}

type file map[string]any

// Validate refuses keys that are no flags of attack.
func (c file) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, node := range app.Leaves(true) {
		for _, f := range node.Flags {
			known[f.Name] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c)) {
		if !known[key] {
			return fmt.Errorf("--config: %s is no flag; keys are flags without their dashes, such as rate or payloads", key)
		}
	}
	return nil
}

// Resolve gives a flag's value as words, as the command line would.
func (c file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil
		}
	}
	switch value := c[flag.Name].(type) {
	case nil:
		return nil, nil
	case bool:
		return value, nil
	case []any:
		words := make([]any, len(value))
		for i, v := range value {
			words[i] = fmt.Sprint(v)
		}
		return words, nil
	case map[string]any:
		words := map[string]any{}
		for k, v := range value {
			words[k] = fmt.Sprint(v)
		}
		return words, nil
	default:
		return fmt.Sprint(value), nil
	}
}
