package main

import "fmt"

// tokensPerSecond is the pace of every stream.
const tokensPerSecond = 50

// streamsRow is of replies that come token by token.
func streamsRow() row {
	return row{
		name:        "streams",
		title:       "streams of 50 tokens/s each, as OpenAI's chat",
		path:        "/v1/chat/completions",
		text:        `{"model":"m","stream":true,"messages":[{"role":"user","content":"Tell me a long story."}]}`,
		connections: 50,
		columns: []column{
			{head: "tokens expected", of: positive(func(s *sample) float64 { return s.expected() }), show: median},
			{head: "received", of: positive(func(s *sample) float64 { return float64(s.Tokens) }), show: median},
			{head: "CPU µs/token", of: tokenOf, digits: 1},
			{head: "ratio to aiohttp", of: tokenOf, to: ratio, digits: 2},
			{head: "CPU %", of: shareOf, digits: 1},
			{head: "peak MB", of: peakOf, show: most},
			{head: "server CPU %", of: positive(func(s *sample) float64 { return 100 * s.ServerShare }), show: median},
			{head: "server late ms", of: positive(func(s *sample) float64 { return s.ServerLate }), digits: 1},
		},
		runners: followed,
		note: "all streams begin at once and last for the seconds of a run (5,000: at least 5 s); a server of the " +
			"harness on core 0 sends each token when it is due, and several together only where it is told to or late; " +
			"where it has no core to spare, 5,000 streams are as fast as it is",
	}
}

// followed compares brunt with Python's aiohttp, and has brunt follow many.
func followed(_ *row, chosen []*client) []runner {
	brunt, python := called(chosen, "brunt"), called(chosen, "aiohttp")
	if brunt == nil {
		return nil
	}
	var list []runner
	for _, streams := range []int{50, 300} {
		own := follower(brunt, streams, 1)
		if python != nil {
			other := follower(python, streams, 1)
			own.base, other.base = other.label, other.label
			list = append(list, other)
		}
		list = append(list, own)
	}
	many, fewer := follower(brunt, 5000, 1), follower(brunt, 5000, 5)
	fewer.label += ", 5 tokens together"
	return append(list, many, fewer)
}

// follower is a client that reads so many streams at the same time.
func follower(c *client, streams, together int) runner {
	return runner{
		client: c, label: fmt.Sprintf("%s, %s streams", c.name, grouped(uint64(streams))),
		serve: func(b *bench) (server, error) {
			return b.serveTokens(streamSeconds(b.seconds, streams)*tokensPerSecond, together)
		},
		ask: func(l *load) {
			l.connections, l.requests, l.atOnce = streams, streams, true
			l.tokens = uint64(streamSeconds(l.seconds, streams) * tokensPerSecond)
			if c.name == "brunt" {
				l.flags = []string{"--connect-rate", "5000"}
			}
		},
	}
}

// streamSeconds is how long a stream lasts: long enough for all to be open.
func streamSeconds(seconds, streams int) int { return max(seconds, streams/1000) }

// expected are the tokens of all requests.
func (s *sample) expected() float64 { return float64(s.asked.tokens) * float64(s.asked.requests) }

// aiohttp runs the script with Debian's Python, which has the package.
func aiohttp(l *load) []string { return []string{l.script("streams.py")} }
