package attack

import (
	"time"

	"brunt/attack/result"
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

// session is a slot's conversation.
type session struct {
	of      payloads.Session
	warm    bool   // it began in the warm-up
	history []byte // messages so far, each with a comma behind it
	body    []byte // of the turn
}

// carryOut sends a ticket's request; where bodies are the turns of sessions, it begins
// its session.
func (s *slot) carryOut(tk ticket) {
	if !s.run.sessions {
		s.begin(tk, s.run.payloads.At(tk.index))
		return
	}
	c := &s.session
	c.of, c.warm, c.history = s.run.payloads.Session(tk.index), tk.warm, c.history[:0]
	s.countSession(func(n *result.SessionCounts) { n.Begun++ })
	s.begin(tk, c.of.Item(int(tk.turn)))
}

// nextTurn has the slot go on with the next turn of its session, after the time to
// think; false is that the session is over.
func (s *slot) nextTurn() bool {
	c := &s.session
	turns, next := c.of.Turns(), int(s.ex.turn)+1
	switch {
	case s.ex.outcome == cutOff:
		s.countSession(func(n *result.SessionCounts) { n.Unfinished++ })
	case s.ex.outcome != succeeded, next < turns && !s.remember(int(s.ex.turn)):
		s.countSession(func(n *result.SessionCounts) { n.Broken++ })
	case next == turns:
		s.countSession(func(n *result.SessionCounts) { n.Complete++ })
	default:
		s.think(c.of.Think(next))
		return true
	}
	s.leaveTurns(turns - next)
	return false
}

// leaveTurns counts turns that are never sent.
func (s *slot) leaveTurns(n int) {
	s.countSession(func(c *result.SessionCounts) { c.TurnsLeft += uint64(n) })
}

// countSession counts the session, unless it began in the warm-up.
func (s *slot) countSession(count func(*result.SessionCounts)) {
	if !s.session.warm {
		count(&s.loop.tally.counts.Sessions)
	}
}

// think waits until the next turn is due.
func (s *slot) think(length time.Duration) {
	s.giveReplyBack()
	due := s.ex.end.Add(length)
	if now := s.run.clock.Now(); due <= now {
		s.turnIsDue(due, now)
		return
	}
	s.turnDue = due
	s.wait(min(due, s.run.end.Load()), (*slot).thought)
}

func (s *slot) thought() { s.turnIsDue(s.turnDue, s.run.clock.Now()) }

// turnIsDue plans the next turn and sends it, unless the run has ended.
func (s *slot) turnIsDue(due, now Instant) {
	run := s.run
	if now.Sub(due) < thinkGrain {
		due = max(due, now)
	}
	if run.over() || due >= run.end.Load() || now >= run.end.Load() {
		s.countSession(func(n *result.SessionCounts) { n.Unfinished++ })
		s.leaveTurns(s.session.of.Turns() - int(s.ex.turn) - 1)
		s.state = slotFree
		s.goOnFree()
		return
	}
	tk := ticket{
		index: s.ex.index, turn: s.ex.turn + 1, planned: due, begin: now,
		warm: due < run.measured.Load(), stage: s.ex.stage,
	}
	if !tk.warm {
		if run.borders != nil {
			tk.stage = uint8(run.stageOf(int(tk.stage), due))
		}
		s.loop.followed++
	}
	s.begin(tk, s.session.of.Item(int(tk.turn)))
}

// turnItem is the item with the messages before its own in its body. The files that
// both are read from may be cut meanwhile.
func (s *slot) turnItem(item payloads.Item) (_ payloads.Item, err error) {
	c := &s.session
	if s.ex.turn == 0 {
		return item, nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = &payloadError{file.Fault(r)}
		}
	}()
	_, at := c.of.Messages(int(s.ex.turn))
	if s.writes > 0 {
		c.body = nil // a goroutine may still have the last one, whose reply has come
	}
	c.body = append(append(append(c.body[:0], item.Body[:at]...), c.history...), item.Body[at:]...)
	item.Body = c.body
	return item, nil
}

// remember adds what was said in the turn to the history. It returns false where the
// reply holds no text, or where the next body would be longer than one may be.
func (s *slot) remember(turn int) (ok bool) {
	c := &s.session
	defer func() {
		if recover() != nil { // the file was cut: the next request finds that out
			ok = false
		}
	}()
	own, _ := c.of.Messages(turn)
	c.history = append(append(c.history, own...), `,{"role":"assistant","content":"`...)
	if s.run.plan.RecordedReplies {
		var reply []byte
		if reply, ok = c.of.Recorded(turn); ok {
			c.history = append(c.history, reply...)
		}
	} else if len(s.reply.kept) < maxAnswer {
		c.history, ok = stream.AppendText(c.history, s.reply.kept)
	}
	c.history = append(c.history, `"},`...)
	return ok && len(c.history)+len(c.of.Item(turn+1).Body) <= file.MaxBody
}

// keepsReplies reports whether the bodies of successes are needed: for later turns, or
// for patterns and queries.
func (r *Run) keepsReplies() bool {
	return r.sessions && !r.plan.RecordedReplies || r.plan.Matches() ||
		r.plan.Expect != nil && len(r.plan.Expect.Queries) > 0
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
