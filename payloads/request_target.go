package payloads

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// maxPath is the longest path that is sent, in bytes. Servers take some 8,000.
const maxPath = 1 << 20

// readMethod reads an HTTP method: any token (RFC 9110 §9.1) but CONNECT.
func (r *requestReader) readMethod(value []byte) string {
	method, ok := jsonscan.Unquote(value)
	switch {
	case !ok:
		return "method: must be a string such as GET, not " + kindOf(value)
	case len(method) == 0 || len(method) > maxNameLength || bytes.ContainsFunc(method, notToken):
		return fmt.Sprintf("method %s: not an HTTP method", show.Excerpt(method))
	case string(method) == "CONNECT":
		return "method CONNECT: opens a tunnel, which cannot be measured; use GET, POST, PUT …"
	}
	r.method = method
	return ""
}

// readPath reads a path with its query.
func (r *requestReader) readPath(value []byte, offset int) string {
	if r.seen>>urlMember&1 != 0 {
		return `"url" and "path": the URL has a path; leave one out`
	}
	path, ok := jsonscan.Unquote(value)
	switch {
	case !ok:
		return `path: must be a string that starts with "/", not ` + kindOf(value)
	case len(path) == 0 || path[0] != '/':
		return fmt.Sprintf(`path %s: must start with "/"`, show.Excerpt(plainPart(path)))
	}
	return r.setPath("path", path, placeIn(value, offset+1))
}

// readURL reads an absolute URL, or a path.
func (r *requestReader) readURL(value []byte, offset int) string {
	if r.seen>>pathMember&1 != 0 {
		return `"url" and "path": the URL has a path; leave one out`
	}
	whole, ok := jsonscan.Unquote(value)
	if !ok {
		return "url: must be a string such as https://host/path, not " + kindOf(value)
	}
	if len(whole) > 0 && whole[0] == '/' {
		return r.setPath("url", whole, placeIn(value, offset+1))
	}
	scheme, rest, found := bytes.Cut(whole, []byte("://"))
	if name := strings.ToLower(string(scheme)); !found || name != "http" && name != "https" {
		return fmt.Sprintf("url %s: must start with http:// or https://", show.Excerpt(plainPart(whole)))
	}
	end := bytes.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, path := rest[:end], rest[end:]
	path, _, _ = bytes.Cut(path, []byte("#"))
	switch {
	case bytes.IndexByte(authority, '@') >= 0:
		return `url: a user or password in it would show up in reports; give {"headers":{"Authorization":…}}, or --user for all`
	case len(authority) == 0:
		return "url: no host in it; give a URL such as https://host/path"
	}
	r.origin = whole[:len(scheme)+len("://")+len(authority)]
	if len(path) == 0 || path[0] != '/' {
		return r.setPath("url", append([]byte{'/'}, path...), 0)
	}
	return r.setPath("url", path, placeIn(value, offset+1+len(r.origin)))
}

// placeIn is the place of what stands in a JSON string, or 0 where escapes have it
// stand there otherwise.
func placeIn(value []byte, place int) int {
	if bytes.IndexByte(value, '\\') >= 0 {
		return 0
	}
	return place
}

// setPath keeps a path, which stands at that place of the line, or nowhere (0).
func (r *requestReader) setPath(member string, path []byte, at int) string {
	if bytes.ContainsFunc(path, func(c rune) bool { return c < ' ' || c == 0x7F || c == '#' }) {
		return fmt.Sprintf(
			"%s %s: must hold no # and no control characters; percent-encode them",
			member, show.Excerpt(plainPart(path)),
		)
	}
	r.path = escapePath(path)
	if len(r.path) > maxPath {
		return member + ": longer than 1 MiB, which no server takes"
	}
	if len(r.path) == len(path) {
		r.pathAt = at
	}
	return ""
}

// plainPart is a path up to where a secret may begin: a query, or a password.
func plainPart(path []byte) []byte {
	if at := bytes.IndexAny(path, "?#:@="); at >= 0 {
		return path[:at+1]
	}
	return path
}

// escapePath writes blanks and all that is not ASCII in hexadecimal; what is
// escaped already stays as it is.
func escapePath(path []byte) []byte {
	outside := func(c byte) bool { return c == ' ' || c >= 0x80 }
	if !slices.ContainsFunc(path, outside) {
		return path
	}
	var escaped []byte
	for _, c := range path {
		if outside(c) {
			escaped = fmt.Appendf(escaped, "%%%02X", c)
		} else {
			escaped = append(escaped, c)
		}
	}
	return escaped
}
