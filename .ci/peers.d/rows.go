package main

import "fmt"

// row is one scenario.
type row struct {
	name, title string
	path        string
	tls         bool
	bytes       int // of the body
	connections int
	kind        kind
}

// kind is how a row is measured.
type kind int

const (
	closed    kind = iota // every client as fast as replies come
	open                  // a rate, beside brunt without one
	latenessy             // a few rates, lateness only
)

// rows are all that can be asked for, in the order in which they are run.
func rows() []row {
	return []row{
		{name: "plain", title: "POST of 1 KB, 64 connections", path: "/predict", bytes: 1 << 10, connections: 64},
		{name: "tls", title: "the same with TLS", path: "/predict", tls: true, bytes: 1 << 10, connections: 64},
		{name: "body64k", title: "POST of 64 KB, 64 connections", path: "/large", bytes: 64 << 10, connections: 64},
		{
			name:        "reply1m",
			title:       "POST of 1 KB, reply of 1 MB, 64 connections",
			path:        "/megabyte",
			bytes:       1 << 10,
			connections: 64,
		},
		{name: "c1000", title: "POST of 1 KB, 1,000 connections", path: "/predict", bytes: 1 << 10, connections: 1000},
		{name: "c1", title: "POST of 1 KB, 1 connection", path: "/predict", bytes: 1 << 10, connections: 1},
		{
			name:        "open",
			title:       "POST of 1 KB at a rate half of brunt's closed loop",
			path:        "/predict",
			bytes:       1 << 10,
			connections: 64,
			kind:        open,
		},
		{
			name:        "lateness",
			title:       "lateness of sends (ms), POST of 1 KB",
			path:        "/predict",
			bytes:       1 << 10,
			connections: 64,
			kind:        latenessy,
		},
	}
}

// runner is one client within one row.
type runner struct {
	*client
	label string
	rate  int // requests/s; 0 for none
}

// runners are those that a row compares, the base of its ratios first. Rates
// are relative to closedRate, brunt's closed loop in requests/s.
func (r *row) runners(chosen []*client, closedRate float64) []runner {
	var list []runner
	add := func(c *client, label string, rate int) {
		list = append(list, runner{c, label, rate})
	}
	switch r.kind {
	case closed:
		for _, c := range chosen {
			add(c, c.label(), 0)
		}
	case open:
		rate := max(1, int(closedRate/2))
		for _, c := range chosen {
			if c.name == "brunt" {
				add(c, "brunt, closed loop", 0)
			}
			if c.rated {
				add(c, fmt.Sprintf("%s at %s/s", c.name, grouped(uint64(rate))), rate)
			}
		}
	case latenessy:
		for _, rate := range []int{200, 2000, 10_000} {
			for _, c := range chosen {
				if c.rated {
					add(c, fmt.Sprintf("%s at %s/s", c.name, grouped(uint64(rate))), rate)
				}
			}
		}
	}
	return list
}

// label is a client's name in a table.
func (c *client) label() string {
	switch {
	case c.name != "brunt-files":
		return c.name
	case bruntPlots:
		return "brunt --results --plot"
	}
	return "brunt --results (no --plot in this build)"
}
