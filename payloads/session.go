package payloads

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"brunt/payloads/file"
	"brunt/payloads/inference"
	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
	"brunt/payloads/show"
	"brunt/payloads/splice"
)

// maxThink is the longest time that a turn may wait for.
const maxThink = 24 * time.Hour

// Session is a conversation of a [Set]: requests that are sent one after the other, of
// which each has the messages and the replies before it in its own.
type Session struct {
	src        *source
	from, upTo uint64 // its lines
}

// turnLine is what a line says of the session that it is a turn of.
type turnLine struct {
	session uint64        // hash of its name; 0 for a line of none
	think   time.Duration // that its user takes before it is sent
	place   uint32        // of the first message, in the body
	end     uint32        // of the last one
	reply   span          // raw, of the reply recorded for it; of no length without one
}

// sessionNames makes hashes of the names of sessions.
var sessionNames = maphash.MakeSeed()

// Sessions reports whether some requests are turns of a conversation. At(i) is then the
// first turn of session i, and the other lines are sessions of one turn.
func (s *Set) Sessions() bool {
	return slices.ContainsFunc(s.sources, func(src *source) bool { return src.sessions != nil })
}

// Session returns the session that request i begins. Like At it is a pure function of i.
func (s *Set) Session(i uint64) Session {
	if s.fixed != nil {
		return Session{upTo: 1}
	}
	src, line := s.locate(i)
	return src.session(line)
}

// session is the one that begins with the line.
func (s *source) session(line uint64) Session {
	if s.sessions == nil {
		return Session{s, line, line + 1}
	}
	next, _ := slices.BinarySearch(s.sessions, uint32(line+1))
	if next == len(s.sessions) {
		return Session{s, line, uint64(len(s.spans))}
	}
	return Session{s, line, uint64(s.sessions[next])}
}

// Turns is how many requests the session has.
func (c Session) Turns() int { return int(c.upTo - c.from) }

// Item is what turn k sends, without the messages before its own.
func (c Session) Item(k int) Item { return c.src.item(c.from + uint64(k)) }

// Path is that of turn k, see [Set.Path].
func (c Session) Path(k int) []byte {
	if c.src == nil {
		return nil
	}
	return c.src.path(c.from + uint64(k))
}

// Think is how long the user of turn k takes before it is sent; 0 for the first one.
func (c Session) Think(k int) time.Duration {
	if k == 0 || c.src.turns == nil {
		return 0
	}
	return c.src.turns[c.from+uint64(k)].think
}

// Messages are those of turn k's own, separated by commas, and their offset in its body.
func (c Session) Messages(k int) (messages []byte, offset int) {
	t := &c.src.turns[c.from+uint64(k)]
	body := c.Item(k).Body
	return body[t.place:t.end], int(t.place)
}

// Recorded is the reply that the file has for turn k, as it stands in JSON between its
// quotes; ok is false where it has none.
func (c Session) Recorded(k int) (reply []byte, ok bool) {
	sp := c.src.turns[c.from+uint64(k)].reply
	if sp.length() == 0 {
		return nil, false
	}
	return c.src.data[sp.offset()+1 : sp.offset()+sp.length()-1], true
}

// Splices is what is put into the body of turn k while it is sent, see [Set.Splices];
// all of it stands before the messages.
func (c Session) Splices(k int) splice.List {
	if c.src.splices == nil {
		return 0
	}
	return c.src.splices[c.from+uint64(k)]
}

// readSession reads the name of the line's session.
func (r *requestReader) readSession(value []byte) string {
	name, ok := jsonscan.Unquote(value)
	if !ok || len(name) == 0 {
		return fmt.Sprintf("session %s: must be a string that names the conversation", show.Excerpt(value))
	}
	r.turn.session = max(maphash.Bytes(sessionNames, name), 1)
	return ""
}

func (r *requestReader) readThink(value []byte) string {
	ns, ok := jsonscan.Decimal(value, 6)
	if !ok || ns < 0 || ns > int64(maxThink) {
		return fmt.Sprintf("think_ms %s: must be a number of milliseconds, a day at most", show.Excerpt(value))
	}
	r.turn.think = time.Duration(ns)
	return ""
}

// readReply notes where the recorded reply is; null is none.
func (r *requestReader) readReply(value []byte, offset int) string {
	if string(value) == "null" {
		return ""
	}
	if _, ok := jsonscan.Unquote(value); !ok {
		return `reply: must be a string, the assistant's answer to this turn, not ` + kindOf(value)
	}
	r.replyAt, r.replyLength = offset, len(value)
	return ""
}

// checkTurn says what is wrong with a line of a session, or "", and finds its messages.
func (r *requestReader) checkTurn(body []byte) string {
	t := &r.turn
	if t.session == 0 {
		for i, name := range members {
			if (name == "think_ms" || name == "reply") && r.seen>>i&1 != 0 {
				return name + ` without "session"; name the conversation that the line is a turn of, or leave it out`
			}
		}
		return ""
	}
	if r.weight != 1 {
		return "a turn of a session has no weight; leave it out, or give the file one (FILE:WEIGHT)"
	}
	from, to := messagesOf(body)
	if from == to {
		return `the body of a session's turn needs "messages", a list of this turn's own (or "input", such a list)`
	}
	t.place, t.end = uint32(from), uint32(to)
	return ""
}

// messagesOf finds the elements of the body's list of messages, or of its input, without
// the brackets around them; nothing where there is no such list, or an empty one.
func messagesOf(body []byte) (from, to int) {
	start := jsonscan.SkipSpace(body, 0)
	if !jsonscan.IsAt(body, start, '{') {
		return 0, 0
	}
	named := false
	jsonscan.EachMember(body, start, 1, func(rawKey, value []byte, offset int) string {
		key, _ := jsonscan.Unquote(rawKey)
		if string(key) != "messages" && (string(key) != "input" || named) || !jsonscan.IsAt(value, 0, '[') {
			return ""
		}
		named = named || string(key) == "messages"
		inside := bytes.TrimRight(value[:len(value)-1], " \t\r\n")
		from, to = offset+jsonscan.SkipSpace(value, 1), offset+len(inside)
		return ""
	})
	return min(from, to), to
}

// addTurns puts together what the lines of all chunks say of sessions, and finds where
// each begins. It reports lines that do not stand with the others of theirs.
func (x *indexer) addTurns(found *problemList) {
	s := x.src
	for k, r := range x.reports {
		if r.turns == nil {
			continue
		}
		if s.turns == nil {
			s.turns = make([]turnLine, len(s.spans))
		}
		copy(s.turns[s.chunks[k].firstBody:], r.turns)
		x.reports[k].turns = nil
	}
	if s.turns == nil {
		return
	}
	seen := map[uint64]bool{}
	last := uint64(0)
	for line := range s.turns {
		name := s.turns[line].session
		if name != 0 && name == last {
			continue
		}
		if last = name; name != 0 && seen[name] {
			n, _ := s.lineNumber(uint64(line))
			found.add(&file.LineError{File: s.name, Line: n,
				Problem: setting.Plain("the lines of a session stand one after the other; this one has others before, elsewhere")})
		}
		seen[name] = true
		s.sessions = append(s.sessions, uint32(line))
	}
}

// checkSessions reports what does not go together with sessions.
func (s *source) checkSessions(o *Options) error {
	switch {
	case s.ends != nil:
		return s.wrong("some lines have a weight and others are turns of a session; put them into files of their own")
	case o.Unique:
		return s.wrongText(setting.Textf("has sessions, whose later turns repeat the first: %v would change what was said; "+
			"leave it out", setting.Unique))
	}
	return nil
}

// recordSessions puts sessions in the order in which their first turns came.
func (s *source) recordSessions() error {
	s.order = slices.Clone(s.sessions)
	for _, line := range s.order {
		if at := s.times[line]; at == inference.NoTime || at == inference.BadTime {
			return s.untimed(uint64(line), at)
		}
	}
	slices.SortStableFunc(s.order, func(a, b uint32) int { return cmp.Compare(s.times[a], s.times[b]) })
	return nil
}

// WithoutReply is "file:line" of the first turn that another one follows and that has
// no recorded reply; empty where all have one.
func (s *Set) WithoutReply() string {
	for _, src := range s.sources {
		for i := range src.sessions {
			c := src.session(uint64(src.sessions[i]))
			for k := range c.Turns() - 1 {
				if _, ok := c.Recorded(k); !ok {
					n, _ := src.lineNumber(c.from + uint64(k))
					return fmt.Sprintf("%s:%d", src.name, n)
				}
			}
		}
	}
	return ""
}
