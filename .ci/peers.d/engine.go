package main

import (
	"fmt"
	"time"
)

// engineRows are those of what brunt's engine costs, by itself.
func engineRows() []row {
	const predict, kilobyte = "/predict", 1 << 10
	return []row{
		{
			name:        "neighbours",
			title:       "POST of 1 KB, two busy processes on the client's core",
			path:        predict,
			bytes:       kilobyte,
			connections: 64,
			columns: columns(usual, cpuRatio("alone"), []column{
				{head: "connections", of: openedOf},
				{head: "ratio to alone", of: openedOf, to: ratio, digits: 2},
			}),
			runners: besideNeighbours,
			note: "the open loop asks for 0.6 of brunt's closed loop in the same round and has brunt's own bound " +
				"of requests in flight; beside neighbours it is meant to fall behind",
		},
		{
			name:        "memory",
			title:       "peak memory with waiting connections, and after many requests",
			path:        predict,
			bytes:       kilobyte,
			connections: 64,
			columns: columns(usual, []column{
				{head: "peak MB of each", of: peakOf, digits: 1},
				{head: "ratio to the smaller", of: peakOf, to: ratio, digits: 2},
			}),
			runners: growing,
			note:    "waiting connections are answered after 1 s each, by a server of the harness",
		},
		{
			name:        "twoloops",
			title:       "closed loop with GOMAXPROCS=1 on one core, and with 2 on two",
			path:        predict,
			bytes:       kilobyte,
			connections: 64,
			columns: columns(usual, cpuRatio("one"), []column{
				{head: "speed, ratio to one", of: speedOf, to: ratio, digits: 2},
				{head: "nginx µs/request", of: serverOf, digits: 1},
				{head: "CPU %", of: shareOf, digits: 0},
			}),
			runners: oneAndTwo,
			note: "two loops share core 0 with nginx, so that their speed is at most 2/(1+s/c) of one's, where nginx " +
				"takes s µs of a request and one loop c; where replies are looked through, s is small beside c",
		},
		{
			name:        "page",
			title:       "20,000/s with 20 viewers of the live page's events",
			path:        predict,
			bytes:       kilobyte,
			connections: 64,
			columns: columns(usual, latenesses, []column{
				{head: "CPU %", of: shareOf, digits: 1},
				{head: "above no viewers", of: shareOf, to: difference, digits: 1},
				{head: "GC pause ms", of: positive(func(s *sample) float64 { return s.GCPauseMS }), digits: 3},
			}),
			runners: watched,
			note:    "the rate is 20,000/s or 0.6 of brunt's closed loop in the same round, whichever is less",
		},
		streamsRow(),
		duplexRow(),
	}
}

// besideNeighbours compares clients with themselves beside busy processes.
func besideNeighbours(_ *row, chosen []*client) []runner {
	brunt := called(chosen, "brunt")
	if brunt == nil {
		return nil
	}
	list := []runner{leader(brunt), {client: brunt, label: "brunt, beside two", base: closedLoop, beside: neighbours}}
	if wrk := called(chosen, "wrk"); wrk != nil {
		list = append(list, runner{client: wrk, label: "wrk", base: "wrk"},
			runner{client: wrk, label: "wrk, beside two", base: "wrk", beside: neighbours})
	}
	free := func(l *load) { l.inFlight = "" }
	return append(list,
		runner{client: brunt, label: "brunt, open loop", base: "brunt, open loop", part: 0.6, ask: free},
		runner{client: brunt, label: "brunt, open loop beside two", base: "brunt, open loop", part: 0.6, ask: free,
			beside: neighbours})
}

// growing compares memory with ten times as many connections, or requests.
func growing(r *row, chosen []*client) []runner {
	brunt := called(chosen, "brunt")
	if brunt == nil {
		return nil
	}
	var list []runner
	for _, connections := range []int{1000, 10_000} {
		list = append(list, runner{
			client: brunt, label: grouped(uint64(connections)) + " connections", base: "1,000 connections",
			serve: func(b *bench) (server, error) { return b.serve(wait(time.Second)) },
			// All are opened at once, and have answers before the run ends.
			ask: func(l *load) {
				l.connections, l.atOnce, l.seconds = connections, true, l.seconds+3
				l.flags = []string{"--connect-rate", "5000"}
			},
		})
	}
	label := func(requests int) string { return grouped(uint64(requests)) + " requests" }
	for _, requests := range []int{r.longest / 10, r.longest} {
		list = append(list, runner{client: brunt, label: label(requests), base: label(r.longest / 10),
			ask: func(l *load) { l.requests = requests }})
	}
	return list
}

// lookThrough has brunt search a reply for what is not there: a client's work
// that costs a server nothing.
var lookThrough = []string{"--fail-body", "(?i)quota|overload|capacity"}

// oneAndTwo compares two loops with one, on plain replies and on replies that
// cost the client more than the server.
func oneAndTwo(_ *row, chosen []*client) []runner {
	brunt := called(chosen, "brunt")
	if brunt == nil {
		return nil
	}
	var list []runner
	add := func(kind, path string, flags []string) {
		for i, cores := range []string{clientCore, "0," + clientCore} {
			list = append(list, runner{
				client: brunt, label: fmt.Sprintf("%s, %d", kind, i+1), base: kind + ", 1",
				ask: func(l *load) {
					l.cores, l.flags, l.path = cores, flags, path
					l.variables = []string{fmt.Sprintf("GOMAXPROCS=%d", i+1)}
				},
			})
		}
	}
	add("plain", "/predict", nil)
	add("looked through", "/kilobytes", lookThrough)
	return list
}

// watched compares runs with and without a live page and viewers of it.
func watched(_ *row, chosen []*client) []runner {
	brunt := called(chosen, "brunt")
	if brunt == nil {
		return nil
	}
	const noViewers = "with a page, no viewers"
	served := runner{client: brunt, label: noViewers, base: noViewers, part: 0.6, most: 20_000, ask: withPage}
	seen := served
	seen.label, seen.beside = "with a page and 20 viewers", viewers
	plain := served
	plain.label, plain.ask = "no page", nil
	return []runner{leader(brunt), served, seen, plain}
}
