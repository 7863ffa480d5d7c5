package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// duplexRow is of replies that begin before the request has ended.
func duplexRow() row {
	return row{
		name:        "duplex",
		title:       "replies that come while the body is being sent: brunt beside curl",
		path:        "/",
		bytes:       1 << 20,
		connections: 1,
		columns: []column{
			{head: "status", of: statusOf, show: each},
			{head: "service ms", of: serviceOf, digits: 1},
			{head: "curl's status", of: statusOf, to: theirs, show: each},
			{head: "curl's time_total ms", of: serviceOf, to: theirs, digits: 1},
			{head: "ratio", of: serviceOf, to: ratio, digits: 2},
		},
		paired:  true,
		runners: duplex,
		note: "one request on a new connection each; at once: the status before the body is read, then the " +
			"connection is closed or, after 2 ms, the stream; unread: a whole reply at once, the body never read, " +
			"the connection left open; echo: every byte sent back as it is read. brunt gives up after 3 s, curl after 10",
	}
}

// transports of the duplex cases.
var transports = []struct {
	name       string
	tls, http2 bool
}{{"plain", false, false}, {"TLS", true, false}, {"HTTP/2", true, true}}

// duplexCase is one of the replies, for bodies of each size.
type duplexCase struct {
	name    string
	status  int
	http2   bool // of it, too: there a stream has no connection of its own to leave open
	handler func(o *own, w http.ResponseWriter, r *http.Request)
}

var duplexCases = []duplexCase{
	{"401 at once", 401, true, refuse(401)},
	{"413 at once", 413, true, refuse(413)},
	{"429 at once", 429, true, refuse(429)},
	{"413 unread", 413, false, unread},
	{"echo", 200, true, echo},
}

// duplex compares brunt with curl in every case.
func duplex(_ *row, chosen []*client) []runner {
	brunt, curl := called(chosen, "brunt"), called(chosen, "curl")
	if brunt == nil {
		return nil
	}
	var list []runner
	for _, c := range duplexCases {
		for _, transport := range transports {
			if transport.http2 && !c.http2 {
				continue
			}
			for _, megabytes := range []int{1, 4, 8, 60} {
				label := fmt.Sprintf("%s, %s, %d MB", c.name, transport.name, megabytes)
				ask := func(l *load) {
					l.tls, l.http2, l.bytes = transport.tls, transport.http2, megabytes<<20
					l.requests, l.status, l.refused = 1, c.status, true
					l.flags = []string{"--success", strconv.Itoa(c.status), "--timeout", "3s", "--quiet"}
					if l.http2 {
						l.flags = append(l.flags, "--http2")
					}
				}
				serve := func(b *bench) (server, error) { return b.serve(c.handler) }
				list = append(list, runner{client: brunt, label: label, base: "curl, " + label, ask: ask, serve: serve})
				if curl != nil {
					list = append(list, runner{client: curl, label: "curl, " + label, ask: ask, serve: serve})
				}
			}
		}
	}
	return list
}

// refuse answers without a look at the body. net/http then closes the connection,
// or resets the stream: a moment later, since curl 7.88 loses a reply that is reset
// before it has been read.
func refuse(status int) func(o *own, w http.ResponseWriter, r *http.Request) {
	return func(_ *own, w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		if r.ProtoMajor == 2 {
			_ = http.NewResponseController(w).Flush()
			time.Sleep(2 * time.Millisecond)
		}
	}
}

// unread answers at once and then neither reads nor closes.
func unread(o *own, w http.ResponseWriter, _ *http.Request) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 9\r\n\r\ntoo large")
	<-o.done
}

// echo sends each part of the body back as soon as it has read it.
func echo(_ *own, w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	_ = control.EnableFullDuplex() // HTTP/2 is so in any case
	w.WriteHeader(http.StatusOK)
	_ = control.Flush()
	_, _ = io.Copy(w, r.Body)
}

// curl sends the body without waiting to be told to, as brunt does.
func curl(l *load) []string {
	version := "--http1.1"
	if l.http2 {
		version = "--http2"
	}
	return []string{"-s", "-k", version, "--max-time", "10", "-H", contentType, "-H", "Expect:",
		"--data-binary", "@" + l.body, "-o", "/dev/null", "-w", "%{json}", l.url}
}

// readCurl takes a status for a reply: curl itself is content with one.
func readCurl(_ *load, out []byte) (tally, error) {
	var said struct {
		Status  int     `json:"http_code"`
		Total   float64 `json:"time_total"`
		Message string  `json:"errormsg"`
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return tally{}, err
	}
	t := tally{requests: 1, seconds: said.Total, status: said.Status, service: said.Total * 1e3}
	if said.Status == 0 {
		t.failed, t.trouble = 1, said.Message
	}
	return t, nil
}
