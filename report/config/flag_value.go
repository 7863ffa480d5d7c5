package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"brunt/payloads/regex"
)

// word is one value as it was written, and where: "BRUNT_RATE" or
// "load.yaml:3: rate", empty for the command line.
type word struct{ where, text string }

// badValue is a value that makes no sense, with the flag or argument that it
// was given for.
type badValue struct {
	where string // as in word
	name  string // --rate or FILE
	err   error
}

func (b *badValue) Error() string {
	where, text := b.where, b.err.Error()
	if where == "" {
		where = b.name
	}
	name := strings.TrimPrefix(b.name, "--")
	switch {
	case !strings.HasPrefix(text, name+" "): // which names it, as rate "x": …
		return where + ": " + text
	case b.where == "":
		return "--" + text
	}
	return strings.TrimSuffix(where, ": "+name) + ": " + text
}

// reader reads the words of one flag or argument, in place of kong's mapper,
// so that what is wrong with them is said in brunt's words.
type reader struct {
	kong.Mapper
	of    *kong.Value
	bool  bool
	given []word   // what was read last
	each  [][]word // what was read each time, oldest first
}

// IsBool reports whether a flag stands without a value.
func (r *reader) IsBool() bool { return r.bool }

// Decode reads what was given into target.
func (r *reader) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	words, err := r.words(ctx.Scan)
	if err != nil {
		return &badValue{name: r.name(), err: err}
	}
	r.given, r.each = words, append(r.each, words)
	for _, w := range words {
		if err := r.read(w.text, target); err != nil {
			return &badValue{w.where, r.name(), err}
		}
	}
	return nil
}

func (r *reader) name() string {
	if r.of.Flag != nil {
		return "--" + r.of.Name
	}
	return strings.ToUpper(r.of.Name)
}

var negative = regex.Lazy(`^-[.0-9]`)

// words takes those of one flag, or of an argument.
func (r *reader) words(scan *kong.Scanner) (words []word, err error) {
	next := scan.Peek()
	if given, ok := next.Value.([]word); ok {
		scan.Pop()
		return given, nil
	}
	if r.of.Flag == nil && r.of.IsCumulative() {
		for _, t := range scan.PopWhile(kong.Token.IsValue) {
			words = append(words, word{text: t.String()})
		}
		return words, nil
	}
	switch {
	case r.bool && next.Type != kong.FlagValueToken:
		return []word{{text: "true"}}, nil
	case next.IsEOL():
		return nil, fmt.Errorf("needs a value%s", r.example())
	case !next.IsValue() && !negative().MatchString(next.String()):
		return nil, fmt.Errorf(
			"needs a value%s, and %s is a flag; where it is the value, write %s=%s",
			r.example(),
			next,
			r.name(),
			next,
		)
	}
	scan.Pop()
	if on, ok := next.Value.(bool); ok { // kong's own, of --no-…
		return []word{{text: strconv.FormatBool(on)}}, nil
	}
	return []word{{text: next.String()}}, nil
}

// example says what a value looks like.
func (r *reader) example() string {
	switch {
	case r.of.Enum != "":
		return ": " + oneOf(r.of.EnumSlice())
	case r.of.Flag != nil && r.of.Flag.PlaceHolder != "":
		return ", as in --" + r.of.Name + " " + r.of.Flag.PlaceHolder
	}
	return ""
}

// read reads one word; lists and maps grow by it.
func (r *reader) read(text string, target reflect.Value) error {
	switch {
	case r.of.IsSlice() && target.Kind() == reflect.Slice:
		for _, part := range split(text, r.of.Tag.Sep) {
			item := reflect.New(target.Type().Elem()).Elem()
			if err := r.read(part, item); err != nil {
				return err
			}
			target.Set(reflect.Append(target, item))
		}
		return nil
	case target.Kind() == reflect.Map:
		if target.IsNil() {
			target.Set(reflect.MakeMap(target.Type()))
		}
		for _, part := range split(text, r.of.Tag.MapSep) {
			key, value, ok := strings.Cut(part, "=")
			if !ok || key == "" {
				return fmt.Errorf("%q is no pair; write it as %s", part, strings.ToLower(r.of.Flag.PlaceHolder))
			}
			target.SetMapIndex(reflect.ValueOf(key), reflect.ValueOf(value))
		}
		return nil
	case target.Kind() == reflect.Pointer:
		return r.read(text, target.Elem())
	}
	if err := r.readOne(text, target); err != nil {
		return err
	}
	if r.of.Enum != "" {
		return known(fmt.Sprint(target), r.of.EnumSlice())
	}
	return r.least(target)
}

func split(text string, separator rune) []string {
	if separator == -1 || text == "" {
		return []string{text}
	}
	return kong.SplitEscaped(text, separator)
}

func (r *reader) readOne(text string, target reflect.Value) error {
	switch value := target.Addr().Interface().(type) {
	case kong.MapperValue:
		return value.Decode(&kong.DecodeContext{Value: r.of, Scan: kong.ScanAsType(kong.FlagValueToken, text)})
	case encoding.TextUnmarshaler:
		return value.UnmarshalText([]byte(text))
	}
	switch target.Kind() {
	case reflect.String:
		target.SetString(text)
	case reflect.Bool:
		on, err := parseBool(text)
		target.SetBool(on)
		return err
	case reflect.Int:
		n, err := strconv.ParseInt(wholeNumber(text), 0, 64)
		target.SetInt(n)
		return numberError(text, err)
	case reflect.Uint64:
		if strings.HasPrefix(text, "-") {
			if _, err := strconv.ParseInt(wholeNumber(text), 0, 64); err == nil {
				return fmt.Errorf("%s must be %s", text, r.bound())
			}
		}
		n, err := strconv.ParseUint(wholeNumber(text), 0, 64)
		target.SetUint(n)
		return numberError(text, err)
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%q is no number", text)
		}
		target.SetFloat(x)
	default:
		return r.Mapper.Decode(
			&kong.DecodeContext{Value: r.of, Scan: kong.ScanAsType(kong.FlagValueToken, text)},
			target,
		)
	}
	return nil
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}

// wholeNumber is text without exponent or empty decimals, where it is a whole
// number that has them: 1e6 and 1000000.0 are 1000000.
func wholeNumber(text string) string {
	if !strings.ContainsAny(text, ".eE") || strings.ContainsAny(text, "xX_") {
		return text
	}
	value, err := strconv.ParseFloat(text, 64)
	if plain := strconv.FormatFloat(value, 'f', -1, 64); err == nil && !strings.Contains(plain, ".") {
		return plain
	}
	return text
}

func numberError(text string, err error) error {
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("%s is too large a number", text)
	case err != nil:
		return fmt.Errorf("%q is no whole number", text)
	}
	return nil
}

// least holds a number against the flag's tag min.
func (r *reader) least(target reflect.Value) error {
	if r.of.Tag == nil || !r.of.Tag.Has("min") {
		return nil
	}
	if d, ok := target.Interface().(Duration); ok && d == 0 {
		return errors.New("must be above 0")
	}
	if target.CanInt() && target.Int() < 1 || target.CanUint() && target.Uint() < 1 {
		return fmt.Errorf("%v must be %s", target, r.bound())
	}
	return nil
}

// bound is what a number must be.
func (r *reader) bound() string {
	if r.of.Tag.Has("min") {
		return "at least 1"
	}
	return "0 or more"
}

// known reports a word that is none of those allowed, and the one it is near.
func known(text string, words []string) error {
	for _, w := range words {
		if w == text {
			return nil
		}
	}
	if near := nearest(text, words); near != "" {
		return fmt.Errorf("%q is none of %s; did you mean %s?", text, strings.Join(words, ", "), near)
	}
	return fmt.Errorf("%q is none of %s", text, strings.Join(words, ", "))
}

// oneOf lists words: a, b or c.
func oneOf(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
