package generate

import (
	"math"
	"strconv"
	"strings"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/table"
)

// schema writes the value of a property, or of no property, of that name.
func (x *exampler) schema(schema []byte, name string) error {
	if x.parts++; x.depth >= schemaDepth || x.parts > schemaParts || len(x.out) > file.MaxBody {
		return errSchema
	}
	x.depth++
	defer func() { x.depth-- }()
	schema = x.resolve(schema)
	if value := given(schema); value != nil {
		x.out = append(x.out, value...)
		return nil
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if choice := x.choice(jsonscan.Member(schema, key)); choice != nil {
			return x.schema(choice, name)
		}
	}
	switch x.kind(schema) {
	case "object":
		return x.object(schema)
	case "array":
		return x.array(schema, name)
	case "integer":
		x.out = strconv.AppendFloat(x.out, math.Ceil(within(schema, 1)), 'f', 0, 64)
	case "number":
		x.out, _ = table.AppendFloat(x.out, strconv.AppendFloat(nil, within(schema, 1), 'g', -1, 64))
	case "boolean":
		x.out = append(x.out, "true"...)
	case "string":
		x.out = jsonscan.AppendString(x.out, sampleText(schema))
	default:
		x.out = append(x.out, "null"...)
	}
	return nil
}

// given is a value that the schema itself names.
func given(schema []byte) (value []byte) {
	for _, key := range []string{"example", "const", "default"} {
		if value = jsonscan.Member(schema, key); value != nil && string(value) != "null" {
			return value
		}
	}
	for _, key := range []string{"examples", "enum"} {
		if value = firstElement(jsonscan.Member(schema, key)); value != nil {
			return value
		}
	}
	return nil
}

func firstElement(array []byte) (first []byte) {
	jsonscan.EachElement(array, func(element []byte, _ int) bool {
		first = element
		return false
	})
	return first
}

// choice is the first alternative that is not null.
func (x *exampler) choice(list []byte) (found []byte) {
	jsonscan.EachElement(list, func(schema []byte, _ int) bool {
		if x.kind(x.resolve(schema)) == "null" {
			return true
		}
		found = schema
		return false
	})
	return found
}

// kind is the schema's type; where it names none, the type that its other keys
// imply.
func (x *exampler) kind(schema []byte) string {
	kind := jsonscan.Member(schema, "type")
	jsonscan.EachElement(kind, func(element []byte, _ int) bool { // ["string","null"]
		kind = element
		return string(element) == `"null"`
	})
	if text, ok := jsonscan.Unquote(kind); ok {
		return string(text)
	}
	switch {
	case jsonscan.Member(schema, "properties") != nil, jsonscan.Member(schema, "allOf") != nil:
		return "object"
	case jsonscan.Member(schema, "items") != nil, jsonscan.Member(schema, "prefixItems") != nil:
		return "array"
	}
	return ""
}

// object writes the properties that are required, or all of them where the
// schema does not say which are.
func (x *exampler) object(schema []byte) error {
	layers := [][]byte{schema}
	jsonscan.EachElement(jsonscan.Member(schema, "allOf"), func(element []byte, _ int) bool {
		layers = append(layers, x.resolve(element))
		return true
	})
	required, written := map[string]bool{}, map[string]bool{}
	for _, layer := range layers {
		jsonscan.EachElement(jsonscan.Member(layer, "required"), func(element []byte, _ int) bool {
			name, _ := jsonscan.Unquote(element)
			required[string(name)] = true
			return true
		})
	}
	x.out = append(x.out, '{')
	var err error
	for _, layer := range layers {
		jsonscan.EachMember(jsonscan.Member(layer, "properties"), 0, 1, func(rawName, value []byte, _ int) string {
			text, _ := jsonscan.Unquote(rawName)
			name := string(text)
			if err != nil || written[name] || len(required) > 0 && !required[name] {
				return ""
			}
			if len(written) > 0 {
				x.out = append(x.out, ',')
			}
			written[name] = true
			x.out = append(append(x.out, rawName...), ':')
			err = x.schema(value, name)
			return ""
		})
	}
	x.out = append(x.out, '}')
	return err
}

// array writes one of each thing that the schema lists. The columns of a data
// frame are all of those that it allows.
func (x *exampler) array(schema []byte, name string) error {
	items := x.resolve(jsonscan.Member(schema, "items"))
	if enum := jsonscan.Member(items, "enum"); enum != nil && name == "columns" {
		x.out = append(x.out, enum...)
		return nil
	}
	x.out = append(x.out, '[')
	n := 0
	add := func(schema []byte) error {
		if n++; n > 1 {
			x.out = append(x.out, ',')
		}
		return x.schema(schema, "")
	}
	var err error
	jsonscan.EachElement(jsonscan.Member(schema, "prefixItems"), func(element []byte, _ int) bool {
		err = add(element)
		return err == nil
	})
	least := 1
	if n > 0 {
		least = n
	}
	if m, ok := bound(schema, "minItems"); ok {
		least = max(least, int(min(m, schemaParts)))
	}
	for jsonscan.IsAt(items, 0, '{') && n < least && err == nil {
		err = add(items)
	}
	x.out = append(x.out, ']')
	return err
}

// bound reads a number of the schema.
func bound(schema []byte, key string) (float64, bool) {
	v, err := strconv.ParseFloat(string(jsonscan.Member(schema, key)), 64)
	return v, err == nil
}

// within moves a number to where the schema wants it.
func within(schema []byte, v float64) float64 {
	if low, ok := bound(schema, "minimum"); ok {
		v = max(v, low)
	}
	if low, ok := bound(schema, "exclusiveMinimum"); ok && v <= low {
		v = low + 1
	}
	if high, ok := bound(schema, "maximum"); ok {
		v = min(v, high)
	}
	if high, ok := bound(schema, "exclusiveMaximum"); ok && v >= high {
		v = high - 1
	}
	return v
}

// sampleText is a string of the schema's format and length.
func sampleText(schema []byte) string {
	text := "text"
	format, _ := jsonscan.Unquote(jsonscan.Member(schema, "format"))
	switch string(format) {
	case "date-time":
		return "2025-01-01T00:00:00Z"
	case "date":
		return "2025-01-01"
	case "uuid":
		return "00000000-0000-4000-8000-000000000000"
	case "byte", "binary", "base64":
		return "AAAA"
	case "uri", "url":
		return "https://example.com/"
	}
	if most, ok := bound(schema, "maxLength"); ok && most >= 0 && most < float64(len(text)) {
		text = text[:int(most)]
	}
	if least, ok := bound(schema, "minLength"); ok {
		text += strings.Repeat("x", max(0, int(min(least, schemaParts))-len(text)))
	}
	return text
}
