// Package compose makes, once and before a run, the bodies that do not stand in a
// payload file as they are sent: texts, bytes, files, forms, and what is compressed.
//
//	"text" "base64" "file" "form" ─→ Composer (one per goroutine)
//	a JSON body, compressed      ─┘      │ Add
//	                                     ▼
//	                                 Maker ─→ a temporary file, mapped at the end
//
// May import: payloads/file, payloads/jsonscan, payloads/show.
package compose
