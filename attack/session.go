package attack

import (
	"time"

	"brunt/attack/stream"
	"brunt/payloads"
	"brunt/payloads/file"
	"brunt/payloads/setting"
)

const (
	// maxAnswer is the most bytes kept of a reply that a later turn repeats.
	maxAnswer = 4 << 20
	// thinkGrain is how exactly a think time is kept: a turn that is sent that much
	// later is not late.
	thinkGrain = 2 * time.Millisecond
)

// SessionCounts are counts of conversations, those that began in the warm-up excluded.
// Begun = Complete + Broken + Unfinished + (while running) those under way.
type SessionCounts struct {
	Begun      uint64
	Complete   uint64 // all turns were sent and answered
	Broken     uint64 // a turn failed, or had no text that the next one could repeat
	Unfinished uint64 // the run ended first
	TurnsLeft  uint64 // turns of the last two kinds that were never sent
}

func (c *SessionCounts) add(o *SessionCounts) {
	c.Begun += o.Begun
	c.Complete += o.Complete
	c.Broken += o.Broken
	c.Unfinished += o.Unfinished
	c.TurnsLeft += o.TurnsLeft
}

// session is a worker's conversation.
type session struct {
	of      payloads.Session
	warm    bool   // it began in the warm-up
	history []byte // messages so far, each with a comma behind it
	body    []byte // of the turn
}

// carryOut sends a ticket's request; where bodies are the turns of sessions, its whole
// session.
func (w *worker) carryOut(tk ticket) {
	if !w.run.sessions {
		w.sendTicket(tk, w.run.payloads.At(tk.index))
		return
	}
	c := &w.session
	c.of, c.warm, c.history = w.run.payloads.Session(tk.index), tk.warm, c.history[:0]
	w.countSession(func(n *SessionCounts) { n.Begun++ })
	for {
		w.sendTicket(tk, c.of.Item(int(tk.turn)))
		turns := c.of.Turns()
		next := int(tk.turn) + 1
		left := uint64(turns - next)
		switch {
		case w.ex.outcome == cutOff:
			w.countSession(func(n *SessionCounts) { n.Unfinished++; n.TurnsLeft += left })
			return
		case w.ex.outcome != succeeded, next < turns && !w.remember(int(tk.turn)):
			w.countSession(func(n *SessionCounts) { n.Broken++; n.TurnsLeft += left })
			return
		case next == turns:
			w.countSession(func(n *SessionCounts) { n.Complete++ })
			return
		}
		var ok bool
		if tk, ok = w.think(tk, c.of.Think(next)); !ok {
			w.countSession(func(n *SessionCounts) { n.Unfinished++; n.TurnsLeft += left })
			return
		}
	}
}

// countSession counts the session, unless it began in the warm-up.
func (w *worker) countSession(count func(*SessionCounts)) {
	if w.session.warm {
		return
	}
	w.tally.mu.Lock()
	count(&w.tally.counts.Sessions)
	w.tally.mu.Unlock()
}

// think waits until the next turn is due, which it plans; ok is false when the run ends
// first.
func (w *worker) think(tk ticket, length time.Duration) (next ticket, ok bool) {
	run := w.run
	due := w.ex.end.Add(length)
	now := run.clock.Now()
	if due > now {
		if !run.rest(due.Sub(now)) {
			return tk, false
		}
		now = run.clock.Now()
	}
	if now.Sub(due) < thinkGrain {
		due = now
	}
	if run.over() || due >= run.end.Load() || now >= run.end.Load() {
		return tk, false
	}
	tk = ticket{index: tk.index, turn: tk.turn + 1, planned: due, begin: now, warm: due < run.measured.Load(), stage: tk.stage}
	if !tk.warm && run.borders != nil {
		tk.stage = uint8(run.stageOf(int(tk.stage), due))
	}
	if !tk.warm {
		w.followed.Store(w.followed.Load() + 1)
	}
	return tk, true
}

// turnItem is the item with the messages before its own in its body. The files that
// both are read from may be cut meanwhile.
func (w *worker) turnItem(item payloads.Item) (_ payloads.Item, err error) {
	c := &w.session
	if w.ex.turn == 0 {
		return item, nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = &payloadError{file.Fault(r)}
		}
	}()
	_, at := c.of.Messages(int(w.ex.turn))
	c.body = append(append(append(c.body[:0], item.Body[:at]...), c.history...), item.Body[at:]...)
	item.Body = c.body
	return item, nil
}

// remember adds what was said in the turn to the history. It returns false where the
// reply holds no text, or where the next body would be longer than one may be.
func (w *worker) remember(turn int) (ok bool) {
	c := &w.session
	defer func() {
		if recover() != nil { // the file was cut: the next request finds that out
			ok = false
		}
	}()
	own, _ := c.of.Messages(turn)
	c.history = append(append(c.history, own...), `,{"role":"assistant","content":"`...)
	if w.run.plan.RecordedReplies {
		var reply []byte
		if reply, ok = c.of.Recorded(turn); ok {
			c.history = append(c.history, reply...)
		}
	} else if len(w.reply.kept) < maxAnswer {
		c.history, ok = stream.AppendText(c.history, w.reply.kept)
	}
	c.history = append(c.history, `"},`...)
	return ok && len(c.history)+len(c.of.Item(turn+1).Body) <= file.MaxBody
}

// keepsReplies reports whether the bodies of successes are needed: for later turns, or
// for patterns.
func (r *Run) keepsReplies() bool {
	return r.sessions && !r.plan.RecordedReplies || r.plan.Matches()
}

// checkSessions refuses recorded replies where there are none.
func (r *Run) checkSessions() error {
	if !r.plan.RecordedReplies {
		return nil
	}
	if !r.sessions {
		return setting.Wrong(setting.Recorded, "", "there are no conversations whose replies are recorded: leave it out, or "+
			`give %v whose lines have "session" and "reply"`, setting.Payloads)
	}
	if where := r.payloads.WithoutReply(); where != "" {
		return setting.Wrong(setting.Recorded, "", `%s has no "reply", and its session goes on after it: `+
			"add it, or leave this out", where)
	}
	return nil
}
