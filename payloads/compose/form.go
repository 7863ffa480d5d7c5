package compose

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"path/filepath"
	"strings"

	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// boundary stands between the parts of all forms: with one of its own each would have
// a Content-Type of its own.
const boundary = "----brunt-form-q7Zt2mXw9Lr4Vd8K"

// FormType is the Content-Type of forms.
const FormType = "multipart/form-data; boundary=" + boundary

// Form makes a body of a JSON object: a part for each member, in their order. A string,
// a number, true or false is a part's text; {"file":…}, {"text":…} or {"base64":…} its
// content, with "filename" and "type" where they are given; a list is several parts of
// the name.
func (c *Composer) Form(value []byte, coding Coding) (place Place, what string, err error) {
	if !jsonscan.IsAt(value, 0, '{') {
		return Place{}, `form: must be an object, such as {"model":"x","file":{"file":"speech.wav"}}`, nil
	}
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	_ = w.SetBoundary(boundary) // which is sound
	_, what = jsonscan.EachMember(value, 0, 2, func(rawKey, value []byte, _ int) string {
		name, ok := jsonscan.Unquote(rawKey)
		if !ok {
			return "form: a name must be valid Unicode"
		}
		if !jsonscan.IsAt(value, 0, '[') {
			return c.part(w, string(name), value)
		}
		fault := ""
		jsonscan.EachElement(value, func(element []byte, _ int) bool {
			fault = c.part(w, string(name), element)
			return fault == ""
		})
		return fault
	})
	if what != "" {
		return Place{}, what, nil
	}
	_ = w.Close()
	return c.plain(out.Bytes(), coding)
}

// part is one part of a form.
type part struct {
	content        []byte
	filename, kind string
	named          bool // filename was given
	sources        int  // of its content
}

// part writes one part and says what is wrong with it, or "".
func (c *Composer) part(w *multipart.Writer, name string, value []byte) string {
	p := part{}
	switch {
	case jsonscan.IsAt(value, 0, '"'):
		text, ok := jsonscan.Unquote(value)
		if !ok {
			return fmt.Sprintf("form: %s must be valid Unicode", show.Excerpt([]byte(name)))
		}
		p.content = text
	case jsonscan.IsAt(value, 0, '{'):
		if what := c.readPart(&p, value); what != "" {
			return fmt.Sprintf("form: %s: %s", show.Excerpt([]byte(name)), what)
		}
	case jsonscan.IsAt(value, 0, '['), jsonscan.IsAt(value, 0, 'n'):
		return fmt.Sprintf(`form: %s must be a string, a number or an object such as {"file":"speech.wav"}`, show.Excerpt([]byte(name)))
	default:
		p.content = value
	}
	if bytes.Contains(p.content, []byte(boundary)) {
		return fmt.Sprintf("form: %s holds the line that stands between parts", show.Excerpt([]byte(name)))
	}
	header := textproto.MIMEHeader{}
	if p.named {
		header.Set("Content-Disposition", multipart.FileContentDisposition(name, p.filename))
	} else {
		header.Set("Content-Disposition", `form-data; name="`+quotes.Replace(name)+`"`)
	}
	if p.kind != "" {
		header.Set("Content-Type", p.kind)
	}
	out, _ := w.CreatePart(header) // into memory
	_, _ = out.Write(p.content)
	return ""
}

// readPart reads a part that says what its content is.
func (c *Composer) readPart(p *part, value []byte) (what string) {
	_, what = jsonscan.EachMember(value, 0, 2, func(rawKey, value []byte, _ int) string {
		key, _ := jsonscan.Unquote(rawKey)
		text, ok := jsonscan.Unquote(value)
		if !ok {
			return fmt.Sprintf("%s must be a string", show.Excerpt(key))
		}
		fault := ""
		switch string(key) {
		case "file":
			if p.content, fault = c.maker.read(string(text)); fault == "" && !p.named {
				p.filename, p.named = filepath.Base(string(text)), true
			}
			if p.kind == "" {
				p.kind = ContentType(string(text), "")
			}
			p.sources++
		case "text":
			p.content = text
			p.sources++
		case "base64":
			p.content, fault = appendBase64(nil, value)
			if p.kind == "" {
				p.kind = OctetStream
			}
			p.sources++
		case "filename":
			p.filename, p.named = string(text), true
		case "type":
			if p.kind = string(text); bytes.ContainsAny(text, "\r\n") {
				fault = "type must be on one line"
			}
		default:
			fault = fmt.Sprintf("unknown key %s; a part has file, text or base64, and may have filename and type", show.Excerpt(key))
		}
		return fault
	})
	if what == "" && p.sources != 1 {
		what = "a part has one of file, text and base64"
	}
	return what
}

// quotes are written as mime/multipart does within quotes.
var quotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "%0D", "\n", "%0A")
