package payloads

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// columnType is how the values of a column are written.
type columnType string

const (
	stringColumn columnType = "string"
	intColumn    columnType = "int"
	floatColumn  columnType = "float"
	boolColumn   columnType = "bool"
	jsonColumn   columnType = "json"
)

// What the values of a column look like.
const (
	sawInt = 1 << iota
	sawFloat
	sawBool
	sawNaN
	sawText
)

// column is one column of a table.
type column struct {
	name  string
	key   []byte // the name as JSON
	kind  columnType
	given bool // the type was asked for, not inferred
	saw   uint8
}

// look takes notice of a value, for the type to be inferred.
func (c *column) look(value []byte) {
	if c.saw&sawText == 0 {
		c.saw |= appearance(value)
	}
}

// infer settles the type once all values were looked at.
func (c *column) infer() {
	switch c.saw &^ sawNaN {
	case sawInt:
		c.kind = intColumn
	case sawFloat, sawInt | sawFloat:
		c.kind = floatColumn
	case sawBool:
		c.kind = boolColumn
		if c.saw&sawNaN != 0 {
			c.kind = stringColumn
		}
	default:
		c.kind = stringColumn
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
	if isAt(b, i, '.') { // as some write 0.5
		if end := skipDigits(b, i+1); end != len(b) {
			return sawText
		}
		return sawFloat
	}
	if end := skipNumber(b, 0); end != len(b) {
		if isNaN(b) {
			return sawNaN
		}
		return sawText
	}
	switch {
	case !finite(b):
		return sawText
	case skipDigits(b, i) == len(b):
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

// appendValue appends a value of the column as JSON. It says what is wrong
// with the value, or "".
func (c *column) appendValue(out, value []byte, quoted bool) (_ []byte, what string) {
	if c.kind == stringColumn {
		if len(value) == 0 && !quoted && !c.given {
			return append(out, "null"...), ""
		}
		return appendText(out, value), ""
	}
	trimmed := trimBlanks(value)
	if len(trimmed) == 0 {
		return append(out, "null"...), ""
	}
	longer, ok := out, false
	switch c.kind {
	case intColumn:
		longer, ok = appendInt(out, trimmed)
	case floatColumn:
		longer, ok = appendFloat(out, trimmed)
	case boolColumn:
		longer, ok = appendBool(out, trimmed)
	case jsonColumn:
		if ok = validJSON(value); ok {
			longer = appendCompact(out, value)
		}
	}
	if !ok {
		return out, fmt.Sprintf("column %s: %s is not of type %s; mend the value, or give the column another type", shown([]byte(c.name)), shown(value), c.kind)
	}
	return longer, ""
}
