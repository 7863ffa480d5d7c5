package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// bench holds what every run needs.
type bench struct {
	work            string
	server          *nginx
	chosen          []*client
	rounds, seconds int
	closedRate      float64 // brunt's closed loop, requests/s; 0 while unknown
	runs            int
}

const (
	clientCore = 1
	// grace is what a client may take beyond the load itself.
	grace = 60 * time.Second
)

// measure runs a row's clients in turn, round after round, another one first
// each time. An interrupt ends it; what was measured stands.
func (b *bench) measure(ctx context.Context, r row) (*table, error) {
	if r.kind == open && b.closedRate == 0 {
		if err := b.findClosedRate(ctx, r); err != nil {
			return nil, err
		}
	}
	t := &table{Name: r.name, Title: r.title, Base: "wrk", kind: r.kind}
	runners := r.runners(b.chosen, b.closedRate)
	switch r.kind {
	case open:
		t.Base = "brunt, closed loop"
	case latenessy:
		t.Base = ""
	}
	for _, p := range runners {
		t.Lines = append(t.Lines, &line{Client: p.label, Rate: p.rate, Marks: []string{}})
	}
	for round := range b.rounds {
		for i := range runners {
			at := (round + i) % len(runners)
			if ctx.Err() != nil {
				break
			}
			s := b.once(ctx, r, runners[at], round+1)
			if ctx.Err() != nil {
				break // cut short: no figure
			}
			t.Lines[at].Samples = append(t.Lines[at].Samples, s)
			fmt.Fprintf(
				os.Stderr,
				"%s %d/%d  %s: %.0f/s, %.1f µs %s\n",
				r.name,
				round+1,
				b.rounds,
				runners[at].label,
				s.PerSecond,
				s.CPU,
				s.Error,
			)
		}
	}
	t.sum(r.connections)
	if r.name == "plain" {
		for _, l := range t.Lines {
			if l.Client == "brunt" && l.Rates != nil {
				b.closedRate = l.Rates.Median
			}
		}
	}
	return t, nil
}

// findClosedRate is for an open row that no closed one came before.
func (b *bench) findClosedRate(ctx context.Context, r row) error {
	for _, c := range b.chosen {
		if c.name == "brunt" {
			s := b.once(ctx, r, runner{client: c}, 0)
			if s.Error != "" {
				return fmt.Errorf("brunt's closed loop: %s", s.Error)
			}
			b.closedRate = s.PerSecond
			return nil
		}
	}
	return fmt.Errorf("the row %s needs the client brunt", r.name)
}

// once runs one client and looks at nginx's counts before and after.
func (b *bench) once(ctx context.Context, r row, p runner, round int) sample {
	s := sample{Round: round}
	l, err := b.load(r, p, b.server.url(r.path, r.tls))
	if err != nil {
		s.Error = err.Error()
		return s
	}
	defer os.RemoveAll(l.dir)
	before, err := b.server.count(ctx)
	if err != nil {
		s.Error = err.Error()
		return s
	}
	t, cost, err := p.run(ctx, l)
	time.Sleep(50 * time.Millisecond) // nginx sees the last connections close
	after, countErr := b.server.count(ctx)
	if err == nil {
		err = countErr
	}
	if err != nil {
		s.Error = err.Error()
		return s
	}
	served := after.since(before)
	s.Requests, s.Failed, s.Lateness = t.requests, t.failed, t.lateness
	s.Served, s.Connections = served.requests, served.connections
	s.PeakMB = float64(cost.peak) / 1e6
	if p.rate == 0 {
		s.Lateness = nil
	}
	good := float64(t.requests) - float64(t.failed) - float64(t.warmup)
	if good > 0 && t.seconds > 0 {
		s.PerSecond = good / t.seconds
		s.CPU = (cost.cpu.Seconds() - t.startupCPU) * 1e6 / good
	}
	return s
}

// load makes what a client is asked for, with a folder of its own.
func (b *bench) load(r row, p runner, url string) (*load, error) {
	b.runs++
	l := &load{
		url: url, path: r.path, body: b.body(r.bytes), connections: r.connections, seconds: b.seconds,
		rate: p.rate, dir: filepath.Join(b.work, fmt.Sprintf("run%d", b.runs)),
	}
	return l, l.prepare()
}

// run starts the client on its core and reads what it says.
func (c *client) run(ctx context.Context, l *load) (tally, spent, error) {
	argv := append([]string{c.path}, c.command(l)...)
	cost, err := run(ctx, clientCore, time.Duration(l.seconds)*time.Second+grace, l.environment(), argv...)
	if err != nil {
		return tally{}, cost, err
	}
	t, err := c.read(l, cost.out)
	return t, cost, err
}

// body is the file of a body of so many bytes; writeBodies has made it.
func (b *bench) body(bytes int) string {
	return filepath.Join(b.work, fmt.Sprintf("body%d.json", bytes))
}

// writeBodies makes a JSON body for each size that rows have.
func (b *bench) writeBodies(rows []row) error {
	for _, r := range rows {
		text := append([]byte(`{"inputs":["`), payload(r.bytes-15)...)
		if err := os.WriteFile(b.body(r.bytes), append(text, `"]}`...), 0o600); err != nil {
			return err
		}
	}
	return nil
}
