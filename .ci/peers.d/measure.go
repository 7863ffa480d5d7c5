package main

import (
	"context"
	"errors"
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
	rounds, seconds int     // rounds is 0 where each row has its own
	longest         int     // requests of the longest run of the row memory
	leaderRate      float64 // requests/s of this round's leader; 0 while unknown
	runs            int
}

const (
	clientCore = "1"
	// grace is what a client may take beyond the load itself.
	grace = 60 * time.Second
)

// measure runs a row's clients in turn, round after round, another one first
// each time. An interrupt ends it; what was measured stands.
func (b *bench) measure(ctx context.Context, r row) (*table, error) {
	r.longest = b.longest
	runners, err := r.compared(b.chosen)
	if err != nil {
		return nil, err
	}
	t := &table{Name: r.name, Title: r.title, Note: r.note, Rounds: b.roundsOf(r), row: r}
	for _, p := range runners {
		t.Lines = append(t.Lines, &line{Client: p.label, Rate: p.rate, Base: p.base, Marks: []string{}})
	}
	for round := range t.Rounds {
		b.leaderRate = 0
		for _, at := range order(runners, round) {
			if ctx.Err() != nil {
				break
			}
			s := b.once(ctx, r, runners[at], round+1)
			if ctx.Err() != nil {
				break // cut short: no figure
			}
			if runners[at].leads {
				b.leaderRate = s.PerSecond
			}
			t.Lines[at].Samples = append(t.Lines[at].Samples, s)
			fmt.Fprintf(os.Stderr, "%s %d/%d  %s: %s\n", r.name, round+1, t.Rounds, runners[at].label, s.told(r.shown()))
		}
	}
	t.sum()
	return t, nil
}

func (b *bench) roundsOf(r row) int {
	switch {
	case b.rounds > 0:
		return b.rounds
	case r.rounds > 0:
		return r.rounds
	}
	return 5
}

// order is in which runners take their turns in a round: those that lead, then
// the others, another one first each time.
func order(runners []runner, round int) []int {
	var leaders, others []int
	for i, p := range runners {
		if p.leads {
			leaders = append(leaders, i)
		} else {
			others = append(others, i)
		}
	}
	for i := range others {
		leaders = append(leaders, others[(round+i)%len(others)])
	}
	return leaders
}

// once runs one client and looks at the server's counts before and after.
func (b *bench) once(ctx context.Context, r row, p runner, round int) sample {
	s := sample{Round: round}
	if err := b.run(ctx, r, p, &s); err != nil {
		s.Error = err.Error()
	}
	return s
}

func (b *bench) run(ctx context.Context, r row, p runner, s *sample) error {
	if p.part > 0 {
		p.rate = int(p.part * b.leaderRate)
		if p.rate == 0 {
			return errors.New("nothing is known of the speed that its rate is a part of")
		}
		if p.most > 0 {
			p.rate = min(p.rate, p.most)
		}
	}
	var to server = b.server
	if p.serve != nil {
		var err error
		if to, err = p.serve(b); err != nil {
			return err
		}
		defer to.stop()
	}
	l, err := b.load(r, p, to.url)
	if err != nil {
		return err
	}
	defer os.RemoveAll(l.dir)
	before, err := to.count(ctx)
	if err != nil {
		return err
	}
	t, cost, mark, err := p.loaded(ctx, l)
	time.Sleep(50 * time.Millisecond) // nginx sees the last connections close
	after, countErr := to.count(ctx)
	if err := errors.Join(err, countErr); err != nil {
		return err
	}
	s.Mark = mark
	s.fill(l, t, cost, after.since(before))
	return nil
}

// loaded runs the client with what goes on beside it.
func (p *runner) loaded(ctx context.Context, l *load) (t tally, cost spent, mark string, err error) {
	if p.beside != nil {
		end, err := p.beside(l)
		if err != nil {
			return t, cost, "", err
		}
		defer func() { mark = end() }()
	}
	t, cost, err = p.run(ctx, l)
	return t, cost, mark, err
}

// load makes what a client is asked for, with a folder of its own.
func (b *bench) load(r row, p runner, url func(path string, tls bool) string) (*load, error) {
	b.runs++
	l := &load{
		path: r.path, tls: r.tls, bytes: r.bytes, text: r.text, connections: r.connections, seconds: b.seconds,
		rate: p.rate, inFlight: ratedInFlight, cores: clientCore,
		dir: filepath.Join(b.work, fmt.Sprintf("run%d", b.runs)),
	}
	if p.ask != nil {
		p.ask(l)
	}
	l.url = url(l.path, l.tls)
	return l, errors.Join(l.prepare(), b.writeBody(l))
}

// run starts the client on its core and reads what it says.
func (c *client) run(ctx context.Context, l *load) (tally, spent, error) {
	argv := append([]string{c.path}, c.command(l)...)
	cost, err := run(ctx, l.cores, l.limit(), l.environment(), argv...)
	if err != nil && !(l.refused && cost.exited) {
		return tally{}, cost, err
	}
	t, readErr := c.read(l, cost.out)
	if readErr != nil {
		return t, cost, errors.Join(err, readErr)
	}
	return t, cost, nil
}

// writeBody names the file of the load's body. One of so many bytes is made when
// it is first asked for, and kept.
func (b *bench) writeBody(l *load) error {
	if l.text != "" {
		l.body = l.file("body.json")
		return os.WriteFile(l.body, []byte(l.text), 0o600)
	}
	l.body = filepath.Join(b.work, fmt.Sprintf("body%d.json", l.bytes))
	if _, err := os.Stat(l.body); err == nil {
		return nil
	}
	text := append([]byte(`{"inputs":["`), payload(l.bytes-15)...)
	return os.WriteFile(l.body, append(text, `"]}`...), 0o600)
}
