// Package targetlist reads the lists of targets that vegeta reads, in its http format
// and its JSON format, and turns them into request lines, each on the line of the list
// where its target begins, so that messages name the list's own lines.
//
//	GET https://host/a        {"method":"GET","url":"https://host/a"}
//	X-Key: 1            ──→       (blank)
//
// May import: payloads/file, payloads/jsonscan, payloads/show.
package targetlist
