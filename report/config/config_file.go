package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"brunt/payloads/regex"
)

// File is a flag that names a YAML file of flags, one per key. The environment
// comes before it, the command line before both.
type File string

// BeforeResolve reads the file, and has the flags not given otherwise take what
// it holds.
func (File) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	flags := ctx.Flags()
	if !slices.Contains(flags, trace.Flag) {
		return nil // that of a command that was not given
	}
	path := string(ctx.FlagValue(trace.Flag).(File))
	f, err := readFile(path)
	if err == nil {
		err = f.check(flags)
	}
	if err != nil {
		return err
	}
	ctx.AddResolver(f)
	return nil
}

type file struct {
	path    string
	entries map[string]entry
}

type entry struct {
	line  int
	value *yaml.Node
}

func readFile(path string) (*file, error) {
	f := &file{path: path, entries: map[string]entry{}}
	in, err := os.Open(kong.ExpandPath(path))
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	defer in.Close()
	if info, err := in.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("--config: %s is a directory; name a YAML file of flags", path)
	}
	decoder := yaml.NewDecoder(in)
	var document, more yaml.Node
	if err = decoder.Decode(&document); errors.Is(err, io.EOF) {
		return f, nil
	}
	if err == nil && len(document.Content) > 0 {
		err = f.add(document.Content[0])
	}
	if err == nil {
		if err = decoder.Decode(&more); err == nil {
			err = f.at(more.Line, "a second document begins here; leave it out")
		} else if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	return f, f.inFile(err)
}

var (
	yamlLine = regex.Lazy(`(?s)^yaml: (?:line (\d+): )?(.*)$`)
	// quotedWord is what an error repeats of the file: it may be a secret.
	quotedWord = regex.Lazy(`'[^']{2,}'`)
	// lineBefore are errors whose line yaml counts from 0.
	lineBefore = regex.Lazy(`^did not find expected (key|node content|',' or|'-' indicator|<)`)
	noLine     = regex.Lazy(`^(control characters|invalid|input error|incomplete|unexpected|unknown anchor)`)
)

// inFile puts the file before an error of yaml, which names only the line.
func (f *file) inFile(err error) error {
	if err == nil {
		return nil
	}
	m := yamlLine().FindStringSubmatch(err.Error())
	switch {
	case m == nil:
		return err
	case noLine().MatchString(m[2]):
		return fmt.Errorf("%s: not YAML: %s", f.path, quotedWord().ReplaceAllString(m[2], "'…'"))
	}
	text := quotedWord().ReplaceAllString(m[2], "'…'")
	line, _ := strconv.Atoi(m[1])
	if line == 0 || lineBefore().MatchString(text) { // none means the first
		line++
	}
	if strings.HasPrefix(text, "mapping values are not allowed") {
		text += "; quote a value that holds a colon and a blank"
	}
	return f.at(line, "not YAML: %s", text)
}

func (f *file) at(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", f.path, line, fmt.Sprintf(format, args...))
}

// add takes the keys of the file.
func (f *file) add(root *yaml.Node) error {
	switch {
	case root.Kind == yaml.ScalarNode && root.Tag == "!!null":
		return nil
	case root.Kind != yaml.MappingNode:
		return f.at(root.Line, "no keys; give flags as 'rate: 500', one per line")
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		name := strings.ReplaceAll(key.Value, "_", "-")
		if before, twice := f.entries[name]; twice {
			return f.at(key.Line, "%s is given in line %d already", name, before.line)
		}
		f.entries[name] = entry{key.Line, root.Content[i+1]}
	}
	return nil
}

// check refuses keys that are no flags of the command.
func (f *file) check(flags []*kong.Flag) error {
	var names []string
	for _, flag := range flags {
		if !slices.Contains([]string{"help", "version", "man", "config"}, flag.Name) {
			names = append(names, flag.Name)
		}
	}
	unknown, first := "", 0
	for key, e := range f.entries {
		if !slices.Contains(names, key) && (first == 0 || e.line < first) {
			unknown, first = key, e.line
		}
	}
	if first == 0 {
		return nil
	}
	bare := strings.TrimLeft(unknown, "-")
	for _, flag := range flags {
		if flag.Tag.Negatable != "" && bare == "no-"+flag.Name {
			return f.at(first, "%s is no key; write %s: false", unknown, flag.Name)
		}
		if len(bare) == 1 && flag.Short == rune(bare[0]) {
			return f.at(first, "%s is no key; write %s", unknown, flag.Name)
		}
	}
	if near := nearest(bare, names); near != "" {
		return f.at(first, "%s is no flag; did you mean %s?", unknown, near)
	}
	return f.at(first, "%s is no flag; keys are flags without their dashes, such as rate or payloads", unknown)
}

// Validate has nothing left to look at.
func (*file) Validate(*kong.Application) error { return nil }

// Resolve gives a flag's words, as the command line would.
func (f *file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	e, ok := f.entries[flag.Name]
	if !ok || (environment{}).given(flag) {
		return nil, nil
	}
	words, err := f.words(e.value, flag)
	switch {
	case err != nil:
		return nil, &badValue{fmt.Sprintf("%s:%d: %s", f.path, e.line, flag.Name), "--" + flag.Name, err}
	case words == nil:
		return nil, nil
	}
	return words, nil
}

// words are those of a scalar, or of the items of a list or a map where the
// flag can be given more than once.
func (f *file) words(node *yaml.Node, flag *kong.Flag) (words []word, err error) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag == "!!null":
		return nil, nil
	case node.Kind == yaml.ScalarNode:
		return []word{{fmt.Sprintf("%s:%d: %s", f.path, node.Line, flag.Name), node.Value}}, nil
	case !flag.IsCumulative():
		return nil, fmt.Errorf("takes one value; write it as '%s: %s'", flag.Name, flag.FormatPlaceHolder())
	case node.Kind == yaml.SequenceNode:
		for _, item := range node.Content {
			more, err := f.words(item, flag)
			if err != nil {
				return nil, err
			}
			words = append(words, more...)
		}
		return words, nil
	case !flag.Tag.Has("pair"):
		return nil, fmt.Errorf("takes a list of values; write each as '- %s'", strings.Trim(flag.PlaceHolder, "'"))
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		value := node.Content[i+1]
		if value.Kind == yaml.MappingNode {
			return nil, fmt.Errorf("%s has keys of its own; give it one value", node.Content[i].Value)
		}
		values, err := f.words(value, flag)
		if err != nil {
			return nil, err
		}
		if values == nil {
			return nil, fmt.Errorf("%s has no value", node.Content[i].Value)
		}
		for _, v := range values {
			words = append(words, word{v.where, node.Content[i].Value + flag.Tag.Get("pair") + v.text})
		}
	}
	return words, nil
}
