package h2

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/net/http2"

	"brunt/attack/endpoint"
)

// read is the connection's only reader, for its whole life.
func (c *Conn) read() {
	defer c.finish()
	err := c.readPreface()
	for err == nil {
		var f http2.Frame
		if f, err = c.framer.ReadFrame(); err == nil {
			if err = c.handle(f); err == nil {
				err = c.checkControl()
			}
			continue
		}
		var stream http2.StreamError
		if errors.As(err, &stream) {
			err = nil
			c.abandonID(stream.StreamID, "a frame of its stream is wrong")
		}
	}
	c.mu.Lock()
	c.lastRead = c.readAt
	if c.goAwayErr != nil {
		err = c.goAwayErr
	}
	c.mu.Unlock()
	c.fail(c.explain(err))
}

// explain distinguishes a peer that closed the connection from one without HTTP/2.
func (c *Conn) explain(err error) error {
	var conn http2.ConnectionError
	switch {
	case err == io.ErrUnexpectedEOF:
		return io.EOF
	case errors.As(err, &conn):
		why := "protocol error"
		if detail := c.framer.ErrorDetail(); detail != nil {
			why = detail.Error()
		}
		return &MalformedError{why}
	case errors.Is(err, http2.ErrFrameTooLarge):
		return &MalformedError{"a frame is larger than allowed"}
	}
	return err
}

// readPreface takes the peer's SETTINGS, which come before everything else.
func (c *Conn) readPreface() error {
	if b, err := c.in.Peek(5); errors.Is(err, io.EOF) {
		return errNoPreface
	} else if err != nil {
		return err
	} else if string(b) == "HTTP/" {
		return endpoint.ErrNoHTTP2
	}
	f, err := c.framer.ReadFrame()
	if err != nil {
		if broken(err) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errNoPreface
		}
		return endpoint.ErrNoHTTP2
	}
	settings, ok := f.(*http2.SettingsFrame)
	if !ok || settings.IsAck() {
		return endpoint.ErrNoHTTP2
	}
	if err := c.settings(settings); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.open, c.idleFrom = true, c.readAt
		close(c.ready)
	}
	return nil
}

// handle handles one frame; an error ends the connection.
func (c *Conn) handle(frame http2.Frame) error {
	switch f := frame.(type) {
	case *http2.DataFrame:
		return c.data(f)
	case *http2.HeadersFrame:
		c.header = headerBlock{stream: f.StreamID, ended: f.StreamEnded(), first: c.readAt, size: 9 + int(f.Length), length: -1, rank: len(requestIDs), fields: c.header.fields[:0]}
		return c.decodeHeader(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.ContinuationFrame:
		c.header.size += 9 + int(f.Length)
		return c.decodeHeader(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.RSTStreamFrame:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lastRead = c.readAt
		return c.peerReset(f)
	case *http2.SettingsFrame:
		return c.settings(f)
	case *http2.WindowUpdateFrame:
		return c.widen(f)
	case *http2.PingFrame:
		c.pinged(f)
	case *http2.GoAwayFrame:
		c.goAway(f)
	case *http2.PushPromiseFrame:
		return &MalformedError{"it pushes though this side forbids it"}
	}
	return nil
}

// data throws a piece of a body away.
func (c *Conn) data(f *http2.DataFrame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastRead = c.readAt
	if c.unacked += f.Length; c.unacked > recvWindow/2 {
		c.returnWindow(0, &c.unacked)
	}
	s := c.streams[f.StreamID]
	if s == nil {
		return c.checkID(f.StreamID)
	}
	s.In += 9 + int64(f.Length)
	if s.Status == 0 {
		c.abandon(s, "its body comes before its header")
		return nil
	}
	body := f.Data()
	if s.got += int64(len(body)); len(body) > 0 && s.tooLong() {
		c.abandon(s, "its body is longer than its header says")
		return nil
	}
	if s.fed && len(body) > 0 {
		if s.Follower.Feed(body, c.readAt) {
			s.lastBody = c.readAt
		}
		if !s.answers && s.Follower.Answers() {
			s.answers = true
			s.wakeOwner() // whose limit is another one now
		}
	}
	if room := cap(s.Sample) - len(s.Sample); room > 0 && len(body) > 0 && !c.config.Success[s.Status] {
		s.Sample = append(s.Sample, body[:min(len(body), room)]...)
	}
	if f.StreamEnded() {
		c.replied(s)
		return nil
	}
	if s.unacked += f.Length; s.unacked > recvWindow/2 {
		c.returnWindow(f.StreamID, &s.unacked)
	}
	return nil
}

// tooLong reports whether more of the body came than there can be.
func (s *Stream) tooLong() bool {
	return s.noBody || s.Status == 204 || s.Status == 304 || s.length >= 0 && s.got > s.length
}

// returnWindow lets the peer send as much again as it has sent.
func (c *Conn) returnWindow(id uint32, n *uint32) {
	by := *n
	*n = 0
	c.control(func(b []byte) []byte { return appendWindowUpdate(b, id, by) })
}

// checkID is an error for a stream that was never opened, and none for one that was
// given up. c.mu is held.
func (c *Conn) checkID(id uint32) error {
	if id%2 == 1 && id < c.nextID {
		return nil
	}
	return &MalformedError{fmt.Sprintf("stream %d was never opened", id)}
}

// abandonID gives a stream up for a fault of the peer's.
func (c *Conn) abandonID(id uint32, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.streams[id]; s != nil {
		c.abandon(s, why)
	}
}

// abandon does so while c.mu is held.
func (c *Conn) abandon(s *Stream, why string) {
	delete(c.streams, s.id)
	s.Status, s.refusal = 0, http2.ErrCodeProtocol
	s.complete(c.readAt, &MalformedError{why})
}

// settings obeys the peer's and says so.
func (c *Conn) settings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastRead = c.readAt
	err := f.ForeachSetting(func(s http2.Setting) error {
		if err := s.Valid(); err != nil {
			return err
		}
		switch s.ID {
		case http2.SettingMaxConcurrentStreams:
			c.limit = int(min(s.Val, 1<<31-1))
			c.assignPlaces()
		case http2.SettingInitialWindowSize:
			by := int64(s.Val) - c.initial
			c.initial = int64(s.Val)
			for _, stream := range c.streams {
				if !c.widenStream(stream, by) {
					return errWindow
				}
			}
		case http2.SettingEnablePush:
			if s.Val != 0 {
				return &MalformedError{"it wants to push, which only clients may allow"}
			}
		case http2.SettingMaxFrameSize:
			c.peerMaxFrame.Store(int64(s.Val))
		case http2.SettingHeaderTableSize:
			c.tableSize.Store(int64(s.Val))
		}
		return nil
	})
	c.control(func(b []byte) []byte { return appendFrame(b, http2.FrameSettings, http2.FlagSettingsAck, 0, 0) })
	return err
}

// errWindow is more than a window may be [RFC 9113 §6.9.1].
var errWindow = &MalformedError{"its window is larger than allowed"}

// maxWindow is the largest window.
const maxWindow = 1<<31 - 1

// widenStream lets the stream send more, unless its window is too large then. c.mu is
// held.
func (c *Conn) widenStream(s *Stream, by int64) (ok bool) {
	s.window += by
	if c.queueUpload(s) && c.window > 0 {
		c.startPump()
	}
	return s.window <= maxWindow
}

// widen obeys a WINDOW_UPDATE.
func (c *Conn) widen(f *http2.WindowUpdateFrame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastRead = c.readAt
	if f.StreamID != 0 {
		s := c.streams[f.StreamID]
		if s == nil {
			return c.checkID(f.StreamID)
		}
		if !c.widenStream(s, int64(f.Increment)) {
			c.abandon(s, errWindow.Why)
			s.refusal = http2.ErrCodeFlowControl
		}
		return nil
	}
	if c.window += int64(f.Increment); c.window > maxWindow {
		return errWindow
	}
	if len(c.uploads) > 0 && c.window > 0 {
		c.startPump()
	}
	return nil
}

func (c *Conn) pinged(f *http2.PingFrame) {
	c.mu.Lock()
	c.lastRead = c.readAt
	c.mu.Unlock()
	if data := f.Data; !f.IsAck() {
		c.control(func(b []byte) []byte {
			return append(appendFrame(b, http2.FramePing, http2.FlagPingAck, 0, 8), data[:]...)
		})
	}
}

// goAway retires the connection. The peer has not acted, and will not, on
// streams past the last that it names. One whose reply has begun was acted on,
// whatever the peer says now: the rest of its reply is waited for.
func (c *Conn) goAway(f *http2.GoAwayFrame) {
	text := string(bytes.ToValidUTF8(f.DebugData(), nil))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastRead = c.readAt
	c.accepted = c.accepted || f.LastStreamID > 0 && c.nextID > 1
	if f.ErrCode != http2.ErrCodeNo {
		c.goAwayErr = &GoAwayError{Code: f.ErrCode, Text: text}
	}
	for id, s := range c.streams {
		if id > f.LastStreamID && s.First == 0 {
			delete(c.streams, id)
			s.complete(c.readAt, &GoAwayError{Code: f.ErrCode, Text: text, Unprocessed: true})
		}
	}
	c.stopAccepting()
}
