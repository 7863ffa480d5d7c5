package main

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

var (
	//go:embed wrk.lua
	wrkScript []byte
	//go:embed locustfile.py
	locustFile []byte
	//go:embed streams.py
	streamsFile []byte
)

// load is what one run asks of a client.
type load struct {
	url, path   string // path is url's
	tls, http2  bool
	body        string // file
	bytes       int    // of the body
	text        string // the body itself, instead of so many bytes
	connections int
	seconds     int
	requests    int    // how many to send, however long that takes; 0 for no such number
	rate        int    // requests/s; 0 is as fast as replies come
	inFlight    string // the most that a client with a rate has in flight; its own bound if empty
	dir         string // for the client's own files, fresh for each run
	cores       string // that the client may use
	flags       []string
	variables   []string // of its environment
	page        string   // address of brunt's live view

	// What a run in order looks like.
	status  int    // of every reply; 0 is any success
	refused bool   // whatever the client's exit status says of it
	tokens  uint64 // of each request
	atOnce  bool   // all connections are open at the same time
}

func (l *load) file(name string) string { return filepath.Join(l.dir, name) }

// tally is what a client says of its run.
type tally struct {
	requests, failed uint64  // failed is part of requests
	seconds          float64 // as the client measured them
	// Locust starts its users one by one; speed and CPU are of the time after.
	warmup     uint64  // of requests, those before that
	startupCPU float64 // seconds of CPU until then
	lateness   *lateness
	tokens     uint64  // received
	gcPause    float64 // the longest, ms
	status     int     // of the replies, if they are alike
	service    float64 // ms of the slowest request
	trouble    string  // of a failed request, as the client calls it
}

// client is one load generator: how to call it and how to read what it says.
type client struct {
	name    string
	program string                 // its name in bin or on PATH
	command func(l *load) []string // arguments after the program's path
	read    func(l *load, out []byte) (tally, error)
	// rated tells that it can hold a rate.
	rated bool
	// special is only for rows that name it.
	special bool
	// path, version and missing are filled in once it has been looked for.
	path, version, missing string
}

// clients are all that can be asked for; the first is what ratios are to.
func clients() []*client {
	return []*client{
		{name: "wrk", program: "wrk", command: wrk, read: readWrk},
		{name: "brunt", program: "brunt", command: brunt, read: readBrunt, rated: true},
		{name: "brunt-files", program: "brunt", command: bruntFiles, read: readBrunt},
		{name: "brunt-ring", program: "brunt", command: bruntRing, read: readBrunt, rated: true},
		{name: "bombardier", program: "bombardier", command: bombardier, read: readBombardier},
		{name: "hey", program: "hey", command: hey, read: readHey},
		{name: "vegeta", program: "vegeta", command: vegeta, read: readVegeta, rated: true},
		{name: "ab", program: "ab", command: ab, read: readAB},
		{name: "locust", program: "locust", command: locust, read: readScript},
		{name: "aiohttp", program: "/usr/bin/python3", command: aiohttp, read: readScript, special: true},
		{name: "curl", program: "curl", command: curl, read: readCurl, special: true},
	}
}

func names(list []*client) []string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = c.name
	}
	return words
}

// writeScripts puts the scripts that clients need into dir.
func writeScripts(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "wrk.lua"), wrkScript, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "streams.py"), streamsFile, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "locustfile.py"), locustFile, 0o600)
}

// ratedInFlight is the most that a client with a rate has in flight. Their own
// bounds, 10,000 and none, let a stall open so many connections that the next
// client runs out of ports.
const ratedInFlight = "1000"

const contentType = "Content-Type: application/json"

func (l *load) duration() string { return strconv.Itoa(l.seconds) + "s" }
func (l *load) conns() string    { return strconv.Itoa(l.connections) }

// limit is how long a client may take, at a pace that each one holds.
func (l *load) limit() time.Duration {
	return time.Duration(l.seconds)*time.Second + time.Duration(l.requests)*100*time.Microsecond + grace
}

func (l *load) script(name string) string {
	return filepath.Join(filepath.Dir(l.dir), name)
}

// environment is what scripts read.
func (l *load) environment() []string {
	return append([]string{"PEERS_BODY=" + l.body, "PEERS_PATH=" + l.path, "PEERS_OUT=" + l.file("out.json"),
		"PEERS_SECONDS=" + strconv.Itoa(l.seconds), "PEERS_URL=" + l.url, "PEERS_REQUESTS=" + strconv.Itoa(l.requests),
		"PEERS_USERS=" + l.conns()}, l.variables...)
}

func wrk(l *load) []string {
	return []string{
		"-t",
		"1",
		"-c",
		l.conns(),
		"-d",
		l.duration(),
		"--timeout",
		"30s",
		"-s",
		l.script("wrk.lua"),
		l.url,
	}
}

func brunt(l *load) []string {
	args := []string{"attack", l.url, "-k", "-p", l.body, "-H", contentType, "-o", "json"}
	if l.requests > 0 {
		args = append(args, "-n", strconv.Itoa(l.requests))
	} else {
		args = append(args, "-d", l.duration())
	}
	if l.rate > 0 {
		args = append(args, "-r", strconv.Itoa(l.rate))
		if l.inFlight != "" {
			args = append(args, "-c", l.inFlight)
		}
		return append(args, l.flags...)
	}
	return append(append(args, "-c", l.conns()), l.flags...)
}

func bruntFiles(l *load) []string {
	args := append(brunt(l), "--results", l.file("results.gob"))
	if bruntPlots {
		args = append(args, "--plot", l.file("plot.html"))
	}
	return args
}

// bruntRing is brunt where it receives and sends by io_uring.
func bruntRing(l *load) []string { return append(brunt(l), "--poller", "io_uring") }

func bombardier(l *load) []string {
	return []string{
		"-c",
		l.conns(),
		"-d",
		l.duration(),
		"-t",
		"30s",
		"-m",
		"POST",
		"-k",
		"-f",
		l.body,
		"-H",
		contentType,
		"-o",
		"json",
		"-p",
		"r",
		l.url,
	}
}

func hey(l *load) []string {
	return []string{
		"-z",
		l.duration(),
		"-c",
		l.conns(),
		"-t",
		"30",
		"-m",
		"POST",
		"-D",
		l.body,
		"-T",
		"application/json",
		l.url,
	}
}

// vegeta keeps no reply's body, since no other client does.
func vegeta(l *load) []string {
	args := []string{"attack", "-targets", l.file("targets"), "-body", l.body, "-header", contentType, "-insecure",
		"-max-body", "0", "-timeout", "30s", "-duration", l.duration(), "-output", l.file("results.bin")}
	if l.rate > 0 {
		return append(
			args,
			"-rate",
			strconv.Itoa(l.rate)+"/1s",
			"-max-workers",
			ratedInFlight,
			"-connections",
			ratedInFlight,
		)
	}
	return append(args, "-rate", "0", "-workers", l.conns(), "-max-workers", l.conns(), "-connections", l.conns())
}

func ab(l *load) []string {
	return []string{"-q", "-k", "-r", "-s", "30", "-c", l.conns(), "-t", strconv.Itoa(l.seconds), "-n", "10000000",
		"-p", l.body, "-T", "application/json", l.url}
}

// locust ends itself, so many seconds after all its users had a reply.
func locust(l *load) []string {
	host := l.url[:len(l.url)-len(l.path)]
	return []string{"-f", l.script("locustfile.py"), "--headless", "--only-summary", "--loglevel", "ERROR",
		"-u", l.conns(), "-r", l.conns(), "--host", host}
}

// prepare writes what a client reads before it starts.
func (l *load) prepare() error {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(l.file("targets"), fmt.Appendf(nil, "POST %s\n", l.url), 0o600)
}
