package main

import "fmt"

// row is one scenario.
type row struct {
	name, title string
	path        string
	tls         bool
	bytes       int    // of the body
	text        string // the body itself, instead of so many bytes
	connections int
	longest     int      // requests of its longest run, where runs differ in that
	rounds      int      // unless --rounds says otherwise; 0 is 5
	columns     []column // after requests and failures
	// runners are those that the row compares; nil is every client as fast as
	// replies come, with ratios to wrk.
	runners func(r *row, chosen []*client) []runner
	// paired shows only runners with a base, which is beside them in their line.
	paired bool
	note   string // what a reader must know of all its figures
}

// rows are all that can be asked for, in the order in which they are run.
func rows() []row {
	return append(peerRows(), engineRows()...)
}

// peerRows are those of brunt beside the other tools.
func peerRows() []row {
	const predict, kilobyte = "/predict", 1 << 10
	return []row{
		{name: "plain", title: "POST of 1 KB, 64 connections", path: predict, bytes: kilobyte, connections: 64},
		{name: "tls", title: "the same with TLS", path: predict, tls: true, bytes: kilobyte, connections: 64},
		{name: "body64k", title: "POST of 64 KB, 64 connections", path: "/large", bytes: 64 << 10, connections: 64},
		{
			name:        "reply1m",
			title:       "POST of 1 KB, reply of 1 MB, 64 connections",
			path:        "/megabyte",
			bytes:       kilobyte,
			connections: 64,
		},
		{name: "c1000", title: "POST of 1 KB, 1,000 connections", path: predict, bytes: kilobyte, connections: 1000},
		{name: "c1", title: "POST of 1 KB, 1 connection", path: predict, bytes: kilobyte, connections: 1},
		{
			name:        "open",
			title:       "POST of 1 KB at a rate half of brunt's closed loop in the same round",
			path:        predict,
			bytes:       kilobyte,
			connections: 64,
			columns:     columns(usual, cpuRatio("closed loop"), latenesses),
			runners:     halfSpeed,
		},
		{
			name:        "lateness",
			title:       "lateness of sends (ms), POST of 1 KB",
			path:        predict,
			bytes:       kilobyte,
			connections: 64,
			columns:     columns(usual, latenesses),
			runners: func(_ *row, chosen []*client) []runner {
				return rated(chosen, 200, 2000, 10_000)
			},
		},
		{
			name:        "slow10ms",
			title:       "lateness of sends (ms), 10,000/s against a server that takes 10 ms",
			path:        "/slow",
			bytes:       kilobyte,
			connections: 64,
			rounds:      11,
			columns:     columns(usual, latenesses, latenessOfEach),
			runners:     func(_ *row, chosen []*client) []runner { return rated(chosen, 10_000) },
		},
	}
}

// closed tells whether every client takes part, as fast as replies come.
func (r *row) closed() bool { return r.runners == nil }

// shown are the figures of a row's table.
func (r *row) shown() []column {
	if r.closed() {
		return columns(usual, cpuRatio("wrk"))
	}
	return r.columns
}

// runner is one client within one row.
type runner struct {
	*client
	label string
	base  string // label of the runner that ratios are to; none if empty
	// leads comes first in each round and needs no base: rates are relative to
	// its speed.
	leads bool
	rate  int     // requests/s; 0 for none
	part  float64 // of the leader's speed in the same round, as the rate
	most  int     // that the rate may be, as such a part; 0 for no bound
	ask   func(l *load)
	// serve starts a server of its own, instead of nginx.
	serve func(b *bench) (server, error)
	// beside starts what goes on at the same time. Its end says what went wrong.
	beside func(l *load) (end func() string, err error)
}

// compared are a row's runners; an error if a client is missing without which
// there are none.
func (r *row) compared(chosen []*client) ([]runner, error) {
	if !r.closed() {
		list := r.runners(r, chosen)
		if len(list) == 0 {
			return nil, fmt.Errorf("the row %s needs the client brunt", r.name)
		}
		return list, nil
	}
	var list []runner
	for _, c := range chosen {
		if !c.special {
			list = append(list, runner{client: c, label: c.label(), base: "wrk"})
		}
	}
	return list, nil
}

// called finds a client by its name, nil when it was not chosen.
func called(chosen []*client, name string) *client {
	for _, c := range chosen {
		if c.name == name {
			return c
		}
	}
	return nil
}

const closedLoop = "brunt, closed loop"

// leader is brunt's closed loop, to which rates are relative.
func leader(brunt *client) runner {
	return runner{client: brunt, label: closedLoop, base: closedLoop, leads: true}
}

// halfSpeed compares brunt's closed loop with every client at half its speed.
func halfSpeed(_ *row, chosen []*client) []runner {
	brunt := called(chosen, "brunt")
	if brunt == nil {
		return nil
	}
	list := []runner{leader(brunt)}
	for _, c := range chosen {
		if c.rated {
			list = append(list, runner{client: c, label: c.name + " at half", base: closedLoop, part: 0.5})
		}
	}
	return list
}

// rated are the clients that can hold a rate, at each of these rates.
func rated(chosen []*client, rates ...int) []runner {
	var list []runner
	for _, rate := range rates {
		for _, c := range chosen {
			if c.rated {
				label := fmt.Sprintf("%s at %s/s", c.name, grouped(uint64(rate)))
				list = append(list, runner{client: c, label: label, rate: rate})
			}
		}
	}
	return list
}

// label is a client's name in a table.
func (c *client) label() string {
	switch {
	case c.name == "brunt-ring":
		return "brunt --poller io_uring"
	case c.name != "brunt-files":
		return c.name
	case bruntPlots:
		return "brunt --results --plot"
	}
	return "brunt --results (no --plot in this build)"
}
