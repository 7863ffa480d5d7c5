package payloads

import (
	"bytes"
	"encoding/binary"
)

// internVariant finds the number of what the line says besides its body and its path.
func (r *requestReader) internVariant() error {
	if len(r.name) == 0 && len(r.method) == 0 && len(r.origin) == 0 && len(r.headers) == 0 && r.contentType == "" && r.kind != noBody && !r.bare {
		r.variant = 0
		return nil
	}
	r.key = append(r.key[:0], 'b')
	if r.kind == noBody {
		r.key[0] = 'n'
	}
	if r.bare {
		r.key[0] -= 'a' - 'A'
	}
	r.key = appendPart(appendPart(appendPart(appendPart(r.key, r.name), r.method), r.origin), []byte(r.contentType))
	for _, h := range r.headers {
		r.key = appendPart(appendPart(r.key, h.name), h.value)
		if h.remove {
			r.key = append(r.key, '-')
		}
	}
	if bytes.Equal(r.key, r.lastKey) {
		r.variant = r.last
		return nil
	}
	id, ok := r.known[string(r.key)]
	if !ok {
		var err error
		if id, err = r.internNew(); err != nil {
			return err
		}
	}
	r.variant, r.last = id, id
	r.lastKey = append(r.lastKey[:0], r.key...)
	return nil
}

// internNew is for a variant that this reader has not seen yet.
func (r *requestReader) internNew() (uint16, error) {
	v := Variant{
		Name: string(r.name), Method: string(r.method), Origin: string(r.origin),
		ContentType: r.contentType, Bodiless: r.kind == noBody, Bare: r.bare,
	}
	for _, h := range r.headers {
		v.Headers = append(v.Headers, Header{Name: string(h.name), Value: string(h.value), Remove: h.remove})
	}
	key := string(r.key)
	id, ok := r.names.intern(key, v)
	if !ok {
		return 0, errVariants
	}
	r.known[key] = id
	return id, nil
}

// appendPart appends a part with its length before it, so that different
// lists of parts never look alike.
func appendPart(key, part []byte) []byte {
	return append(binary.AppendUvarint(key, uint64(len(part))), part...)
}
