package endpoint

import (
	"strings"

	"brunt/payloads/setting"
)

// socketScheme begins a TARGET word that names a Unix socket.
const socketScheme = "unix:"

// maxSocket is the longest path of a socket that Linux takes, in bytes.
const maxSocket = 107

// ofSocket reports whether a TARGET word names a Unix socket.
func ofSocket(word string) bool { return strings.HasPrefix(word, socketScheme) }

// cutSocket splits unix:///run/x.sock:/predict into the socket's path and that of
// requests, which is / where none is given.
func cutSocket(word string) (socket, path string) {
	socket = strings.TrimPrefix(strings.TrimPrefix(word, socketScheme), "//")
	if at := strings.Index(socket, ":/"); at >= 0 {
		return socket[:at], socket[at+1:]
	}
	return socket, "/"
}

// parseSocket reads a TARGET that is a Unix socket. Its Host is localhost, as others
// have it.
func parseSocket(word string) (Target, error) {
	bad := func(why string) (Target, error) {
		return Target{}, setting.Errorf("target %q: %s; write it as unix:///run/x.sock or unix:///run/x.sock:/path", clip(RedactTarget(word)), why)
	}
	socket, path := cutSocket(word)
	switch {
	case socket == "":
		return bad("no path of a socket")
	case len(socket) > maxSocket:
		return bad("the socket's path is longer than the 107 bytes that systems take")
	}
	const host = "http://localhost"
	t, err := Parse(host + path)
	if err != nil {
		return Target{}, err
	}
	t.URL = socketScheme + "//" + socket + ":" + strings.TrimPrefix(t.URL, host)
	t.Socket, t.Port = socket, ""
	return t, nil
}
