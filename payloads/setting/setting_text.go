package setting

import (
	"errors"
	"fmt"
)

// Text is a sentence in which settings may stand that have no name yet. Its zero
// value is the empty text.
type Text struct {
	format string
	args   []any
}

// Textf makes a text as [fmt.Errorf] does, %w included. Among args a Field gets
// its name, and a Text its words, when the text is shown.
func Textf(format string, args ...any) Text { return Text{format, args} }

// Plain is a text that names no setting.
func Plain(text string) Text {
	if text == "" {
		return Text{}
	}
	return Text{"%s", []any{text}}
}

// Plains are texts that name no setting, one for each line.
func Plains(lines []string) []Text {
	texts := make([]Text, len(lines))
	for i, line := range lines {
		texts[i] = Plain(line)
	}
	return texts
}

// Plus is the text with more, which names no setting, behind it.
func (t Text) Plus(more string) Text { return Textf("%v%s", t, more) }

// In is the text with the settings called by names.
func (t Text) In(names Names) string {
	if t.Empty() {
		return ""
	}
	args := make([]any, len(t.args))
	for i, arg := range t.args {
		switch arg := arg.(type) {
		case Field:
			args[i] = names(arg)
		case Text:
			args[i] = arg.In(names)
		case error:
			args[i] = errors.New(Describe(arg, names))
		default:
			args[i] = arg
		}
	}
	return fmt.Errorf(t.format, args...).Error()
}

// String is the text with the settings' plain names.
func (t Text) String() string { return t.In(Field.String) }

// Empty reports whether there is no text.
func (t Text) Empty() bool { return t.format == "" }

// wrapped is the error among the values; nil without one.
func (t Text) wrapped() error {
	for _, arg := range t.args {
		if err, ok := arg.(error); ok {
			return err
		}
	}
	return nil
}
