package payloads

import (
	"strings"

	"brunt/payloads/compose"
)

// compose makes the body of the line that was read last where it does not stand there
// as it is sent: made says so. what is wrong with it, or "".
func (r *requestReader) compose(line []byte) (place compose.Place, made bool, what string, err error) {
	value, coding := line[r.offset:r.offset+r.length], r.codingOfLine()
	made = true
	switch r.kind {
	case noBody:
		return place, false, "", nil
	case bodyMember:
		if coding == "" {
			return place, false, "", nil
		}
		if r.turn.session != 0 {
			return place, false, "a turn of a session is put together while it is sent, and cannot be compressed before; " +
				"leave Content-Encoding out", nil
		}
		place, what, err = r.composer.JSON(value, coding)
	case textMember:
		r.contentType = "text/plain; charset=utf-8"
		place, what, err = r.composer.Text(value, coding)
	case base64Member:
		r.contentType = compose.OctetStream
		place, what, err = r.composer.Base64(value, coding)
	case fileMember:
		place, r.contentType, what, err = r.composer.File(value, coding)
	case formMember:
		r.contentType = compose.FormType
		place, what, err = r.composer.Form(value, coding)
	}
	return place, made, what, err
}

// codingOfLine is how the line's body is compressed: as the line says, else as all are.
func (r *requestReader) codingOfLine() compose.Coding {
	coding := r.coding
	for _, h := range r.headers {
		if strings.EqualFold(string(h.name), "Content-Encoding") {
			coding = compose.ParseCoding(string(h.value))
		}
	}
	return coding
}
