package table

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// Type is how the values of a column are written.
type Type string

const (
	StringColumn Type = "string"
	IntColumn    Type = "int"
	FloatColumn  Type = "float"
	BoolColumn   Type = "bool"
	JsonColumn   Type = "json"
)

// What the values of a column look like.
const (
	sawInt = 1 << iota
	sawFloat
	sawBool
	sawNaN
	sawText
)

// Column is one column of a table.
type Column struct {
	Name  string
	Key   []byte // the name as JSON
	kind  Type
	Given bool // the type was asked for, not inferred
	saw   uint8
}

// Look records what a value looks like, for Infer.
func (c *Column) Look(value []byte) {
	if c.saw&sawText == 0 {
		c.saw |= appearance(value)
	}
}

// Infer chooses the type once Look has seen all values.
func (c *Column) Infer() {
	switch c.saw &^ sawNaN {
	case sawInt:
		c.kind = IntColumn
	case sawFloat, sawInt | sawFloat:
		c.kind = FloatColumn
	case sawBool:
		c.kind = BoolColumn
		if c.saw&sawNaN != 0 {
			c.kind = StringColumn
		}
	default:
		c.kind = StringColumn
	}
}

// appearance tells what a value looks like; 0 when it is empty.
func appearance(value []byte) uint8 {
	if len(value) == 0 {
		return 0
	}
	trimmed := trimBlanks(value)
	if len(trimmed) == 0 {
		return sawText
	}
	switch c := trimmed[0]; {
	case c-'0' <= 9, c == '-', c == '.':
		return numberAppearance(trimmed)
	case c|0x20 == 't', c|0x20 == 'f':
		if isBool(trimmed) {
			return sawBool
		}
	case c|0x20 == 'n':
		if isNaN(trimmed) {
			return sawNaN
		}
	}
	return sawText
}

// numberAppearance is for what begins like a number. What has a zero or a
// plus sign in front is text, such as 007 or +48: postcodes and telephones.
func numberAppearance(b []byte) uint8 {
	i := 0
	if b[0] == '-' {
		i = 1
	}
	if jsonscan.IsAt(b, i, '.') { // as some write 0.5
		if end := jsonscan.SkipDigits(b, i+1); end != len(b) {
			return sawText
		}
		return sawFloat
	}
	if end := jsonscan.SkipNumber(b, 0); end != len(b) {
		if isNaN(b) {
			return sawNaN
		}
		return sawText
	}
	switch {
	case !finite(b):
		return sawText
	case jsonscan.SkipDigits(b, i) == len(b):
		return sawInt
	}
	return sawFloat
}

// trimBlanks leaves out the blanks and tabs around a value.
func trimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

func isBool(b []byte) bool {
	return bytes.EqualFold(b, []byte("true")) || bytes.EqualFold(b, []byte("false"))
}

func isNaN(b []byte) bool { return bytes.EqualFold(bytes.TrimPrefix(b, []byte("-")), []byte("nan")) }

// finite tells if a number fits into 64 bits of float. Short ones without an
// exponent always do.
func finite(b []byte) bool {
	if len(b) < 300 && !slices.ContainsFunc(b, func(c byte) bool { return c|0x20 == 'e' }) {
		return true
	}
	_, err := strconv.ParseFloat(string(b), 64)
	return err == nil
}

// AppendValue appends a value of the column as JSON. It says what is wrong
// with the value, or "".
func (c *Column) AppendValue(out, value []byte, quoted bool) (_ []byte, what string) {
	if c.kind == StringColumn {
		if len(value) == 0 && !quoted && !c.Given {
			return append(out, "null"...), ""
		}
		return jsonscan.AppendString(out, value), ""
	}
	trimmed := trimBlanks(value)
	if len(trimmed) == 0 {
		return append(out, "null"...), ""
	}
	longer, ok := out, false
	switch c.kind {
	case IntColumn:
		longer, ok = appendInt(out, trimmed)
	case FloatColumn:
		longer, ok = AppendFloat(out, trimmed)
	case BoolColumn:
		longer, ok = appendBool(out, trimmed)
	case JsonColumn:
		if ok = jsonscan.Valid(value); ok {
			longer = jsonscan.AppendCompact(out, value)
		}
	}
	if !ok {
		return out, fmt.Sprintf("column %s: %s is not of type %s; mend the value, or give the column another type",
			show.Excerpt([]byte(c.Name)), show.Excerpt(value), c.kind)
	}
	return longer, ""
}
