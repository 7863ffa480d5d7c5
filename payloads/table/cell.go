package table

import (
	"bytes"

	"brunt/payloads/jsonscan"
)

// appendInt appends a whole number of any length, digit for digit. Asked for
// by type, it may also come as +7, 007 or 7.0; NaN is null.
func appendInt(out, b []byte) ([]byte, bool) {
	if isNaN(b) {
		return append(out, "null"...), true
	}
	out, b = appendSign(out, b)
	whole, rest := cutDigits(b)
	if len(whole) == 0 {
		return out, false
	}
	if jsonscan.IsAt(rest, 0, '.') {
		rest = bytes.TrimLeft(rest[1:], "0")
	}
	return appendWhole(out, whole), len(rest) == 0
}

// AppendFloat appends a finite number as it is written, but always so that it
// is a float to those who tell 1 from 1.0. NaN is null.
func AppendFloat(out, b []byte) ([]byte, bool) {
	if isNaN(b) {
		return append(out, "null"...), true
	}
	if !finite(b) {
		return out, false
	}
	out, b = appendSign(out, b)
	whole, rest := cutDigits(b)
	out = appendWhole(out, whole)
	var fraction []byte
	if jsonscan.IsAt(rest, 0, '.') {
		fraction, rest = cutDigits(rest[1:])
	}
	if len(whole)+len(fraction) == 0 {
		return out, false
	}
	switch {
	case len(fraction) > 0:
		out = append(append(out, '.'), fraction...)
	case len(rest) == 0:
		out = append(out, ".0"...)
	}
	return append(out, rest...), len(rest) == 0 || isExponent(rest)
}

// appendSign takes the sign off a number; a plus is left out.
func appendSign(out, b []byte) (_, rest []byte) {
	switch {
	case jsonscan.IsAt(b, 0, '-'):
		return append(out, '-'), b[1:]
	case jsonscan.IsAt(b, 0, '+'):
		return out, b[1:]
	}
	return out, b
}

// appendWhole appends digits without zeros in front.
func appendWhole(out, digits []byte) []byte {
	digits = bytes.TrimLeft(digits, "0")
	if len(digits) == 0 {
		return append(out, '0')
	}
	return append(out, digits...)
}

func cutDigits(b []byte) (digits, rest []byte) {
	end := max(0, jsonscan.SkipDigits(b, 0))
	return b[:end], b[end:]
}

func isExponent(b []byte) bool {
	if b[0]|0x20 != 'e' {
		return false
	}
	i := 1
	if jsonscan.IsAt(b, i, '+') || jsonscan.IsAt(b, i, '-') {
		i++
	}
	return jsonscan.SkipDigits(b, i) == len(b)
}

// appendBool appends true or false. Asked for by type, 1 and 0 will do too.
func appendBool(out, b []byte) ([]byte, bool) {
	switch {
	case bytes.EqualFold(b, []byte("true")), string(b) == "1":
		return append(out, "true"...), true
	case bytes.EqualFold(b, []byte("false")), string(b) == "0":
		return append(out, "false"...), true
	}
	return out, false
}
