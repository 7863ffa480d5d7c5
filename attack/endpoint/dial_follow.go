package endpoint

import (
	"context"
	"time"
)

// Move is a change of the addresses that a name has, each as host:port.
type Move struct {
	Name      string
	Gone, New []string
}

// Follow has the name looked up each time that addresses are as old as the options
// allow, and moved called with each change, until it is called with nil. Calls never
// overlap, and none comes once the nil's has returned. Where addresses may become as old
// as they like it does nothing.
func (d *Dialer) Follow(moved func(Move)) {
	d.moveMu.Lock()
	d.moved = moved
	d.moveMu.Unlock()
	if moved == nil {
		if d.unfollow != nil {
			d.unfollow()
			d.unfollow = nil
		}
		return
	}
	if d.ttl <= 0 || !d.way.named() {
		return
	}
	ctx, cancel := context.WithCancel(d.life)
	d.unfollow = cancel
	d.background(func(context.Context) { d.followLoop(ctx) })
}

func (d *Dialer) followLoop(ctx context.Context) {
	ticker := time.NewTicker(d.ttl)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		// Without an answer the addresses stay what they are.
		within, cancel := context.WithTimeout(ctx, deadRetryInterval)
		_ = d.Resolve(within)
		cancel()
	}
}

// tell tells of a change whoever follows the name.
func (d *Dialer) tell(m Move) {
	if d.ttl <= 0 {
		return
	}
	d.moveMu.Lock()
	defer d.moveMu.Unlock()
	if d.moved != nil {
		m.Name = d.way.host
		d.moved(m)
	}
}
