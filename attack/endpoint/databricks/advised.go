package databricks

import "brunt/payloads/setting"

// Advised is an error that says what to do about it.
type Advised interface {
	error
	// What is the error without the remedy.
	What() string
	// Remedy is what to do; it may be empty.
	Remedy() setting.Text
}

// advised is the text of an error: what is wrong, and what to do about it.
type advised struct {
	what, between string
	remedy        setting.Text
}

func (e *advised) Error() string        { return e.In(setting.Field.String) }
func (e *advised) What() string         { return e.what }
func (e *advised) Remedy() setting.Text { return e.remedy }

// In is the error with the settings called by names.
func (e *advised) In(names setting.Names) string { return e.what + e.between + e.remedy.In(names) }
