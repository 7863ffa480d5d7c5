package attack

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"time"

	"golang.org/x/net/http2/hpack"

	"brunt/payloads"
	"brunt/payloads/regex"
	"brunt/payloads/setting"
)

// marks are what stands around a placeholder, as it is typed and as a URL has it.
var marks = [...]struct{ open, close []byte }{
	{[]byte("{{"), []byte("}}")},
	{[]byte("%7B%7B"), []byte("%7D%7D")},
}

// The placeholders, and how they are asked for.
const (
	uuidName = "uuid"
	seqName  = "seq"
	nowName  = "now"
	allNames = "{{uuid}}, {{seq}} and {{now}}"
)

// plainName is what may be shown of what stands between braces.
var plainName = regex.Lazy(`^[A-Za-z_.]{0,12}$`)

// placeholder is the first one in a text: what it is called, and where it stands.
func placeholder(text []byte) (name []byte, from, to int, ok bool) {
	for _, m := range marks {
		at := bytes.Index(text, m.open)
		if at < 0 || ok && at > from {
			continue
		}
		if end := bytes.Index(text[at:], m.close); end > 0 {
			at += bytes.LastIndex(text[at:at+end], m.open) // the one before it is never closed
			end := at + bytes.Index(text[at:], m.close)
			name, from, to, ok = text[at+len(m.open):end], at, end+len(m.close), true
		}
	}
	return name, from, to, ok
}

// checkTemplate says what is wrong with a text that may have placeholders.
func checkTemplate(where string, text []byte) error {
	for {
		name, _, to, ok := placeholder(text)
		if !ok {
			return nil
		}
		switch string(name) {
		case uuidName, seqName, nowName:
		default:
			if !plainName().Match(name) { // it may be a secret
				name = []byte("…")
			}
			return setting.Errorf("%s: {{%s}} is none of %s; correct it, or leave %v out", where, name, allNames, setting.Template)
		}
		text = text[to:]
	}
}

// checkTemplates looks at all that placeholders may stand in: headers and paths.
func (r *Run) checkTemplates() error {
	if !r.request.Template {
		return nil
	}
	if err := checkTemplate("TARGET", []byte(r.target.Path)); err != nil {
		return err
	}
	for _, list := range r.ownHeaders() {
		for _, h := range list {
			if err := checkTemplate("header "+h.Name, []byte(h.Value)); err != nil {
				return err
			}
		}
	}
	var wrong error
	err := r.payloads.EachPath(func(path []byte, where func() string) bool {
		if wrong = checkTemplate("path", path); wrong != nil {
			wrong = setting.Errorf("%s: %w", where(), wrong)
		}
		return wrong == nil
	})
	return cmp.Or(wrong, err)
}

// literals are a value's parts that placeholders leave as they are, as headers of that
// name: what the endpoint may repeat.
func literals(h payloads.Header) (list []payloads.Header) {
	for text := []byte(h.Value); ; {
		_, from, to, ok := placeholder(text)
		if !ok {
			return append(list, payloads.Header{Name: h.Name, Value: string(text)})
		}
		list = append(list, payloads.Header{Name: h.Name, Value: string(text[:from])})
		text = text[to:]
	}
}

// ownValues are those of one request: the same wherever they stand in it.
type ownValues struct {
	seq  uint64 // 0 until it is needed
	uuid [36]byte
	set  bool // uuid is
	now  time.Time
}

// own begins the values of the slot's request.
func (s *slot) own() ownValues { return ownValues{now: s.run.clock.Time(s.ex.begin).UTC()} }

// appendExpanded appends a text with a request's values in place of its placeholders.
func (r *Run) appendExpanded(out, text []byte, v *ownValues) []byte {
	for {
		name, from, to, ok := placeholder(text)
		if !ok {
			return append(out, text...)
		}
		out = append(out, text[:from]...)
		switch string(name) {
		case uuidName:
			out = append(out, v.uuidOnce()...)
		case seqName:
			if v.seq == 0 {
				v.seq = r.nextSequence()
			}
			out = strconv.AppendUint(out, v.seq, 10)
		case nowName:
			out = v.now.AppendFormat(out, "2006-01-02T15:04:05.000Z07:00")
		default:
			out = append(out, text[from:to]...)
		}
		text = text[to:]
	}
}

// uuidOnce is a random UUID (RFC 9562, version 4).
func (v *ownValues) uuidOnce() []byte {
	if v.set {
		return v.uuid[:]
	}
	v.set = true
	var b [16]byte
	binary.NativeEndian.PutUint64(b[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(b[8:], rand.Uint64())
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	at := 0
	for i, part := range [5][2]int{{0, 4}, {4, 6}, {6, 8}, {8, 10}, {10, 16}} {
		if i > 0 {
			v.uuid[at] = '-'
			at++
		}
		at += hex.Encode(v.uuid[at:], b[part[0]:part[1]])
	}
	return v.uuid[:]
}

// expandHead puts the request's values into a head in buf.
func (s *slot) expandHead(buf []byte) []byte {
	if !s.run.request.Template {
		return buf
	}
	l, v := s.loop, s.own()
	l.template = append(l.template[:0], buf...)
	return s.run.appendExpanded(buf[:0], l.template, &v)
}

// expandFields does so with the fields of HTTP/2, which are the sender's own.
func (s *slot) expandFields(fields []hpack.HeaderField) {
	v := s.own()
	for i := range fields {
		text := []byte(fields[i].Value)
		if _, _, _, ok := placeholder(text); ok {
			fields[i].Value = string(s.run.appendExpanded(nil, text, &v))
		}
	}
}
