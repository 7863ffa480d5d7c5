package live

import (
	"context"

	"brunt/attack/plan"
)

// preparation is what is done before a run starts: opening payloads, waking the
// endpoint.
type preparation struct {
	ctx        context.Context
	cancel     context.CancelFunc
	stopMode   plan.AtEnd // the strongest stop that was asked for meanwhile
	waitingFor string     // empty for nothing
}

func (p *preparation) canceled() bool { return p.ctx.Err() != nil }

// prepare begins a preparation. The lock is held.
func (c *controller) prepare() *preparation {
	p := &preparation{stopMode: plan.Drain}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	c.preparing = p
	return p
}

// waiting notes what is waited for before a run starts.
func (c *controller) waiting(text string) {
	c.mu.Lock()
	if c.preparing != nil {
		c.preparing.waitingFor = text
	}
	c.addLog(text)
	c.mu.Unlock()
	c.notify()
}
