package setting

import "strings"

// FieldError is what is wrong with one setting.
type FieldError struct {
	Field Field
	// Given is the value that was given; empty where it says nothing.
	Given string
	// Subject stands in place of name and value where the sentence is about more
	// than those.
	Subject Text
	// Reason is why that cannot be, and what to do instead.
	Reason Text
	// Form is how the value is written; empty where that is not in question.
	Form string
}

// Wrong is a FieldError with a reason made as by Textf. given may be empty.
func Wrong(field Field, given, format string, args ...any) *FieldError {
	return &FieldError{Field: field, Given: given, Reason: Textf(format, args...)}
}

// Error is the error with the plain names of settings.
func (e *FieldError) Error() string { return e.In(Field.String) }

// Unwrap is the error that the reason holds, if any.
func (e *FieldError) Unwrap() error { return e.Reason.wrapped() }

// In is the error with the settings called by names.
func (e *FieldError) In(names Names) string {
	text := e.Subject.In(names)
	if text == "" {
		text = strings.TrimSuffix(names(e.Field)+" "+e.Given, " ")
	}
	text += ": " + e.Reason.In(names)
	if e.Form != "" {
		text += "; write it as " + e.Form
	}
	return text
}

// textError is an error about no one setting.
type textError struct{ Text }

func (e *textError) Error() string { return e.String() }
func (e *textError) Unwrap() error { return e.wrapped() }

// Errorf is an error whose text may name settings.
func Errorf(format string, args ...any) error { return &textError{Textf(format, args...)} }

// Describe is an error's text with the settings that it, or an error that it
// wraps, is about called by names.
func Describe(err error, names Names) string {
	if named, ok := err.(interface{ In(Names) string }); ok {
		return named.In(names)
	}
	text := err.Error()
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		return within(text, wrapper.Unwrap(), names)
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			text = within(text, inner, names)
		}
	}
	return text
}

// within describes the error inner in the text of the one that wraps it.
func within(text string, inner error, names Names) string {
	if inner == nil {
		return text
	}
	return strings.Replace(text, inner.Error(), Describe(inner, names), 1)
}
