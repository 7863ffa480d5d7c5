package generate

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
)

// Limits of an example: schemas may refer to themselves, and be made to grow
// without end.
const (
	schemaDepth = 64
	schemaParts = 20_000
)

// ExampleFromOpenAPI returns one body, compact, that an OpenAPI description
// (version 3, JSON) of an endpoint allows: its own example where there is one,
// else the least that its schema asks for, which is enough to try the endpoint
// and may not be what its model makes sense of. Of several paths the first one
// that ends in /invocations counts.
//
// It reads the raw text, not structs: properties keep the order of the document,
// and a key of an unexpected type (such as exclusiveMinimum, a bool in OpenAPI 3.0
// and a number in 3.1) is ignored where a decoder would refuse the whole document.
func ExampleFromOpenAPI(doc []byte) ([]byte, error) {
	doc = bytes.TrimPrefix(doc, []byte(jsonscan.ByteOrderMark))
	if !jsonscan.Valid(doc) {
		reason, offset := jsonscan.Fault(doc)
		return nil, fmt.Errorf("%s at line %d; an OpenAPI description must be JSON", reason,
			1+bytes.Count(doc[:min(offset, len(doc))], newline))
	}
	doc = doc[jsonscan.SkipSpace(doc, 0):]
	x := &exampler{doc: doc}
	media := x.media()
	if media == nil {
		return nil, errors.New("no POST with a JSON body described in it; is it an OpenAPI description?")
	}
	if err := x.example(media); err != nil {
		return nil, err
	}
	if !jsonscan.Valid(x.out) || len(x.out) > file.MaxBody {
		return nil, errors.New("no example can be made of its schema; write a body by hand")
	}
	return jsonscan.AppendCompact(nil, x.out), nil
}

// exampler writes an example of a schema.
type exampler struct {
	doc   []byte
	out   []byte
	depth int
	parts int
}

var errSchema = errors.New("its schema is too large, or refers to itself without end; write a body by hand")

// media finds the description of the JSON body that is posted.
func (x *exampler) media() (found []byte) {
	certain := false
	jsonscan.EachMember(jsonscan.Member(x.doc, "paths"), 0, 1, func(rawPath, item []byte, _ int) string {
		path, _ := jsonscan.Unquote(rawPath)
		post := jsonscan.Member(x.resolve(item), "post")
		m := jsonMedia(jsonscan.Member(x.resolve(jsonscan.Member(post, "requestBody")), "content"))
		invocations := bytes.HasSuffix(path, []byte("/invocations"))
		if m != nil && (found == nil || invocations && !certain) {
			found, certain = m, invocations
		}
		return ""
	})
	return found
}

// jsonMedia picks JSON from the types of a body.
func jsonMedia(content []byte) (found []byte) {
	if found = jsonscan.Member(content, "application/json"); found != nil {
		return found
	}
	jsonscan.EachMember(content, 0, 1, func(rawType, value []byte, _ int) string {
		if name, _ := jsonscan.Unquote(rawType); found == nil && (bytes.Contains(name, []byte("json")) ||
			string(name) == "*/*") {
			found = value
		}
		return ""
	})
	return found
}

// resolve follows a reference into the document; nil where that leads nowhere.
func (x *exampler) resolve(value []byte) []byte {
	for range schemaDepth {
		ref, ok := jsonscan.Unquote(jsonscan.Member(value, "$ref"))
		if !ok {
			return value
		}
		path, local := strings.CutPrefix(string(ref), "#/")
		if !local {
			return nil
		}
		value = x.doc
		for step := range strings.SplitSeq(path, "/") {
			value = jsonscan.Member(value, strings.NewReplacer("~1", "/", "~0", "~").Replace(step))
		}
	}
	return nil
}

// example writes a given example of the media type, or one of its schema.
func (x *exampler) example(media []byte) error {
	if value := jsonscan.Member(media, "example"); value != nil {
		x.out = append(x.out, value...)
		return nil
	}
	var first []byte
	jsonscan.EachMember(jsonscan.Member(media, "examples"), 0, 1, func(_, value []byte, _ int) string {
		if first == nil {
			first = jsonscan.Member(x.resolve(value), "value")
		}
		return ""
	})
	if first != nil {
		x.out = append(x.out, first...)
		return nil
	}
	return x.schema(jsonscan.Member(media, "schema"), "")
}
